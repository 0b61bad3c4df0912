"""A form goes out, is filled in and comes back: nothing is lost, and what was edited is exactly what changes."""

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.excel.problems import ProblemList
from campaign.common.excel.writer import write_xlsx
from campaign.jobs.models import Job, JobState
from campaign.jobs.services import job_run
from orgs.exporters import template
from orgs.importers.plan import Plan
from orgs.models import ImportKind, Member, Organization, Position, User
from orgs.services.imports import plan_of, plan_store
from orgs.services.members import identity_fields
from orgs.services.templates import template_check
from tests.orgs.books import id_number
from tests.orgs.test_accounts import system_admin_of
from tests.orgs.test_organizations import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
HEAD = 3
"""The row of the heading: title, unit line, heading."""


def form(world: World, kind: ImportKind, at: str = "east", role: str = "staff") -> Any:
    """Return the form with what is known as openpyxl reads it."""
    target = io.BytesIO()
    sheets = template(kind, world.user(role, at), world.orgs[at], prefilled=True)
    write_xlsx(target, sheets, made_at=clock.now())
    return load_workbook(io.BytesIO(target.getvalue()))


def back(world: World, book: Any, kind: ImportKind, at: str = "east", role: str = "staff") -> Any:
    target = io.BytesIO()
    book.save(target)
    return plan_of(kind=kind, source=target.getvalue(), actor=world.user(role, at), base=world.orgs[at], is_full=True)


def codes(plan: Any) -> list[str]:
    return [problem.code for problem in plan.problems if problem.is_error]


def row_of(sheet: Any, member: Member, column: int) -> int:
    """Return the row of a member, found by the personnel number."""
    rows = range(HEAD + 1, sheet.max_row)
    return next(number for number in rows if sheet.cell(number, column).value == member.personnel_no)


def rich_member(world: World) -> Member:
    member = world.members["east_one"][2]
    Member.objects.filter(pk=member.pk).update(
        **identity_fields(id_number(7)), birth_date=dt.date(1980, 3, 12), phone="13312345678", native_place="河北唐山",
        education="大学本科", degree="学士", started_work_on=dt.date(2001, 7, 1), cell="第一党小组", admin_post="班长",
        job="采矿工", technical_title="工程师", is_frontline=True, is_party_worker=True, is_mobile=True,
        remarks="=1+1 备注\n第二行", sex="male",
    )  # fmt: skip
    return Member.objects.get(pk=member.pk)


@pytest.mark.parametrize("kind", [ImportKind.MEMBERS, ImportKind.ORGANIZATIONS, ImportKind.POSITIONS])
def test_what_goes_out_comes_back_unchanged(world: World, kind: ImportKind) -> None:
    rich_member(world)
    one = Position.objects.filter(organization=world.orgs["east_one"]).get()
    Position.objects.filter(pk=one.pk).update(starts_on=dt.date(2020, 5, 1))
    former = {"member": world.members["east_two"][1], "organization": world.orgs["east"], "post": "committee_member"}
    Position.objects.create(**former, starts_on=dt.date(2018, 1, 1), ends_on=dt.date(2020, 1, 1), is_acting=True)
    Organization.objects.filter(pk=world.orgs["east_one"].pk).update(
        contact_name="王五",
        contact_phone="0315-1234567",
        address="东山路 1 号",
        term_ends_on=dt.date(2030, 1, 1),
        category="innovation",
        unit_kind="joint",
        covered_units="供应部、销售部",
        guided_by="中共唐山市路北区委员会",
        contact_email="dangban@example.cn",
        short_name="一区支部",
        established_on=dt.date(2001, 7, 1),
        term_started_on=dt.date(2025, 1, 1),
    )
    plan = back(world, form(world, kind), kind)
    assert codes(plan) == []
    expected = {ImportKind.MEMBERS: 12, ImportKind.ORGANIZATIONS: 3, ImportKind.POSITIONS: 3}[kind]
    assert (plan.unchanged, plan.new, plan.changed, plan.missing) == (expected, [], [], plan.missing)
    assert not plan.missing


