"""Opening files: every kind that is read, everything that is refused and why, nothing that ends the process."""

import datetime as dt
import io
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from campaign.common.excel import reader
from campaign.common.excel.reader import MIB, Limits, WorkbookError, open_workbook
from campaign.common.excel.values import Raw
from tests.common.rosters import csv_of, ods, saved, table

pytestmark = pytest.mark.one_database

FIXTURES = Path(__file__).parent / "fixtures"
ROWS: list[list[object]] = [["姓名", "入党时间", "人数"], ["张三", "2003-07-18", 12]]


def every_row(content: bytes, limits: Limits | None = None) -> list[list[Raw]]:
    return [row for sheet in open_workbook(content, limits=limits).sheets for _number, row in sheet.rows()]


def sheet_xml(rows: str) -> bytes:
    start = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return f"{start}{rows}</sheetData></worksheet>".encode()


def refused(content: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(WorkbookError) as caught:
        every_row(content, limits)
    (problem,) = caught.value.problems()
    assert problem.text
    assert problem.advice
    return problem.code


def rezipped(content: bytes, name: str, data: bytes) -> bytes:
    """The same archive with one entry put in or replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info, old.read(info))
        new.writestr(name, data)
    return buffer.getvalue()


def test_xlsx_ods_and_csv_give_the_same_rows() -> None:
    books = [open_workbook(content) for content in (table(ROWS), ods(ROWS), csv_of(ROWS))]
    assert [book.kind for book in books] == ["xlsx", "ods", "csv"]
    read = [list(book.sheets[0].rows()) for book in books]
    assert read[0] == read[1] == [(1, ["姓名", "入党时间", "人数"]), (2, ["张三", "2003-07-18", 12.0])]
    assert read[2] == [(1, ["姓名", "入党时间", "人数"]), (2, ["张三", "2003-07-18", "12"])]


def test_row_numbers_and_columns_count_from_the_corner_of_the_sheet() -> None:
    shifted = [[], [], [None, None, "x", dt.date(2020, 1, 2)]]
    for content in (table(shifted), ods([[None], [None], shifted[2]])):
        assert list(open_workbook(content).sheets[0].rows())[2] == (3, ["", "", "x", dt.date(2020, 1, 2)])


def test_xls_is_read() -> None:
    book = open_workbook(FIXTURES / "roster.xls")
    rows = dict(book.sheets[0].rows())
    assert book.kind == "xls"
    assert rows[4] == ["", "姓 名", "入党时间", "联系电话"]
    assert rows[5] == ["", "张 三", dt.date(2003, 7, 18), 13304665439.0]
    assert book.sheets[0].merged == [((1, 1), (1, 3))]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_csv_in_the_encodings_that_offices_use(encoding: str) -> None:
    assert next(open_workbook(csv_of(ROWS, encoding)).sheets[0].rows()) == (1, ["姓名", "入党时间", "人数"])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_with_other_delimiters_and_lines_within_cells(delimiter: str) -> None:
    content = delimiter.join(["姓名", '"事迹\r\n第二行"', "备注"]) + "\n" + delimiter.join("abc")
    rows = list(open_workbook(content.encode()).sheets[0].rows())
    assert rows == [(1, ["姓名", "事迹\r\n第二行", "备注"]), (2, ["a", "b", "c"])]


def test_csv_guards_are_taken_off() -> None:
    rows = open_workbook(b"a,b,c,d\r\n=\"0123\",'=1+1,'90,\t-x\r\n").sheets[0].rows()
    assert list(rows)[1] == (2, ["0123", "=1+1", "'90", "-x"])


def test_an_upload_is_read_from_its_start() -> None:
    upload = SimpleUploadedFile("whatever.pdf", table(ROWS))
    upload.read()
    assert open_workbook(upload).kind == "xlsx"


def test_hidden_sheets_are_left_out() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "可见"
    book.create_sheet("隐藏").sheet_state = "hidden"
    assert [sheet.name for sheet in open_workbook(saved(book)).sheets] == ["可见"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.empty"),
        (b"\xef\xbb\xbf \r\n", "file.empty"),
        (b"PK\x03\x04 cut off", "file.broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "file.broken"),
        (b"<html><table><tr><td>x</td></tr></table></html>", "file.unknown"),
        (b"%PDF-1.7\x01\x02\x03", "file.unknown"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "file.unknown"),
        (b"\xff\xff\xff", "file.encoding"),
    ],
)
def test_what_is_no_workbook(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_a_document_of_another_kind_in_a_zip() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert refused(buffer.getvalue()) == "file.unknown"
    assert refused(rezipped(table(ROWS), "xl/workbook.bin", b"x")) == "file.unknown"


def test_a_password_is_told() -> None:
    assert refused((FIXTURES / "password.xlsx").read_bytes()) == "file.encrypted"


def test_a_damaged_sheet_is_told() -> None:
    content = table(ROWS)
    assert refused(content[: len(content) // 2]) == "file.broken"
    assert refused(rezipped(content, "xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row")) == "file.broken"


def test_too_large_a_file() -> None:
    content = table(ROWS)
    assert refused(content, Limits(sent=len(content) - 1)) == "file.too_large"
    assert open_workbook(content, limits=Limits(sent=len(content))).kind == "xlsx"
    assert refused(io.BytesIO(content).getvalue() + b"\0" * MIB, Limits(sent=MIB)) == "file.too_large"


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = rezipped(table(ROWS), "xl/media/image1.png", b"\0" * (8 * MIB))
    assert len(bomb) < MIB
    assert refused(bomb, Limits(unpacked=4 * MIB)) == "file.unpacks_too_large"
    assert open_workbook(bomb, limits=Limits(unpacked=16 * MIB)).kind == "xlsx"


def test_a_zip_bomb_that_lies_about_its_size_is_refused_too() -> None:
    honest = rezipped(table(ROWS), "xl/media/image1.png", b"\0" * (8 * MIB))
    small = struct.pack("<I", 1000)
    lying = honest.replace(struct.pack("<I", 8 * MIB), small)
    assert lying != honest
    assert refused(lying, Limits(unpacked=4 * MIB)) == "file.unpacks_too_large"
    assert refused(lying) == "file.broken"


@pytest.mark.parametrize("place", ["XFD1048576", "BA1048576", "XFD60000", "Q9999999"])
def test_a_stray_cell_far_away_does_not_end_the_process(place: str) -> None:
    near, far = '<row r="1"><c r="A1"><v>1</v></c></row>', f'<row r="9"><c r="{place}" s="0"><v>1</v></c></row>'
    sheet = sheet_xml(near + far)
    told = "file.too_long" if place.startswith("Q") else "file.spreads"
    assert refused(rezipped(table(ROWS), "xl/worksheets/sheet1.xml", sheet)) == told


def test_cells_that_are_only_formatted_far_away_do_no_harm() -> None:
    near = '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="0"/></row>'
    sheet = sheet_xml(near + '<row r="1048576"><c r="XFD1048576" s="0"/></row>')
    book = open_workbook(rezipped(table(ROWS), "xl/worksheets/sheet1.xml", sheet))
    assert list(book.sheets[0].rows()) == [(1, [1.0])]


def test_repeated_cells_of_ods_are_measured() -> None:
    cell = '<table:table-cell office:value-type="string" table:number-columns-repeated="{}"><text:p>x</text:p></table:table-cell>'
    row = '<table:table-row table:number-rows-repeated="{}">{}</table:table-row>'
    assert refused(ods(ROWS, last=row.format(1_000_000, cell.format(16_384)))) == "file.spreads"
    harmless = row.format(3, cell.format(2))
    assert len(list(open_workbook(ods(ROWS, last=harmless)).sheets[0].rows())) == 5


def test_entities_of_ods_are_not_unfolded() -> None:
    content = ods(ROWS)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("content.xml").decode()
    evil = xml.replace('<?xml version="1.0"?>', '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]>')
    assert refused(rezipped(content, "content.xml", evil.encode())) == "file.broken"


def test_the_marks_of_formulas_are_the_known_ones() -> None:
    assert set("=+-@\t\r") == reader.FORMULA_STARTS


def test_a_table_that_is_too_long_says_how_many_rows_are_read() -> None:
    limits = Limits(cells=26 * 1000)
    assert len(every_row(table([["姓名"]] * 1000), limits)) == 1000
    assert refused(table([["姓名"]] * 1001), limits) == "file.too_long"
    assert refused(csv_of([["姓名"]] * 1002), limits) == "file.too_long"
