"""Forms written: the conventions of 2-domain d.0 read back by openpyxl and calamine, exact figures, safe texts, same bytes."""

import csv
import datetime as dt
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine as calamine
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from campaign.common.excel.reader import open_workbook
from campaign.common.excel.schema import parse
from campaign.common.excel.sheet import (
    SIGNATURE,
    FormColumn,
    FormSheet,
    Kind,
    Row,
    Subtotal,
    file_name,
    sheet_name,
)
from campaign.common.excel.writer import write_csv, write_xlsx
from tests.common.rosters import COLUMNS, make_id

pytestmark = pytest.mark.one_database

MADE_AT = dt.datetime(2026, 10, 8, 2, 30, tzinfo=dt.UTC)
ROSTER = FormSheet(
    name="党员花名册",
    title="某某公司党员花名册",
    columns=(
        FormColumn("姓名", width=10),
        FormColumn("身份证号", Kind.CODE, width=20),
        FormColumn("出生年月", Kind.YEAR_MONTH),
        FormColumn("入党时间", Kind.DATE),
        FormColumn("是否一线", Kind.YES_NO),
        FormColumn("备注"),
    ),
    left="填报单位(盖章):某某公司",
    middle="统计时间:2026年1月1日—6月30日",
    right="填报日期:2026年10月8日",
    freeze=1,
    signature=SIGNATURE,
    notes=("注:1.本表由各党支部填写。",),
    provenance="系统导出,导出人:王某,导出时间:2026-10-08 10:30,口径:全部",
)
PEOPLE: list[Row] = [
    ("张三", make_id(dt.date(1975, 3, 9), 1), dt.date(1975, 3, 9), dt.date(2003, 7, 18), True, None),
    ("李四", make_id(dt.date(1980, 10, 1), 2), dt.date(1980, 10, 1), None, False, "借调"),
]
VOTES = FormSheet(
    name="群众评议汇总表",
    title="群众评议汇总表",
    columns=(
        FormColumn("评议项目", width=20),
        FormColumn("票数", Kind.INTEGER, group="满意", total=True),
        FormColumn("得票率%", Kind.HUNDREDTHS, group="满意"),
        FormColumn("票数", Kind.INTEGER, group="不满意", total=True),
        FormColumn("得票率", Kind.PERCENT, group="不满意"),
        FormColumn("项目得分", Kind.HUNDREDTHS, total=True),
    ),
    totals=(None, None, 9000, None, 1000, None),
)


