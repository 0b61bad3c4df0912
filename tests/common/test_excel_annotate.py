"""The workbook that goes back: the sender's own cells, every mistake marked and listed, nothing that runs."""

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import time_machine
from django.utils import translation
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from campaign.common.excel import annotate as module
from campaign.common.excel.annotate import LIST_SHEET, annotate
from campaign.common.excel.problems import ProblemList
from campaign.common.excel.reader import open_workbook
from campaign.common.excel.schema import parse
from campaign.common.excel.values import CHOICE_UNKNOWN
from tests.common.rosters import COLUMNS, HEADINGS, csv_of, ods, people, roster, table

pytestmark = pytest.mark.one_database

MADE_AT = dt.datetime(2026, 10, 8, 2, tzinfo=dt.UTC)


def bad_people() -> list[list[Any]]:
    rows = people(6)
    rows[0][1] = None
    rows[1][6] = "2031-01-01"
    rows[1][8] = "群众代表"
    rows[3][9] = rows[4][9] = "机电分厂党支部"
    rows[5][12] = "=1+1"
    return rows


def annotated(content: bytes) -> tuple[bytes, ProblemList]:
    workbook = open_workbook(content)
    found = parse(workbook, COLUMNS)
    for row in found:
        if row["organization"] == "机电分厂党支部":
            found.report(row, "organization", CHOICE_UNKNOWN, allowed="机电车间党支部")
    buffer = io.BytesIO()
    heading_rows = {name: heading.last_row for name, heading in found.headings.items()}
    with translation.override("zh-hans"):
        annotate(workbook, found.problems, buffer, made_at=MADE_AT, heading_rows=heading_rows)
    return buffer.getvalue(), found.problems


