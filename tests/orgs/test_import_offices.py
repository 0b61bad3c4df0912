"""Workbooks of offices nobody has asked, through the pages: each is understood, or told in words that say what to do."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaign.jobs.services import job_run
from orgs.forms.imports import ImportForm
from orgs.models import ImportBatch, ImportState, Member, Organization
from orgs.services import plan_of
from tests.common.rosters import csv_of
from tests.orgs.books import ORGANIZATION_HEADINGS, id_number, unit
from tests.orgs.test_import_rosters import HEAD, ONE, TWO, book, row
from tests.orgs.test_import_undo import applied
from tests.orgs.test_imports import page, send
from tests.orgs.test_organizations import signed_in
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
EAST = "中共华岭集团东山公司委员会"
PROTECTED = Path(__file__).parents[1] / "common" / "fixtures" / "password.xlsx"
UNITS = ["党组织名称", "党组织简称", "组织类别", "上级党组织"]


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world.user("staff", "east"))


def docx() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w:document/>")
    return target.getvalue()


def archive() -> bytes:
    """A roster in a zip file whose name was changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("花名册.xlsx", book(HEAD, row(1)))
    return target.getvalue()


def hidden() -> bytes:
    def hide(workbook: Any) -> None:
        workbook.create_sheet("封面").append(["党员花名册"])
        workbook.worksheets[0].sheet_state = "hidden"

    return book(HEAD, row(1), change=hide)