def test_accounts_come_back_unchanged_and_a_corrected_mail_is_that_change(world: World) -> None:
    """Who has an account stands in the form with its name and mail; who has none gets one by what is sent back."""
    member = rich_member(world)
    User.objects.filter(member=member).update(email="old@example.cn")
    kind, admin = ImportKind.ACCOUNTS, system_admin_of(world, "east")
    newcomer = Member.objects.create(
        personnel_no="N1", name="新党员", sex="male", organization=world.orgs["east_two"], pinyin="zzz"
    )
    book = form(world, kind, role="system_admin")
    sheet = book.worksheets[0]
    headings = {cell.value: cell.column for cell in sheet[HEAD]}
    row = row_of(sheet, member, headings["人员编号"])
    assert sheet.cell(row, headings["账号"]).value == User.objects.get(member=member).username
    plan = back(world, book, kind, role="system_admin")
    assert (codes(plan), len(plan.new), plan.changed, plan.unchanged, plan.missing) == ([], 1, [], 12, [])
    assert plan.new[0].values["member"] == newcomer
    sheet.cell(row, headings["邮箱"]).value = "new@example.cn"
    sheet.cell(row, headings["账号"]).value = "another"
    plan = back(world, book, kind, role="system_admin")
    (changed,) = plan.changed
    assert (changed.record.member_id, changed.changes) == (member.pk, {"email": ("old@example.cn", "new@example.cn")})
    assert [problem.code for problem in plan.problems] == ["account.name_stays"]
    sheet.delete_rows(row)
    (missing,) = back(world, book, kind, role="system_admin").missing
    assert missing.member_id == member.pk
    sheet.insert_rows(row)
    for name, value in {"姓名": member.name, "人员编号": member.personnel_no, "邮箱": "—"}.items():
        sheet.cell(row, headings[name]).value = value
    (changed,) = back(world, book, kind, role="system_admin").changed
    assert changed.changes == {"email": ("old@example.cn", "")}
    # What was compared must still be so when it is stored, and nobody's mail is half changed.
    User.objects.filter(member=member).update(email="third@example.cn")
    with pytest.raises(DomainError):
        plan_store(kind=kind, plan=Plan(ProblemList(), changed=[changed], base=world.orgs["east"]), actor=admin)
    assert User.objects.get(member=member).email == "third@example.cn"


def test_a_position_that_is_not_in_a_complete_list_is_missing(world: World) -> None:
    book = form(world, ImportKind.POSITIONS)
    sheet = book.worksheets[0]
    gone = Position.objects.get(organization=world.orgs["east_one"])
    headings = {cell.value: cell.column for cell in sheet[HEAD]}
    sheet.delete_rows(row_of(sheet, gone.member, headings["人员编号"]))
    plan = back(world, book, ImportKind.POSITIONS)
    assert (codes(plan), plan.missing) == ([], [gone])
    assert [name for what, _row, name, _pk, _said in plan.shown(()) if what == "missing"] == [
        f"{gone.member.name} · {gone}"
    ]


def test_personal_values_go_out_masked(world: World) -> None:
    rich_member(world)
    sheet = form(world, ImportKind.MEMBERS).worksheets[0]
    text = str([[cell.value for cell in row] for row in sheet.iter_rows()])
    assert "130203********" in text
    for secret in (id_number(7), "13312345678", "1980, 3, 12"):
        assert secret not in text
    assert "133****5678" in text