def opened(content: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def column_of(sheet: Worksheet, heading: str, row: int) -> int:
    return next(int(cell.column) for cell in sheet[row] if cell.value == heading)


@pytest.fixture(autouse=True)
def _the_day() -> Any:
    with time_machine.travel(MADE_AT, tick=False):
        yield


@pytest.fixture(params=["in place", "rebuilt", "ods", "csv"])
def returned(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[Worksheet, Workbook]:
    """The annotated roster and its book; heading in row 4 of the xlsx, so that all kinds have the same rows."""
    above: list[list[Any]] = [[None], ["党员花名册"], ["填报单位"]]
    if request.param == "rebuilt":
        monkeypatch.setattr(module, "EDITED_IN_PLACE_UP_TO", 0)
    plain: list[list[Any]] = [list(HEADINGS), *bad_people()]
    as_text = [[str(cell.date()) if isinstance(cell, dt.datetime) else cell for cell in row] for row in plain]
    content = {
        "ods": lambda: ods([*above, *plain]),
        "csv": lambda: csv_of([*above, *as_text]),
    }.get(request.param, lambda: roster(bad_people()))()
    book = opened(annotated(content)[0])
    return book.worksheets[1], book


def test_bad_cells_are_coloured_and_commented_and_good_ones_left(returned: tuple[Worksheet, Workbook]) -> None:
    sheet, _book = returned
    marked = {cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment}
    assert set(marked) == {"B5", "G6", "I6", "J8", "J9"}
    assert marked["G6"] == "日期晚于今天。请核对年份。"
    filled = {cell.coordinate for row in sheet.iter_rows() for cell in row if cell.fill.fill_type == "solid"}
    assert filled == set(marked)


def test_each_bad_row_has_its_remark(returned: tuple[Worksheet, Workbook]) -> None:
    sheet, _book = returned
    place = column_of(sheet, "问题说明", 4)
    assert place == len(HEADINGS) + 1
    remarks = {row: sheet.cell(row, place).value for row in range(1, sheet.max_row + 1) if sheet.cell(row, place).value}
    assert set(remarks) == {4, 5, 6, 8, 9}
    assert remarks[6] == (
        "【入党时间】日期晚于今天。请核对年份。\n【人员类别】“群众代表”不在可填范围内。可填：正式党员、预备党员。"
    )


def test_the_list_in_front_folds_and_leads_to_the_cells(returned: tuple[Worksheet, Workbook]) -> None:
    sheet, book = returned
    listed = book.worksheets[0]
    assert book.active is listed
    assert listed.title == LIST_SHEET
    rows = [[cell.value for cell in row] for row in listed.iter_rows(min_row=2)]
    assert [row[2:5] for row in rows] == [
        ["5", "B", "姓 名"],
        ["6", "G", "入党时间"],
        ["6", "I", "人员类别"],
        ["8–9", "J", "所在党组织"],
    ]
    assert rows[3][5:] == ["机电分厂党支部", "错误", "“机电分厂党支部”不在可填范围内。", "可填：机电车间党支部。"]
    link = listed["C5"].hyperlink
    assert link is not None
    assert link.location == f"'{sheet.title}'!J8"
    assert link.ref == "C5"


def test_what_was_sent_stays(returned: tuple[Worksheet, Workbook]) -> None:
    sheet, _book = returned
    for sent, row in zip(bad_people(), sheet.iter_rows(min_row=5), strict=False):
        got = [cell.value for cell in row][: len(sent)]
        for before, after in zip(sent, got, strict=True):
            same_day = isinstance(before, dt.datetime) and str(before.date()) in str(after)
            formula = before == "=1+1" and after is None  # stored without a value, a rebuilt file cannot know it
            assert same_day or formula or str(after) == str(before), (before, after)


def test_nothing_in_it_is_a_formula(returned: tuple[Worksheet, Workbook]) -> None:
    _sheet, book = returned
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert {cell.data_type for cell in cells if cell.value == "=1+1"} <= {"s"}


def test_it_reads_back_with_the_same_mistakes_and_no_more(returned: tuple[Worksheet, Workbook]) -> None:
    _sheet, book = returned
    buffer = io.BytesIO()
    book.save(buffer)
    found = parse(open_workbook(buffer.getvalue()), COLUMNS)
    assert len(list(found)) == 6
    assert [(problem.code, problem.row) for problem in found.problems] == [
        ("cell.missing", 5),
        ("date.future", 6),
        ("choice.unknown", 6),
    ]
    assert [ignored.header for ignored in found.ignored] == ["备注"]


def test_marks_of_an_earlier_round_are_gone_once_the_cells_are_mended() -> None:
    book = opened(annotated(roster(bad_people()))[0])
    book.worksheets[1]["B5"] = "张三"
    buffer = io.BytesIO()
    book.save(buffer)
    again = opened(annotated(buffer.getvalue())[0])
    sheet = again.worksheets[1]
    assert [sheet.title for sheet in again.worksheets] == [LIST_SHEET, "党员花名册", "说明"]
    assert sheet["B5"].comment is None
    assert sheet["B5"].fill.fill_type is None
    assert sheet["G6"].comment is not None
    assert sheet.max_column == len(HEADINGS) + 1
    assert sheet.cell(5, len(HEADINGS) + 1).value is None


def test_a_formula_without_a_value_comes_back_as_its_text() -> None:
    sheet = opened(annotated(roster(bad_people()))[0]).worksheets[1]
    assert (sheet["M10"].value, sheet["M10"].data_type) == ("=1+1", "s")


def test_formulas_come_back_as_the_values_that_were_read() -> None:
    content = roster(bad_people())
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                data = data.replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
            new.writestr(name, data)
    sheet = opened(annotated(buffer.getvalue())[0]).worksheets[1]
    assert sheet["M10"].value == 2
    assert sheet["M10"].data_type == "n"


def test_the_sender_s_layout_stays_in_an_xlsx() -> None:
    sheet = opened(annotated(roster(bad_people()))[0]).worksheets[1]
    assert [str(merged) for merged in sheet.merged_cells.ranges] == ["A1:M1"]
    assert sheet["A2"].value == "党员花名册"


def test_a_file_without_a_heading_goes_back_with_its_list() -> None:
    book = opened(annotated(table([["通知"], ["请报送"]], sheet="通知"))[0])
    assert [sheet.title for sheet in book.worksheets] == [LIST_SHEET, "通知"]
    assert "没有找到表头" in str(book.worksheets[0]["H2"].value)


def test_the_same_problems_give_the_same_bytes(tmp_path: Path) -> None:
    workbook = open_workbook(roster(bad_people()))
    found = parse(workbook, COLUMNS)
    list(found)
    for name in ("a", "b"):
        annotate(workbook, found.problems, tmp_path / name, made_at=MADE_AT)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