REFUSED = {
    "a notice saved as csv": ("members", "关于报送花名册的通知\r\n请各支部填报。".encode("gbk"), "没有找到表头"),
    "a page of the web saved as xls": ("members", b"<html><table><tr><td>1</td></tr></table></html>", "另存为 .xlsx"),
    "a letter": ("members", docx(), "另存为 .xlsx"),
    "a pdf": ("members", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "另存为 .xlsx"),
    "an archive": ("members", archive(), "另存为 .xlsx"),
    "blanks alone": ("members", b" \r\n \r\n", "文件是空的"),
    "a picture": ("members", b"\x89PNG\r\n\x1a\n" + b"\0" * 200, "另存为 .xlsx"),
    "a password": ("members", PROTECTED.read_bytes(), "取消密码"),
    "a heading without rows": ("members", book(["党员花名册"], HEAD), "表头下面没有数据"),
    "a table that stands on a hidden sheet": ("members", hidden(), "没有找到表头"),
    "a table that lies on its side": (
        "members", book(["姓名", "王一"], ["性别", "男"], ["所在党组织", ONE]), "没有找到表头"
    ),
    "digits that Excel has eaten": (
        "members", book(HEAD, row(1, 身份证号=f"{id_number(1)[:15]}000")), "末几位已丢失"
    ),
    "the old id number": ("members", book(HEAD, row(1, 身份证号="130203800312001")), "身份证号应为18位，此处为15位"),
    "a month for a day": ("members", book(HEAD, row(1, 入党时间="2005.07")), "日期不完整"),
    "a year of two digits": ("members", book(HEAD, row(1, 入党时间="05.7.1")), "不是日期"),
    "organizations for members": (
        "members", book(list(ORGANIZATION_HEADINGS), [1, *unit("甲党支部", EAST).values()]), "另一类名册：“党组织”"
    ),
    "members for organizations": ("organizations", book(HEAD, row(1)), "另一类名册：“党员名册”"),
    "a circle of three": (
        "organizations",
        book(
            UNITS, ["甲党总支", "", "党总支", "乙党总支"], ["乙党总支", "", "党总支", "丙党总支"],
            ["丙党总支", "", "党总支", "甲党总支"],
        ),
        "上级党组织相互循环",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_stored_says_what_to_do(staff: Client, what: str) -> None:
    kind, source, words = REFUSED[what]
    before = Member.objects.count(), Organization.objects.count()
    batch = send(staff, source, kind)
    assert batch.state == ImportState.REJECTED
    shown = page(staff, batch)
    assert words in shown
    assert id_number(1)[6:14] not in shown
    assert (Member.objects.count(), Organization.objects.count()) == before
    if batch.figures["rows"]:  # else there is no table to mark anything in
        assert staff.get(reverse("import_annotated", args=[batch.pk])).status_code == 200


NAMES = ("党员姓名", "性别（男/女）", "身份证件号码", "加入中共组织时间", "所属支部名称", "移动电话")
UNDERSTOOD = {
    "other names of every column": book(list(NAMES), row(1)),
    "stars and brackets": book(["*姓名", "性 别", "身份证号（18位）", "入党时间\n(年月日)", "党支部*", "手机"], row(1)),
    "codes of sex": book(HEAD, row(1, 性别=1)),
    "an apostrophe": book(HEAD, row(1, 身份证号=f"'{id_number(1)}")),
    "blanks in the number": book(HEAD, row(1, 身份证号=f"{id_number(1)[:6]} {id_number(1)[6:14]} {id_number(1)[14:]}")),
    "empty columns between": book(*[[cells[0], "", *cells[1:3], "", "", *cells[3:]] for cells in (HEAD, row(1))]),
    "signatures below": book(
        HEAD, row(1), [], ["党组织负责人（签字）：", "", "填表人：", "", "联系电话：0315-1234567"]
    ),
    "semicolons and GBK": csv_of([HEAD, row(1)]).decode("utf-8-sig").replace(",", ";").encode("gbk"),
    "a byte order mark": b"\xef\xbb\xbf" + csv_of([HEAD, row(1)]).decode("utf-8-sig").encode(),
}


@pytest.mark.parametrize("what", UNDERSTOOD)
def test_what_was_meant_is_stored(staff: Client, world: World, what: str) -> None:
    applied(staff, world, UNDERSTOOD[what])
    member = Member.objects.latest("pk")
    assert (member.name, member.sex, member.id_number) == (row(1)[0], "male", id_number(1))
    assert (str(member.joined_on), member.organization.name, member.phone) == ("2005-07-01", ONE, row(1)[5])


def test_a_small_x_is_a_large_one(staff: Client, world: World) -> None:
    number = next(found for found in map(id_number, range(1, 100)) if found.endswith("X"))
    applied(staff, world, book(HEAD, row(1, 身份证号=number.lower())))
    assert Member.objects.latest("pk").id_number == number


def test_parents_by_short_name_that_come_later_in_a_csv_of_an_office(staff: Client, world: World) -> None:
    rows = [UNITS, ["新区党支部", "", "党支部", "新公司党委"], ["中共华岭集团新公司委员会", "新公司党委", "党委", EAST]]
    source = "\r\n".join(";".join(cells) for cells in rows).encode("gb18030")
    applied(staff, world, source, "organizations")
    assert Organization.objects.get(name="新区党支部").higher().short_name == "新公司党委"


def test_a_bomb_of_30_mb_is_refused_by_the_job_that_checks_it(staff: Client, world: World) -> None:
    target = io.BytesIO(book(HEAD, row(1)))
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet2.xml", b"<row/>" + b" " * (600 * 2**20))
    batch = send(staff, target.getvalue())
    assert batch.job is not None  # too large to be looked at while somebody waits
    job_run(job_id=str(batch.job.pk))
    batch.refresh_from_db()
    assert batch.state == ImportState.REJECTED
    assert "解压后超过" in page(staff, batch)


@pytest.mark.parametrize(("size", "words"), [(0, "空"), (2001, "拆分")])
def test_what_is_empty_or_too_large_is_not_taken_at_all(
    staff: Client, monkeypatch: pytest.MonkeyPatch, size: int, words: str
) -> None:
    monkeypatch.setattr(ImportForm.base_fields["file"].widget, "largest", 2000)
    file = SimpleUploadedFile("花名册.xlsx", b"x" * size)
    answer = staff.post(reverse("import_upload"), {"kind": "members", "file": file})
    assert answer.status_code == 200
    assert words in answer.content.decode().split("invalid-feedback", 1)[1][:200]
    assert not ImportBatch.objects.exists()


def test_two_hundred_sheets_are_read_as_one_roster(staff: Client, world: World) -> None:
    def more(workbook: Any) -> None:
        for number in range(2, 201):
            sheet = workbook.create_sheet(f"第{number}页")
            for cells in (["党员花名册"], HEAD, row(number)) if number % 2 else (["本页无内容"],):
                sheet.append(cells)

    before = Member.objects.count()
    applied(staff, world, book(HEAD, row(1), change=more))
    assert Member.objects.count() == before + 100


def test_two_branches_on_two_sheets_and_one_row_wrong_store_nothing(staff: Client, world: World) -> None:
    def more(workbook: Any) -> None:
        second = workbook.create_sheet(TWO)
        for cells in (HEAD, row(3, 所在党组织=TWO), row(4, 所在党组织="没有这个党支部")):
            second.append(cells)

    batch = send(staff, book(HEAD, row(1), row(2), change=more, title=ONE))
    assert (batch.state, batch.figures["rows"], batch.figures["mistakes"]) == (ImportState.REJECTED, 4, 1)
    assert "没有这个党支部" in page(staff, batch)
    assert ImportBatch.objects.get(pk=batch.pk).rows.count() == 0


@pytest.mark.parametrize("kind", ["members", "accounts"])
def test_a_person_on_two_sheets_in_the_same_row_is_told_with_the_sheet(world: World, kind: str) -> None:
    member = world.members["east_one"][1]
    lines = (HEAD, row(1)) if kind == "members" else (["姓名", "人员编号"], [member.name, member.personnel_no])

    def more(workbook: Any) -> None:
        second = workbook.create_sheet("又一张")
        for cells in lines:
            second.append(cells)

    source = book(*lines, change=more, title="第一张")
    plan = plan_of(kind=kind, source=source, actor=None, base=world.orgs["root"])
    (fold,) = [fold for fold in plan.problems.folded() if fold.problem.is_error]
    assert (fold.problem.sheet, fold.rows) == ("又一张", (2,))
    assert "第2（第一张）行" in str(fold)


def test_who_is_missing_is_told_with_the_place(staff: Client, world: World) -> None:
    source = SimpleUploadedFile("名册.xlsx", book(HEAD, row(1)))
    answer = staff.post(reverse("import_upload"), {"kind": "members", "file": source, "is_full": "on"})
    shown = staff.get(answer["Location"]).content.decode()
    missing = shown[shown.index("以下记录系统中有而文件中没有") :]
    assert missing.count(ONE) >= len(world.members["east_one"])
