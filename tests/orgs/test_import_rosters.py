"""Rosters as other offices send them: read as they were meant, or refused with one clear message; never half stored."""

import datetime as dt
import io
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from campaign.common.errors import DomainError
from campaign.common.excel.reader import Limits, WorkbookError, open_workbook
from orgs.models import Enrolment, Member
from orgs.services.imports import plan_of, plan_store
from tests.common.rosters import csv_of, ods
from tests.orgs.books import id_number
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
ONE, TWO = "东山公司采掘一区党支部", "东山公司采掘二区党支部"
HEAD = ["姓名", "性别", "身份证号", "入党时间", "所在党组织", "联系电话"]


def row(number: int, **changes: Any) -> list[Any]:
    """A good row in the order of HEAD."""
    good = {
        "姓名": f"王{'一二三四五六七八九'[number % 9]}",
        "性别": "男",
        "身份证号": id_number(number),
        "入党时间": "2005-07-01",
        "所在党组织": ONE,
        "联系电话": f"1330000{number:04d}",
    }
    return list({**good, **changes}.values())


def book(*rows: list[Any], change: Callable[[Any], None] | None = None, title: str = "Sheet1") -> bytes:
    workbook = Workbook()
    sheet: Any = workbook.active
    sheet.title = title
    for cells in rows:
        sheet.append(cells)
    if change is not None:
        change(workbook)
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


def stored(source: bytes) -> list[Member]:
    """Store a file that must be good, and return the new members in the order of the file."""
    plan = plan_of(kind="members", source=source, actor=None, base=None)
    assert [str(fold) for fold in plan.problems.folded() if fold.problem.is_error] == []
    last = Member.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    plan_store(kind="members", plan=plan, actor=None)
    made = list(Member.objects.filter(pk__gt=last).select_related("organization").order_by("pk"))
    assert Enrolment.objects.filter(member__in=made, ends_on=None).count() == len(made)
    return made


def refused(source: bytes) -> list[tuple[str, int]]:
    """(code, how many rows) of the mistakes of a file that must be refused; nothing is stored."""
    plan = plan_of(kind="members", source=source, actor=None, base=None)
    before = list(Member.objects.order_by("pk").values())
    with pytest.raises(DomainError):
        plan_store(kind="members", plan=plan, actor=None)
    assert list(Member.objects.order_by("pk").values()) == before
    return [(fold.problem.code, len(fold.rows)) for fold in plan.problems.folded() if fold.problem.is_error]


# -- where the table stands ----------------------------------------------------------------------------------------


def test_a_table_that_begins_in_column_c_below_many_lines(world: World) -> None:
    shifted = [["", "", *cells] for cells in (HEAD, row(1), row(2))]
    assert len(stored(book(["附件1"], [], ["某公司党员花名册"], *[[] for _line in range(20)], *shifted))) == 2


def test_a_heading_in_two_rows_with_merged_groups(world: World) -> None:
    upper = ["姓名", "性别", "身份证号", "党内情况", "", "联系电话"]
    lower = ["", "", "", "入党时间", "所在党组织", ""]

    def merge(workbook: Any) -> None:
        sheet = workbook.active
        for name in ("A2:A3", "B2:B3", "C2:C3", "D2:E2", "F2:F3"):
            sheet.merge_cells(name)

    (member,) = stored(book(["花名册"], upper, lower, row(1), change=merge))
    assert (member.joined_on, member.organization.name) == (dt.date(2005, 7, 1), ONE)


def test_a_sheet_for_each_branch_with_the_branch_in_its_name_or_title(world: World) -> None:
    head, cells = HEAD[:4], [row(number)[:4] for number in range(1, 5)]

    def more(workbook: Any) -> None:
        titled = workbook.create_sheet("第二张")
        for line in ([f"{TWO}党员花名册"], ["填报日期：2026年"], head, cells[2]):
            titled.append(line)
        united = workbook.create_sheet("第三张")
        for line in (["党员名册"], [f"填报单位（盖章）：{TWO}", "", "2026年10月8日"], head, cells[3]):
            united.append(line)
        workbook.create_sheet("汇总").append(["支部", "人数"])

    made = stored(book(head, cells[0], cells[1], change=more, title=ONE))
    assert [member.organization.name for member in made] == [ONE, ONE, TWO, TWO]