def written(*sheets: tuple[FormSheet, Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    write_xlsx(buffer, sheets, made_at=MADE_AT, **options)
    return buffer.getvalue()


def sheet_of(content: bytes, place: int = 0) -> Worksheet:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[place]
    assert isinstance(sheet, Worksheet)
    return sheet


def values_of(sheet: Worksheet) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def midnight(year: int, month: int, day: int) -> dt.datetime:
    """A date cell as openpyxl reads it."""
    return dt.datetime.combine(dt.date(year, month, day), dt.time())


# -- the conventions -----------------------------------------------------------------------------------------------


def test_title_unit_line_and_heading() -> None:
    sheet = sheet_of(written((ROSTER, PEOPLE)))
    rows = values_of(sheet)
    assert rows[0][0] == "某某公司党员花名册"
    assert "A1:G1" in {str(merged) for merged in sheet.merged_cells.ranges}
    title = sheet["A1"]
    assert (title.font.name, title.font.size, title.alignment.horizontal) == ("方正小标宋简体", 18, "center")
    assert [value for value in rows[1] if value] == [ROSTER.left, ROSTER.middle, ROSTER.right]
    assert [cell.alignment.horizontal for cell in sheet[2] if cell.value] == ["left", "center", "right"]
    assert sheet["A2"].font.name == "仿宋"
    assert rows[2] == ["序号", "姓名", "身份证号", "出生年月", "入党时间", "是否一线", "备注"]
    for cell in sheet[3]:
        assert (cell.font.name, cell.font.size, cell.alignment.wrap_text) == ("黑体", 11, True)
        assert cell.border.left.style == cell.border.top.style == "thin"
        assert cell.fill.fill_type is None


def test_body_cells() -> None:
    sheet = sheet_of(written((ROSTER, PEOPLE)))
    rows = values_of(sheet)
    assert rows[3] == [1, "张三", PEOPLE[0][1], midnight(1975, 3, 9), midnight(2003, 7, 18), "是", "—"]
    assert rows[4] == [2, "李四", PEOPLE[1][1], midnight(1980, 10, 1), "—", "否", "借调"]
    first = sheet[4]
    assert [cell.number_format for cell in first[2:5]] == ["@", "yyyy.mm", "yyyy-mm-dd"]
    assert [cell.data_type for cell in first] == ["n", "s", "s", "d", "d", "s", "s"]
    assert [cell.alignment.horizontal for cell in first] == [
        "center",
        "left",
        "center",
        "center",
        "center",
        "center",
        "center",
    ]
    for cell in first:
        assert cell.font.name == "仿宋"
        assert cell.border.bottom.style == "thin"
    assert all((sheet.row_dimensions[row].height or 0) >= 20 for row in range(1, sheet.max_row + 1))


def test_signature_notes_and_provenance_stand_below() -> None:
    sheet = sheet_of(written((ROSTER, PEOPLE)))
    assert [row[0] for row in values_of(sheet)[5:]] == [SIGNATURE, ROSTER.notes[0], ROSTER.provenance]
    assert (sheet["A7"].font.name, sheet["A7"].font.size) == ("仿宋", 10)


def test_page_freeze_and_filter() -> None:
    sheet = sheet_of(written((ROSTER, PEOPLE)))
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.sheet_properties.pageSetUpPr is not None
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$3:$3"
    assert sheet.print_options.horizontalCentered
    assert sheet.oddFooter is not None
    assert sheet.oddFooter.center.text == "第 &P 页 共 &N 页"
    assert all(1.5 <= margin * 2.54 <= 2 for margin in (sheet.page_margins.left, sheet.page_margins.top))
    assert sheet.freeze_panes == "C4"
    assert sheet.auto_filter.ref == "A3:G5"


def test_a_heading_in_two_rows() -> None:
    sheet = sheet_of(written((VOTES, [("学习", 8, 8000, 2, 2000, 9000), ("服务", 10, 10_000, 0, 0, 10_000)])))
    merged = {str(merged) for merged in sheet.merged_cells.ranges}
    assert merged == {"A1:G1", "A2:A3", "B2:B3", "C2:D2", "E2:F2", "G2:G3", "A6:B6"}
    assert values_of(sheet)[1:3] == [
        ["序号", "评议项目", "满意", None, "不满意", None, "项目得分"],
        [None, None, "票数", "得票率%", "票数", "得票率", None],
    ]
    assert sheet.print_title_rows == "$2:$3"
    assert sheet.auto_filter.ref == "A3:G5"


def test_totals_are_sums_or_given_bold_and_outside_the_filter() -> None:
    rows: list[Row | Subtotal] = [
        ("学习", 8, 8000, 2, 2000, 9001),
        Subtotal((None, 99, None, 99, None, 99)),
        ("服务", 10, 10_000, None, 0, 10_002),
        ("没有", "未开展", None, 1, None, None),
    ]
    sheet = sheet_of(written((VOTES, rows)))
    body = values_of(sheet)[3:]
    assert body[1] == ["小计", "—", 99, "—", 99, "—", 0.99]
    assert [row[0] for row in body] == [1, "小计", 2, 3, "合计"]
    assert body[3] == [3, "没有", "未开展", "—", 1, "—", "—"]
    assert body[4] == ["合计", None, 18, 90, 3, 0.1, 190.03]
    assert sheet["C8"].font.bold
    assert sheet["D8"].number_format == "0.00"
    assert sheet["F8"].number_format == "0.00%"


def test_an_empty_form_says_so() -> None:
    sheet = sheet_of(written((ROSTER, [])))
    assert values_of(sheet)[3][0] == "无"
    assert "A4:G4" in {str(merged) for merged in sheet.merged_cells.ranges}
    assert values_of(sheet)[4][0] == SIGNATURE


def test_annex_mark_portrait_and_a3() -> None:
    sheet = sheet_of(
        written((replace(ROSTER, annex="附件1", landscape=False, paper_a3=True, left="", middle="", right=""), PEOPLE))
    )
    assert [row[0] for row in values_of(sheet)[:3]] == ["附件1", ROSTER.title, "序号"]
    assert sheet["A1"].font.name == "黑体"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("portrait", 8)


def test_long_texts_get_higher_rows() -> None:
    long = "负责创先争优活动办公室的日常联络工作。" * 8
    sheet = sheet_of(written((ROSTER, [(*PEOPLE[0][:5], "短"), (*PEOPLE[0][:5], long), (*PEOPLE[0][:5], long * 30)])))
    heights = [sheet.row_dimensions[row].height for row in (4, 5, 6)]
    assert heights[0] == 22
    assert 22 * 8 < heights[1] < 409
    assert heights[2] == 409
    assert sheet["G5"].alignment.wrap_text


def test_calamine_reads_the_same() -> None:
    content = written((ROSTER, PEOPLE))
    rows = calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[3] == [1.0, "张三", PEOPLE[0][1], dt.date(1975, 3, 9), dt.date(2003, 7, 18), "是", "—"]
    assert rows[2] == ["序号", "姓名", "身份证号", "出生年月", "入党时间", "是否一线", "备注"]


def test_an_exported_roster_can_be_imported() -> None:
    columns = (
        *ROSTER.columns[:2],
        FormColumn("性别"),
        FormColumn("人员类别"),
        FormColumn("所在党组织", width=20),
        *ROSTER.columns[3:5],
    )
    rows = [(row[0], row[1], "男", "正式党员", "机电车间党支部", dt.date(2003, 7, 18), row[4]) for row in PEOPLE]
    found = parse(open_workbook(written((replace(ROSTER, columns=columns, freeze=1), rows))), COLUMNS)
    assert [(row["name"], row["id_number"], row["front_line"]) for row in found] == [
        ("张三", PEOPLE[0][1], True),
        ("李四", PEOPLE[1][1], False),
    ]
    assert not found.problems


# -- exactness and safety ------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=20))
def test_figures_are_exact_to_the_hundredth(figures: list[int]) -> None:
    columns = (
        FormColumn("分", Kind.HUNDREDTHS, total=True),
        FormColumn("率", Kind.PERCENT),
        FormColumn("数", Kind.INTEGER),
    )
    content = written(
        (FormSheet("分", "分", columns, sequence=False), [(figure, figure, figure) for figure in figures])
    )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    for figure in [*figures, sum(figures)]:
        sign = "-" if figure < 0 else ""
        whole, part = divmod(abs(figure), 100)
        assert f"<v>{sign}{whole}.{part:02d}</v>" in xml
    read = values_of(sheet_of(content))[2:]
    assert [row[2] for row in read[: len(figures)]] == figures


DANGEROUS = ["=1+1", "+1", "-1", "@外派", "\t=1", '=HYPERLINK("http://x")', "<b>&amp;", "'quoted", " blanks "]


@pytest.mark.parametrize("text", DANGEROUS)
def test_text_never_becomes_a_formula(text: str) -> None:
    form = replace(ROSTER, title=text, left=text, notes=(text,), signature=text, provenance=text)
    content = written((form, [(text, text, text, text, text, text)]))
    sheet = sheet_of(content)
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"n", "s"}
    assert [cell.value for cell in sheet[4][1:]] == [text] * 6
    assert sheet["A1"].value == text
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_any_text_can_be_written_and_read(text: str) -> None:
    content = written((FormSheet("表", "表", (FormColumn("文"),)), [(text,)]))
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(letter for letter in lines if letter in "\t\n" or letter >= " ")
    kept = "".join(letter for letter in kept if letter not in "\x7f\ufffe\uffff")
    assert (sheet_of(content)["B3"].value or "") == (kept if text else "—")
    calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def test_a_text_is_cut_at_what_a_cell_can_hold() -> None:
    content = written((FormSheet("表", "表", (FormColumn("文"),)), [("长" * 40_000,)]))
    value = sheet_of(content)["B3"].value
    assert isinstance(value, str)
    assert len(value) == 32_767
    assert value.endswith("…")


def test_days_that_excel_counts_wrong_are_texts() -> None:
    form = FormSheet("表", "表", (FormColumn("日", Kind.DATE),))
    rows = values_of(sheet_of(written((form, [(dt.date(1899, 5, 1),), (dt.date(1900, 3, 1),)]))))
    assert [row[1] for row in rows[2:]] == ["1899-05-01", midnight(1900, 3, 1)]


def test_a_row_of_the_wrong_length_is_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        written((ROSTER, [("张三",)]))


# -- many rows, same bytes, progress -------------------------------------------------------------------------------


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    first = written((ROSTER, PEOPLE), (VOTES, []))
    assert first == written((ROSTER, iter(PEOPLE)), (VOTES, iter([])))
    write_xlsx(tmp_path / "form.xlsx", [(ROSTER, PEOPLE), (VOTES, [])], made_at=MADE_AT)
    assert (tmp_path / "form.xlsx").read_bytes() == first
    properties = openpyxl.load_workbook(io.BytesIO(first)).properties
    assert properties.created == properties.modified == MADE_AT.replace(tzinfo=None)


def test_rows_that_do_not_fit_go_on_on_further_sheets() -> None:
    form = FormSheet("表", "表", (FormColumn("名"), FormColumn("数", Kind.INTEGER, total=True)), signature=SIGNATURE)
    content = written((form, [(f"第{number}", number) for number in range(1, 6)]), rows_per_sheet=2)
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["表", "表(2)", "表(3)"]
    numbers = [[row[0].value for row in book[name].iter_rows(min_row=3)] for name in book.sheetnames]
    assert numbers == [[1, 2], [3, 4], [5, "合计", SIGNATURE]]
    assert book["表(3)"]["C4"].value == 15
    assert book["表"].auto_filter.ref == "A2:C4"


def test_as_many_rows_as_fit_stay_on_one_sheet() -> None:
    form = FormSheet("表", "表", (FormColumn("名"),))
    content = written((form, [("a",), ("b",)]), rows_per_sheet=2)
    assert openpyxl.load_workbook(io.BytesIO(content)).sheetnames == ["表"]


def test_progress_is_told_and_may_stop_the_writing() -> None:
    told: list[int] = []
    rows = [("x",)] * 1200
    written((FormSheet("表", "表", (FormColumn("名"),)), rows), progress=told.append)
    assert told == [500, 1000, 1200]

    def stop(done: int) -> None:
        raise InterruptedError(done)

    with pytest.raises(InterruptedError):
        written((FormSheet("表", "表", (FormColumn("名"),)), rows), progress=stop)


# -- csv and names -------------------------------------------------------------------------------------------------


def test_csv_of_the_same_definition() -> None:
    buffer = io.BytesIO()
    assert write_csv(buffer, ROSTER, [*PEOPLE, Subtotal((None,) * 6)]) == 2
    content = buffer.getvalue()
    assert content.startswith("\ufeff序号,姓名".encode())
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[1] == ["1", "张三", f"\t{PEOPLE[0][1]}", "1975-03", "2003-07-18", "是", ""]
    assert len(rows) == 3


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_csv_texts_are_guarded_and_read_back(text: str) -> None:
    buffer = io.BytesIO()
    write_csv(buffer, FormSheet("表", "表", (FormColumn("文"), FormColumn("分", Kind.HUNDREDTHS))), [(text, -5)])
    (row,) = list(csv.reader(io.StringIO(buffer.getvalue().decode("utf-8-sig"))))[1:]
    assert row == ["1", f"'{text}", "-0.05"]
    assert list(open_workbook(buffer.getvalue()).sheets[0].rows())[1][1][1] == text


def test_csv_headings_carry_their_group() -> None:
    buffer = io.BytesIO()
    write_csv(buffer, VOTES, [("学习", 8, 8000, 2, 2000, 9000)])
    rows = list(csv.reader(io.StringIO(buffer.getvalue().decode("utf-8-sig"))))
    assert rows == [
        ["序号", "评议项目", "满意票数", "满意得票率%", "不满意票数", "不满意得票率", "项目得分"],
        ["1", "学习", "8", "80.00", "2", "20.00%", "90.00"],
    ]


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("某某公司", "党员花名册", "2026H1"), "某某公司_党员花名册_2026H1_20261008.xlsx"),
        (("某某公司", "党员花名册", ""), "某某公司_党员花名册_20261008.xlsx"),
        (("../某 某/公司", "表:名?", "2026\n上半年"), "某某公司_表名_2026上半年_20261008.xlsx"),
        (("", "表", ""), "表_20261008.xlsx"),
    ],
)
def test_file_names(parts: tuple[str, str, str], name: str) -> None:
    assert file_name(*parts, dt.date(2026, 10, 8)) == name


@settings(deadline=None)
@given(st.text(), st.text(max_size=20), st.text(max_size=10))
def test_file_names_are_safe_anywhere(unit: str, form: str, period: str) -> None:
    name = file_name(unit, form, period, dt.date(2026, 10, 8), "csv")
    assert not set(name) & set('\\/:*?"<>|\r\n\t\0')
    assert not name.startswith((".", " "))
    assert name.endswith("20261008.csv")
    assert len(file_name(unit * 50, "表", "", dt.date(2026, 10, 8)).encode()) <= 200


def test_sheet_names() -> None:
    assert sheet_name("党员/花名册[1]:*?") == "党员花名册1"
    assert len(sheet_name("长" * 40)) == 31
    assert sheet_name("表", ["表", "表(2)"]) == "表(3)"
    assert sheet_name("长" * 40, ["长" * 31]) == "长" * 28 + "(2)"
    assert sheet_name("''") == "Sheet"