WORDS = (
    st.text(alphabet="山东河北采矿工程师一二三ABC 12·", min_size=1, max_size=12)
    .map(str.strip)
    .filter(lambda text: len(text) > 2)
)
DAYS = st.dates(dt.date(2006, 7, 2), dt.date(2020, 1, 1))
EDITS: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "性别": ("sex", st.just("女")),
    "民族": ("ethnicity", st.sampled_from(["回族", "满", "蒙古"])),
    "籍贯": ("native_place", WORDS),
    "学历": ("education", WORDS),
    "学位": ("degree", WORDS),
    "参加工作时间": ("started_work_on", DAYS),
    "转正时间": ("full_member_on", DAYS),
    "党籍状态": ("status", st.sampled_from(["失联", "停止党籍"])),
    "所在党组织": ("organization", st.just("东山公司采掘二区党支部")),
    "所在党小组": ("cell", WORDS),
    "党内职务": ("party_post", st.sampled_from(["宣传委员", "组织委员"])),
    "行政职务": ("admin_post", WORDS),
    "岗位": ("job", WORDS),
    "专业技术职称": ("technical_title", WORDS),
    "是否一线": ("is_frontline", st.sampled_from(["否", "×"])),
    "是否党务工作者": ("is_party_worker", st.just("否")),
    "是否流动党员": ("is_mobile", st.sampled_from(["否", "×"])),
    "联系电话": ("phone", st.integers(10**9, 10**9 * 2 - 1).map(lambda number: f"13{number % 10**9:09d}")),
    "备注": ("remarks", WORDS),
    "姓名": ("name", st.text(alphabet="王李张赵钱孙", min_size=3, max_size=4)),
}


@pytest.mark.one_database
@hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), heading=st.sampled_from(sorted(EDITS)))
def test_each_edited_field_comes_back_as_exactly_that_change(world: World, data: st.DataObject, heading: str) -> None:
    member = rich_member(world)
    field, values = EDITS[heading]
    book = form(world, ImportKind.MEMBERS)
    sheet = book.worksheets[0]
    headings = {cell.value: cell.column for cell in sheet[HEAD]}
    row = row_of(sheet, member, headings["人员编号"])
    value = data.draw(values.filter(lambda value: value != getattr(member, field)))
    sheet.cell(row, headings[heading]).value = value
    if heading == "性别":
        sheet.cell(row, headings["身份证号"]).value = id_number(7, male=False)
    plan = back(world, book, ImportKind.MEMBERS)
    assert codes(plan) == []
    (changed,) = plan.changed
    fields = {field, "id_number"} if heading == "性别" else {field}
    assert (set(changed.changes), changed.record.pk, plan.unchanged) == (fields, member.pk, 11)
    old, new = changed.changes[field]
    assert old == (member.organization if field == "organization" else getattr(member, field))
    if isinstance(new, str) and field not in ("sex", "status", "party_post", "ethnicity"):
        assert "".join(new.split()) == "".join(value.split())


CLEARED = [
    "民族",
    "籍贯",
    "学历",
    "学位",
    "参加工作时间",
    "入党时间",
    "转正时间",
    "所在党小组",
    "行政职务",
    "岗位",
    "联系电话",
    "备注",
]


@pytest.mark.parametrize("heading", CLEARED)
def test_a_dash_empties_and_an_empty_cell_leaves(world: World, heading: str) -> None:
    member = rich_member(world)
    for written, changes in (("—", 1), (None, 0), ("", 0), ("无", 0)):
        book = form(world, ImportKind.MEMBERS)
        sheet = book.worksheets[0]
        headings = {cell.value: cell.column for cell in sheet[HEAD]}
        row = row_of(sheet, member, headings["人员编号"])
        sheet.cell(row, headings[heading]).value = written
        plan = back(world, book, ImportKind.MEMBERS)
        assert (codes(plan), len(plan.changed)) == ([], changes), written
        if changes:
            ((_old, new),) = plan.changed[0].changes.values()
            assert new in ("", None)
            assert plan.changed[0].changes.keys() != {"organization"}


def test_a_mask_that_was_typed_into_is_a_mistake(world: World) -> None:
    member = rich_member(world)
    for heading, written in (("身份证号", "130203********9999"), ("联系电话", "139****0000")):
        book = form(world, ImportKind.MEMBERS)
        sheet = book.worksheets[0]
        headings = {cell.value: cell.column for cell in sheet[HEAD]}
        row = row_of(sheet, member, headings["人员编号"])
        sheet.cell(row, headings[heading]).value = written
        assert codes(back(world, book, ImportKind.MEMBERS)) == ["member.mask_changed"]
        sheet.cell(row, headings["人员编号"]).value = None
        sheet.cell(row, headings["姓名"]).value = "没有此人"
        assert "member.mask_of_nobody" in codes(back(world, book, ImportKind.MEMBERS))