def test_a_sheet_that_names_no_branch_anywhere_is_told_once(world: World) -> None:
    assert refused(book(["党员花名册"], HEAD[:4], row(1)[:4], row(2)[:4])) == [("table.column_missing", 1)]


def test_the_branch_merged_down_or_written_once_with_ditto_marks(world: World) -> None:
    def merge(workbook: Any) -> None:
        workbook.active.merge_cells("E2:E4")

    blank = {"所在党组织": None}
    made = stored(book(HEAD, row(1), row(2, **blank), row(3, **blank), row(4, 所在党组织=TWO), change=merge))
    assert [member.organization.name for member in made] == [ONE, ONE, ONE, TWO]
    made = stored(book(HEAD, row(5, 所在党组织=TWO), row(6, 所在党组织="同上"), row(7, 所在党组织="〃")))
    assert [member.organization.name for member in made] == [TWO, TWO, TWO]


def test_the_heading_again_on_every_page_blank_rows_totals_and_notes(world: World) -> None:
    rows = [
        HEAD,
        row(1),
        [],
        row(2),
        ["小计", 2],
        HEAD,
        row(3),
        ["合 计", "3人"],
        ["总计：3人"],
        ["共3名党员"],
        [],
        ["备注：以上人员均在册"],
        ["填表人：王某"],
    ]
    assert len(stored(book(*rows))) == 3


def test_a_row_of_hints_under_the_heading_is_no_record(world: World) -> None:
    hints = ["（必填）", "必填", "（必填项）", "（选填）", "（必填）", ""]
    assert len(stored(book(HEAD, hints, row(1)))) == 1
    assert len(stored(book(HEAD, ["", "", "", "选填", "", ""], row(2)))) == 1


def test_hidden_sheets_are_not_read_and_hidden_rows_are(world: World) -> None:
    def hide(workbook: Any) -> None:
        workbook.active.row_dimensions[3].hidden = True
        old = workbook.create_sheet("去年")
        for cells in (HEAD, row(8), row(9)):
            old.append(cells)
        old.sheet_state = "hidden"

    assert len(stored(book(HEAD, row(1), row(2), change=hide))) == 2


# -- how cells are written -----------------------------------------------------------------------------------------


def test_full_width_digits_inner_blanks_and_invisible_marks(world: World) -> None:
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    cells = row(
        1, 姓名="王 　小\u200b 明", 身份证号=f" '{id_number(1)[:6]} {id_number(1)[6:]}\u00a0".translate(wide),
        入党时间="２００５．７．１", 所在党组织=f"\n{ONE[:4]} {ONE[4:]}　", 联系电话="１３３０００００００１",
    )  # fmt: skip
    (member,) = stored(book(HEAD, cells))
    assert (member.name, member.id_number, member.phone) == ("王小明", id_number(1), "13300000001")
    assert member.joined_on == dt.date(2005, 7, 1)


DATES = [
    "2011-03-01", "2011.3.1", "2011年3月1日", "20110301", "2011/3/1", dt.date(2011, 3, 1), 40603, "40603", 20110301,
    "2011-03-01 00:00:00", "2011/03/01 08:30", "２０１１年０３月０１日", "2011、3、1", "2011—03—01",
    "2011.03.01。", "2011。3。1", "2011，3，1", "2011·3·1", "2011--3-1", "二〇一一年三月一日", "二○一一年三月一号",
]  # fmt: skip


@pytest.mark.parametrize("written", DATES, ids=str)
def test_a_date_in_every_spelling(world: World, written: Any) -> None:
    (member,) = stored(book(HEAD, row(1, 入党时间=written)))
    assert member.joined_on == dt.date(2011, 3, 1)


