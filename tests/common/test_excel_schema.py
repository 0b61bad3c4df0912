"""Tables: found wherever they stand and whatever their headings are called; every row counted, every mistake placed."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import time_machine

from campaign.common.excel.problems import Category
from campaign.common.excel.reader import open_workbook
from campaign.common.excel.schema import Column, ParsedTable, parse
from campaign.common.excel.values import CHOICE_UNKNOWN, date, label, person_name, phone
from tests.common.rosters import COLUMNS, HEADINGS, TODAY, csv_of, make_id, ods, people, roster, saved, table

pytestmark = pytest.mark.one_database

FEW = (
    Column("name", "姓名", required=True, converter=person_name()),
    Column("joined_on", "入党时间", aliases=("入党日期",), required=True, converter=date()),
    Column("phone", "联系电话", aliases=("手机",), converter=phone(), personal=True),
)


@pytest.fixture(autouse=True)
def _the_day() -> Iterator[None]:
    with time_machine.travel(dt.datetime.combine(TODAY, dt.time(4), dt.UTC), tick=False):
        yield


def read(content: bytes | Path, columns: tuple[Column, ...] = FEW) -> tuple[list[dict[str, Any]], ParsedTable]:
    found = parse(open_workbook(content), columns)
    return [row.values for row in found], found


def codes(found: ParsedTable) -> list[str]:
    return [problem.code for problem in found.problems]


def names(content: bytes, columns: tuple[Column, ...] = FEW) -> list[str]:
    rows, found = read(content, columns)
    assert codes(found) == []
    return [row["name"] for row in rows]


HEAD = ["序号", "姓名", "入党时间", "联系电话"]
ZHANG = [1, "张三", "2003-07-18", "13304665439"]
LI = [2, "李四", "2004-07-18", None]


def test_a_roster_of_good_rows_comes_in_whole() -> None:
    rows, found = read(roster(people(60)), COLUMNS)
    assert codes(found) == []
    assert [ignored.header for ignored in found.ignored] == ["备注"]
    assert len(rows) == 60
    assert rows[0]["name"] == "欧阳娜乙"
    assert {row["ethnic"] for row in rows} == {"汉族", "回族"}
    assert {row["kind"] for row in rows} == {"full"}
    assert {row["organization"] for row in rows} == {"机电车间党支部", "选矿车间党支部"}
    assert {row["front_line"] for row in rows} == {True, False}
    assert all(len(row["phone"]) == 11 for row in rows)
    born = [dt.date(1960, 1, 1) + dt.timedelta(days=97 * number % 14_000) for number in range(1, 61)]
    assert [row["born"] for row in rows] == born


def test_the_same_roster_in_ods_and_csv() -> None:
    good = [list(HEADINGS), *people(12)]
    expected, _found = read(table(good), COLUMNS)
    as_text = [[str(cell.date()) if isinstance(cell, dt.datetime) else cell for cell in row] for row in good]
    for content in (ods(good), csv_of(as_text), csv_of(as_text, "gb18030")):
        rows, found = read(content, COLUMNS)
        assert codes(found) == []
        assert rows == expected


def test_xls() -> None:
    rows, found = read(Path(__file__).parent / "fixtures" / "roster.xls")
    assert codes(found) == []
    assert [(row["name"], row["phone"]) for row in rows] == [("张三", "13304665439"), ("李四", "13402720815")]


def test_every_mistake_is_placed_by_sheet_row_column_and_value() -> None:
    rows = people(8)
    rows[0][5] = rows[0][5][:17] + ("1" if rows[0][5][17] != "1" else "2")
    rows[1][1] = None
    rows[2][6] = "2031-01-01"
    rows[3][7] = "1990.13.01"
    rows[4][5] = 1.10105196712016e17
    rows[5][8] = "群众代表"
    read_rows, found = read(roster(rows), COLUMNS)
    assert len(read_rows) == 8
    placed = [(problem.code, problem.row, problem.column, problem.header) for problem in found.problems]
    assert placed == [
        ("id.check_digit", 5, "F", "身份证号"),
        ("cell.missing", 6, "B", "姓\u3000名".replace("\u3000", " ")),
        ("date.future", 7, "G", "入党时间"),
        ("date.impossible", 8, "H", "转正时间"),
        ("id.as_number", 9, "F", "身份证号"),
        ("choice.unknown", 10, "I", "人员类别"),
    ]
    assert {problem.sheet for problem in found.problems} == {"党员花名册"}
    assert found.problems.by_category() == {
        Category.FORMAT: 3,
        Category.MISSING: 1,
        Category.RULE: 1,
        Category.UNKNOWN: 1,
    }


def test_personal_values_are_masked_in_what_is_kept() -> None:
    rows = people(1)
    rows[0][5] = "110105197001021234"
    rows[0][10] = "133046654399"
    _rows, found = read(roster(rows), COLUMNS)
    assert [problem.value for problem in found.problems] == ["110105********1234", "133*****4399"]
    assert "19700102" not in str(found.problems.as_json())
    assert "133046654399" not in str(found.problems.as_json())


def test_a_row_knows_which_of_its_cells_are_wrong_and_importers_add_to_the_list() -> None:
    found = parse(open_workbook(roster([people(1)[0], [*people(2)[1][:4], "x", *people(2)[1][5:]]])), COLUMNS)
    for row in found:
        if row.number == 6:
            assert "born" not in row
            assert row["born"] is None
            assert "name" in row
        if "organization" in row:
            found.report(row, "organization", CHOICE_UNKNOWN, allowed="甲")
            found.report(row, "id_number", CHOICE_UNKNOWN, allowed="乙")
    first = [problem for problem in found.problems if problem.row == 5]
    assert [(problem.column, problem.header) for problem in first] == [("J", "所在党组织"), ("F", "身份证号")]
    assert first[0].value == "选矿车间党支部"
    assert first[1].value == make_id(dt.date(1960, 4, 7), 101)[:6] + "********" + make_id(dt.date(1960, 4, 7), 101)[-4:]


# -- headings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        HEAD,
        ["序号", "姓 名", "入党\n时间", "联系电话(手机)"],
        ["No.", "*姓名", "入党日期", "手机"],
        ["编号", "姓　名:", "入党时间(年月日)", "联系电话【必填】"],
    ],
)
def test_headings_in_other_words(head: list[str]) -> None:
    rows, found = read(table([["某某公司党员名册"], [], head, ZHANG]))
    assert codes(found) == []
    assert found.ignored == []
    assert rows == [{"name": "张三", "joined_on": dt.date(2003, 7, 18), "phone": "13304665439"}]


def test_a_heading_in_two_lines_with_groups() -> None:
    columns = (
        *FEW[:1],
        Column("joined_on", "入党时间", required=True, converter=date()),
        Column("full_on", "转正时间", converter=date()),
    )
    content = table(
        [
            ["名册"],
            ["序号", "姓名", "入党", None],
            [None, None, "时间", "转正时间"],
            [1, "张三", "2003-07-18", "2004-07-18"],
        ]
    )
    rows, found = read(content, columns)
    assert codes(found) == []
    assert rows == [{"name": "张三", "joined_on": dt.date(2003, 7, 18), "full_on": dt.date(2004, 7, 18)}]
    assert found.headings["Sheet"].last_row == 3


def test_numbers_of_columns_under_the_heading_are_no_record() -> None:
    assert names(table([HEAD, ["甲", 1, 2, 3], ZHANG])) == ["张三"]


def test_no_heading() -> None:
    rows, found = read(table([["通知"], ["各党支部:"], ["请于月底前报送。"]]))
    assert rows == []
    assert codes(found) == ["table.no_heading"]
    assert "姓名、入党时间" in next(iter(found.problems)).text


def test_a_missing_column_is_named_and_no_row_is_read() -> None:
    rows, found = read(table([["序号", "姓名", "联系电话"], [1, "张三", "1"]]))
    assert rows == []
    assert [(problem.code, problem.header, problem.row) for problem in found.problems] == [
        ("table.column_missing", "入党时间", 1)
    ]


def test_an_expected_column_may_be_blank_but_not_missing() -> None:
    columns = (FEW[0], Column("parent", "上级党组织", converter=label(), expected=True))
    assert read(table([["姓名", "上级党组织"], ["张三", None]]), columns)[0] == [{"name": "张三", "parent": ""}]
    assert codes(read(table([["姓名", "入党时间", "x"], ["张三", None, None]]), columns)[1]) == ["table.no_heading"]
    assert codes(read(table([["姓名", "上级"], ["张三", None]]), (*columns, FEW[2]))[1]) == ["table.no_heading"]


def test_a_column_that_stands_twice_is_an_error_unless_one_bears_its_own_name() -> None:
    rows, found = read(table([["姓名", "入党时间", "入党时间"], ["张三", "2003-07-18", "2003-07-18"]]))
    assert rows == []
    assert [(problem.code, dict(problem.params)) for problem in found.problems] == [
        ("table.column_twice", {"columns": "B、C"})
    ]
    rows, found = read(table([["姓名", "入党日期", "入党时间"], ["张三", "bad", "2003-07-18"]]))
    assert codes(found) == []
    assert [(ignored.column, ignored.header) for ignored in found.ignored] == [("B", "入党日期")]


def test_columns_that_nobody_asked_for_are_listed_but_numbering_is_not() -> None:
    _rows, found = read(table([["序号", "姓名", "年龄", "入党时间", "问题说明"], [1, "张三", 50, "2003-07-18", None]]))
    assert [(ignored.sheet, ignored.column, ignored.header) for ignored in found.ignored] == [("Sheet", "C", "年龄")]
    assert not found.has("phone")
    assert found.has("name")


# -- what stands under and between the records ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "below",
    [
        ["单位负责人:        审核人:        填表人:        联系电话:"],
        ["注:1.本表由各党支部填写。2.身份证号为文本格式。"],
        ["填表人:王某", None, "填表日期:2026年10月8日"],
        ["备注:以上均为在册党员"],
        [None, "填表说明:请勿改动表头"],
        ["单位负责人(签字):", "王某", None, "13304665439"],
        ["合计", 2],
        ["合 计", "2人", None, "2"],
        [None, "总计", "2"],
        ["系统导出,导出人:王某"],
        [3],
        [None, None, None, "—"],
    ],
)
def test_lines_under_the_table_are_no_records(below: list[Any]) -> None:
    assert names(table([HEAD, ZHANG, LI, [], below])) == ["张三", "李四"]


def test_subtotals_blank_rows_and_headings_again_do_not_end_the_table() -> None:
    content = table([HEAD, ZHANG, ["小计", 1], [], ["第二党支部"], HEAD, LI, ["注:完"], ["2.另一条说明"]])
    assert names(content) == ["张三", "李四"]


def test_records_after_a_note_are_not_lost() -> None:
    assert names(table([HEAD, ZHANG, ["注:以下为新增"], LI])) == ["张三", "李四"]


def test_a_record_with_gaps_is_a_record() -> None:
    rows, found = read(table([HEAD, [1, "张三", None, "13304665439"], [2, None, "2004-07-18", None]]))
    assert len(rows) == 2
    assert [(problem.code, problem.row, problem.column) for problem in found.problems] == [
        ("cell.missing", 2, "C"),
        ("cell.missing", 3, "B"),
    ]


def test_a_long_line_that_is_no_known_note_is_passed_over_with_a_warning() -> None:
    rows, found = read(table([HEAD, ZHANG, [None, "经支部党员大会讨论一致通过。"]]))
    assert len(rows) == 1
    assert found.problems.errors == []
    assert [(problem.code, problem.row) for problem in found.problems.warnings] == [("table.line_passed", 3)]


def test_a_heading_without_rows() -> None:
    rows, found = read(table([HEAD, [], ["注:无"]]))
    assert rows == []
    assert codes(found) == ["table.no_rows"]


def test_a_cell_merged_over_several_rows_belongs_to_each_of_them() -> None:
    columns = (*FEW[:2], Column("organization", "党支部", required=True, converter=label()))
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    rows = [
        ["党支部", "姓名", "入党时间"],
        ["一支部", "张三", "2003-07-18"],
        [None, "李四", "2004-07-18"],
        [],
        ["二支部", "王五", "2005-07-18"],
    ]
    for row in [*rows, [None, "赵六", "2006-07-18"]]:
        sheet.append(row)
    sheet.merge_cells("A2:A4")
    read_rows, found = read(saved(book), columns)
    assert [row["organization"] for row in read_rows] == ["一支部", "一支部", "二支部", ""]
    assert [(problem.code, problem.row) for problem in found.problems] == [("cell.missing", 6)]


# -- sheets --------------------------------------------------------------------------------------------------------


def test_a_table_per_sheet_is_read_sheet_by_sheet() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["说明:每个支部一张表"])
    for title, row in (("一支部", ZHANG), ("二支部", LI)):
        sheet = book.create_sheet(title)
        sheet.append(HEAD)
        sheet.append(row)
    found = parse(open_workbook(saved(book)), FEW)
    assert [(row.sheet, row.number, row["name"]) for row in found] == [("一支部", 2, "张三"), ("二支部", 2, "李四")]
    assert codes(found) == []


def test_rows_are_read_one_by_one() -> None:
    found = parse(open_workbook(roster(people(50))), COLUMNS)
    assert next(iter(found)).number == 5
    assert len(list(found)) == 49