def test_who_is_not_in_a_complete_list_is_missing(world: World) -> None:
    book = form(world, ImportKind.MEMBERS)
    book.worksheets[0].delete_rows(HEAD + 2)
    plan = back(world, book, ImportKind.MEMBERS)
    assert ([member.organization_id for member in plan.missing], plan.figures["missing"]) == (
        [world.orgs["east_one"].pk],
        1,
    )
    before = Member.objects.count()
    plan_store(kind="members", plan=plan, actor=None)
    assert Member.objects.count() == before
    book = form(world, ImportKind.ORGANIZATIONS)
    book.worksheets[0].delete_rows(HEAD + 3)
    plan = back(world, book, ImportKind.ORGANIZATIONS)
    assert [place.name for place in plan.missing] == ["东山公司采掘二区党支部"]


def test_the_form_offers_choices_and_says_what_each_column_takes(world: World) -> None:
    client = signed_in(world.user("staff", "east"))
    data = {"kind": "members", "organization": world.orgs["east"].pk, "holds": "empty"}
    answer = client.post(reverse("import_template"), data)
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert book.sheetnames == ["党员花名册", "填写说明"]
    offers = {offer.formula1 for offer in book.worksheets[0].data_validations.dataValidation}
    assert '"男,女"' in offers
    assert '"是,否"' in offers
    guide = [cell.value for cell in book["填写说明"]["B"]]
    for heading in ("姓名", "身份证号", "所在党组织"):
        assert heading in guide
    # Nothing in it is a record.
    plan = back(world, book, ImportKind.MEMBERS)
    assert codes(plan) == ["table.no_rows"]


def test_the_filled_form_is_written_by_a_job_and_logged(world: World) -> None:
    client = signed_in(world.user("staff", "east"))
    data = {"kind": "members", "organization": world.orgs["east"].pk, "holds": "known"}
    assert client.post(reverse("import_template"), data).status_code == 302
    job = Job.objects.get()
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.SUCCEEDED, job.message
    rows = load_workbook(Path(settings.MEDIA_ROOT) / job.file_path).worksheets[0]
    assert sum("east_" in str(cell.value) for cell in rows["B"]) == 12
    assert AuditEntry.objects.get(action="list_export").changes["rows"][1] > 12
    for role, at in (("secretary", "east_one"), ("staff", "west"), ("leader", "east")):
        with pytest.raises(NotAllowed):
            template_check(world.user(role, at), {"kind": "members", "organization": world.orgs["east"].pk})


def test_lists_go_out_by_the_same_columns_for_those_entitled(world: World) -> None:
    rich_member(world)
    client = signed_in(world.user("staff", "east"))
    for page, key, count in (("member_list", "members", 12), ("organization_list", "organizations", 3)):
        url = reverse("list_export", args=[world.orgs["east"].pk, key])
        assert url in client.get(reverse(page)).content.decode()
        assert client.post(url).status_code == 302
        job = Job.objects.latest("created_at")
        job_run(job_id=str(job.pk))
        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED, job.message
        source = (Path(settings.MEDIA_ROOT) / job.file_path).read_bytes()
        text = str([[cell.value for cell in row] for row in load_workbook(io.BytesIO(source)).active.iter_rows()])
        assert id_number(7) not in text
        assert "西河" not in text
        plan = plan_of(kind=key, source=source, actor=world.user("staff", "east"), base=world.orgs["east"])
        assert (codes(plan), plan.unchanged + len(plan.changed)) == ([], count)
        assert AuditEntry.objects.filter(action="list_export", changes__list=["", key]).count() == 1
    foreign = reverse("list_export", args=[world.orgs["west"].pk, "members"])
    assert client.post(foreign).status_code == 404