@pytest.mark.parametrize(
    "written", ["2011.03", "201103", "2011年3月", "2011-3", "2011/03", dt.date(2011, 3, 15), 40603]
)
def test_a_month_where_a_month_is_enough(world: World, written: Any) -> None:
    head, cells = [*HEAD, "参加工作时间"], [*row(1), written]
    (member,) = stored(book(head, cells))
    assert member.started_work_on in (dt.date(2011, 3, 1), dt.date(2011, 3, 15))


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2011-13-01", "date.impossible"), ("2011-02-30", "date.impossible"), ("2011", "date.incomplete"),
        ("八十年代", "date.unknown"), ("2199-01-01", "date.future"), ("11.3.1", "date.unknown"),
    ],
)  # fmt: skip
def test_a_wrong_date_in_many_rows_is_one_message(world: World, written: str, code: str) -> None:
    rows = [row(number, 入党时间=written) for number in range(1, 6)]
    assert refused(book(HEAD, *rows)) == [(code, 5)]


@pytest.mark.parametrize(
    ("written", "code"),
    [
        (1.30203198003120e17, "id.as_number"), ("1.30203E+17", "id.as_number"), ("130203800312001", "id.length"),
        ("13020319800312001y", "id.characters"), ("见档案", "id.length"), ("130203199913450019", "id.birth"),
    ],
)  # fmt: skip
def test_id_numbers_that_excel_or_people_spoiled(world: World, written: Any, code: str) -> None:
    assert refused(book(HEAD, row(1), row(2, 身份证号=written))) == [(code, 1)]


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("+86 133-0000-0001", "13300000001"), ("0086-13300000001", "13300000001"), (13300000001, "13300000001"),
        (13300000001.0, "13300000001"), ("(0315)1234567", "0315-1234567"), ("0315－1234567", "0315-1234567"),
        ("133 0000 0001", "13300000001"), ("无", ""),
    ],
)  # fmt: skip
def test_phones(world: World, written: Any, phone: str) -> None:
    (member,) = stored(book(HEAD, row(1, 联系电话=written)))
    assert member.phone == phone


def test_two_phones_in_one_cell_are_told_once(world: World) -> None:
    rows = [row(number, 联系电话="13300000001、13300000002") for number in (1, 2, 3)]
    assert refused(book(HEAD, *rows)) == [("phone.unknown", 3)]


HALVES = [
    ("民族", "汉", "ethnicity", "汉族"),
    ("民族", "蒙古", "ethnicity", "蒙古族"),
    ("是否一线", "√", "is_frontline", True),
    ("是否一线", "×", "is_frontline", False),
    ("学历", "大本", "education", "大学本科"),
    ("学历", "专 科", "education", "大学专科"),
    ("学历", "大专", "education", "大专"),
    ("文化程度", "硕研", "education", "硕士研究生"),
    ("人员类别", "正式", "kind", "full"),
    ("党员类型", "预备", "kind", "probationary"),
    ("党内职务", "支部书记", "party_post", "secretary"),
    ("工号", 1024.0, "personnel_no", "1024"),
    ("职称", "高 工", "technical_title", "高工"),
]  # fmt: skip


@pytest.mark.parametrize(("heading", "written", "field", "value"), HALVES)
def test_half_written_values_and_other_names_of_columns(
    world: World, heading: str, written: Any, field: str, value: Any
) -> None:
    (member,) = stored(book([*HEAD, heading], [*row(1), written]))
    assert getattr(member, field) == value


def test_formulas_count_by_their_stored_value_and_errors_of_formulas_are_no_tracebacks(world: World) -> None:
    # openpyxl stores no values with formulas: the cell is empty for a reader.
    assert refused(book(HEAD, row(1, 姓名='=A2&"明"'))) == [("cell.missing", 1)]
    assert refused(book(HEAD, row(1, 姓名="#VALUE!"))) == [("cell.missing", 1)]
    (member,) = stored(book(HEAD, row(2, 入党时间="#REF!")))
    assert member.joined_on is None


def test_the_same_column_twice_and_columns_nobody_knows(world: World) -> None:
    assert refused(book([*HEAD, "姓名"], [*row(1), "王某"])) == [("table.column_twice", 1)]
    plan = plan_of(kind="members", source=book([*HEAD, "血型", "工资"], [*row(1), "A", 1]), actor=None, base=None)
    assert [column.header for column in plan.ignored] == ["血型", "工资"]
    assert "姓名" in [column.meaning for column in plan.read]


# -- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_in_every_encoding(world: World, encoding: str, delimiter: str) -> None:
    text = "\r\n".join(delimiter.join(map(str, cells)) for cells in (["花名册"], HEAD, row(1), row(2, 姓名="王喆")))
    assert len(stored(text.encode(encoding))) == 2


def test_ods_and_csv_hold_the_same_as_xlsx(world: World) -> None:
    rows = [HEAD, row(1)]
    for number, source in enumerate((ods(rows), csv_of(rows)), start=1):
        assert len(stored(source)) == (1 if number == 1 else 0)


def test_a_bomb_and_a_huge_file_are_refused_kindly(world: World) -> None:
    target = io.BytesIO(book(HEAD, row(1)))
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bomb.bin", b"\0" * (600 * 2**20))
    assert len(target.getvalue()) < 2**20
    assert refused(target.getvalue()) == [("file.unpacks_too_large", 0)]
    assert refused(b"a,b\n" * (51 * 2**18)) == [("file.too_large", 0)]
    with pytest.raises(WorkbookError):
        open_workbook(b"x" * 2048, limits=Limits(sent=1024))


@pytest.mark.parametrize(
    "source",
    [
        b"", b"\0" * 100, b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, b"%PDF-1.7 \x01\x02",
        b"<html><table><tr><td>\xe5\xa7\x93</td></tr></table></html>", "姓名".encode(), struct.pack("<1000d", *range(1000)),
    ],
)  # fmt: skip
def test_what_is_no_workbook_is_one_message(world: World, source: bytes) -> None:
    assert len(refused(source)) == 1


def test_a_stray_cell_far_away_is_refused_before_it_costs_memory(world: World) -> None:
    def stray(workbook: Any) -> None:
        workbook.active[f"{get_column_letter(16384)}1048576"] = "x"

    assert refused(book(HEAD, row(1), change=stray)) == [("file.spreads", 0)]


def test_names_twice_and_people_twice(world: World) -> None:
    assert refused(book(HEAD, row(1), row(1))) == [("member.id_twice", 1)]
    bare = {"身份证号": ""}
    assert refused(book(HEAD, row(1, **bare), row(1, **bare))) == [("member.person_twice", 1)]


def test_what_stands_between_and_below_printed_pages_is_no_member(world: World) -> None:
    """Titles and headings on each page, page numbers, counts cell by cell, and who signs without a colon."""
    two = [[str(cell) for cell in row(number)] for number in (1, 2)]
    rows = [
        ["党员花名册"], HEAD, two[0], ["第1页"], ["党员花名册"], HEAD, two[1], ["第2页 共2页"], ["共", "2", "人"],
        ["填表人", "张三", "", "2026.7.1", "填表日期"],
    ]  # fmt: skip
    assert [one.name for one in stored(book(*rows))] == [row(1)[0], row(2)[0]]
    signed = [HEAD, two[0], ["填表人甲", "男", "", "", two[0][4]]]
    assert len(stored(book(*signed))) == 1  # somebody may be called like that


def test_how_offices_write_what_kind_of_member_somebody_is(world: World) -> None:
    head, of = [*HEAD, "党员类别"], (row(3), row(4))
    found = stored(book(head, [*of[0], "中共党员"], [*of[1], "中共预备党员"]))
    assert [one.kind for one in found] == ["full", "probationary"]
