"""An import from the upload to the last row, in the browser's steps and by command."""

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.capabilities import Role
from campaign.common.errors import NotAllowed, StateConflict
from campaign.jobs.models import Job, JobState
from campaign.jobs.services import GivenUp, job_run
from orgs.models import ImportBatch, ImportRow, ImportState, Member, Organization, RoleAssignment
from orgs.services import import_apply, import_check, import_upload, member_create
from orgs.services.imports import CHECKED_AT_ONCE, import_files_expire, import_run
from orgs.services.members import id_digest
from tests.orgs.books import MEMBER_HEADINGS, id_number, person, roster, unit, units
from tests.orgs.deputies import handed
from tests.orgs.test_organizations import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
EAST = "中共华岭集团东山公司委员会"
GOOD = [person(1, 党内职务="书记"), person(2), person(3)]
BAD = [
    person(1),
    person(2, 入党时间="2199-01-01"),
    *(person(number, 所在党组织="机电分厂党支部") for number in range(3, 13)),
]


def send(client: Client, source: bytes, kind: str = "members", name: str = "花名册.xlsx") -> ImportBatch:
    answer = client.post(reverse("import_upload"), {"kind": kind, "file": SimpleUploadedFile(name, source)})
    assert answer.status_code == 302, answer.content.decode()
    return ImportBatch.objects.get(pk=answer["Location"].split("/")[-2])


def kept(batch: ImportBatch) -> Path:
    return Path(settings.MEDIA_ROOT) / batch.file_path


def page(client: Client, batch: ImportBatch) -> str:
    answer = client.get(reverse("import_detail", args=[batch.pk]))
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world.user("staff", "east"))


def test_good_rows_are_looked_at_and_then_stored(
    staff: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    before = Member.objects.count()
    batch = send(staff, roster(*GOOD))
    assert (batch.state, batch.figures["new"]) == (ImportState.CHECKED, 3)
    shown = page(staff, batch)
    assert "130203********" in shown
    assert id_number(1) not in shown
    assert "王二1" in shown
    assert Member.objects.count() == before
    file = kept(batch)
    assert file.stat().st_mode & 0o077 == 0
    with django_capture_on_commit_callbacks(execute=True):
        staff.post(reverse("import_apply", args=[batch.pk]))
    assert Member.objects.count() == before + 3
    batch.refresh_from_db()
    assert (batch.state, batch.file_path) == (ImportState.APPLIED, "")
    assert not file.exists()
    job = Job.objects.get()
    assert (job.state, job.kind, job.figures["new"]) == (JobState.SUCCEEDED, "orgs.import_members", 3)
    assert job.result_url == reverse("import_detail", args=[batch.pk])
    assert "已全部入库" in page(staff, batch)
    assert AuditEntry.objects.get(action="import_apply").changes["new"] == [0, 3]
    # The same file once more: nothing to do, and no button that would do it.
    again = send(staff, roster(*GOOD))
    assert again.figures["unchanged"] == 3
    assert reverse("import_apply", args=[again.pk]) not in page(staff, again)


def test_a_changed_row_shows_old_and_new(staff: Client, world: World) -> None:
    member_create(
        actor=None,
        organization=world.orgs["east_one"],
        name="王二1",
        sex="male",
        id_number=id_number(1),
        phone="13912345678",
    )
    batch = send(staff, roster(person(1, 学历="研究生")))
    shown = page(staff, batch)
    assert batch.figures["changed"] == 1
    assert "研究生" in shown
    assert "139****5678" in shown
    assert "13912345678" not in shown
    assert id_number(1) not in str(list(batch.rows.values()))
    assert "13912345678" not in str(list(batch.rows.values()))


def test_mistakes_are_listed_and_nothing_is_stored(staff: Client) -> None:
    before = list(Member.objects.order_by("pk").values())
    batch = send(staff, roster(*BAD))
    assert batch.state == ImportState.REJECTED
    shown = page(staff, batch)
    for text in ("党员花名册", "入党时间", "2199-01-01", "机电分厂党支部", "7–16"):
        assert text in shown
    assert shown.count("机电分厂党支部") == 1
    assert reverse("import_apply", args=[batch.pk]) not in shown
    answer = staff.post(reverse("import_apply", args=[batch.pk]))
    assert answer.status_code == 302
    assert not Job.objects.exists()
    assert list(Member.objects.order_by("pk").values()) == before


def test_the_annotated_workbook_marks_the_cells(staff: Client) -> None:
    batch = send(staff, roster(*BAD))
    answer = staff.get(reverse("import_annotated", args=[batch.pk]))
    book = load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert len(book.sheetnames) == 3
    sheet = book["党员花名册"]
    assert sheet["I6"].value == "2199-01-01"
    assert sheet["I6"].fill.start_color.rgb == "FFFFC7CE"
    assert sheet["I5"].fill.start_color.rgb != "FFFFC7CE"


def test_a_file_that_cannot_be_read_is_told(staff: Client) -> None:
    batch = send(staff, b"\x89PNG\r\n\x1a\n\0\0")
    assert batch.state == ImportState.REJECTED
    assert "xlsx" in page(staff, batch)
    assert staff.get(reverse("import_annotated", args=[batch.pk])).status_code == 302


def test_organizations_go_the_same_way(
    staff: Client, world: World, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    source = units(
        unit("东山公司机关党支部", EAST),
        unit("新并入公司党支部", "中共新并入公司委员会"),
        unit("中共新并入公司委员会", "", 组织类别="党委"),
    )
    batch = send(staff, source, "organizations")
    assert [row.values["parent"] for row in batch.rows.all()] == [EAST, EAST, "中共新并入公司委员会"]
    shown = page(staff, batch)
    assert f"将归入“{EAST}”之下" in shown
    with django_capture_on_commit_callbacks(execute=True):
        staff.post(reverse("import_apply", args=[batch.pk]))
    below = {place.name for place in Organization.objects.get_children(world.orgs["east"])}
    assert {"东山公司机关党支部", "中共新并入公司委员会"} <= below
    assert Organization.objects.find_problems() == ([], [], [], [], [])


def test_a_large_file_is_checked_by_a_job(
    staff: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    source = ("姓名,性别,所在党组织,备注\n" + f"王一,男,东山公司采掘一区党支部,{'长' * 50}\n" * 3000).encode()
    assert len(source) > CHECKED_AT_ONCE
    with django_capture_on_commit_callbacks(execute=True):
        batch = send(staff, source, name="花名册.csv")
    batch.refresh_from_db()
    assert (batch.state, batch.job.kind, batch.job.state) == (
        ImportState.REJECTED,
        "orgs.check_import",
        JobState.SUCCEEDED,
    )
    (fold,) = batch.folds
    assert (fold.problem.code, len(fold.rows)) == ("member.person_twice", 2999)


def test_a_job_that_died_after_storing_stores_nothing_twice(staff: Client, world: World) -> None:
    batch = send(staff, roster(*GOOD))
    import_apply(batch=batch, actor=world.user("staff", "east"))
    job = Job.objects.get()
    job_run(job_id=str(job.pk))
    stored = list(Member.objects.order_by("pk").values())
    # As if the worker had died before it could say so: the row is taken over and run again.
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, figures={})
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.figures["new"], job.attempt) == (JobState.SUCCEEDED, 3, 2)
    assert list(Member.objects.order_by("pk").values()) == stored


class GivenUpAtTheEnd:
    """The progress of an attempt that loses its job while it is storing."""

    def __init__(self, user: Any, batch: ImportBatch) -> None:
        self.user, self.parameters = user, {"batch": str(batch.pk)}

    def step(self, name: Any, total: int = 0) -> None: ...

    def advance(self, done: int) -> None: ...

    def guard(self) -> None:
        assert Member.objects.filter(id_number_digest=id_digest(id_number(1))).exists()  # everything is written by then
        raise GivenUp


def test_an_attempt_that_was_given_up_stores_nothing(staff: Client, world: World) -> None:
    batch, before = send(staff, roster(*GOOD)), Member.objects.count()
    with pytest.raises(GivenUp):
        import_run(GivenUpAtTheEnd(world.user("staff", "east"), batch))
    assert Member.objects.count() == before
    batch.refresh_from_db()
    assert batch.state == ImportState.CHECKED
    assert kept(batch).is_file()


def test_what_was_confirmed_is_what_is_stored(staff: Client, world: World) -> None:
    batch = send(staff, roster(*GOOD))
    import_apply(batch=batch, actor=world.user("staff", "east"))
    member_create(actor=None, organization=world.orgs["east_one"], name="王二1", sex="male", id_number=id_number(1))
    job_run(job_id=str(Job.objects.get().pk))
    assert Job.objects.get().state == JobState.FAILED
    assert not Member.objects.filter(id_number_digest=None, name="王三2").exists()
    # The page shows the new comparison, to be confirmed again.
    batch.refresh_from_db()
    assert (batch.state, batch.figures["new"], batch.figures["changed"]) == (ImportState.CHECKED, 2, 1)
    shown = page(staff, batch)
    assert "数据已有变动" in shown
    assert reverse("import_apply", args=[batch.pk]) in shown


def test_a_right_that_ended_meanwhile_stops_the_job(staff: Client, world: World) -> None:
    batch, before = send(staff, roster(*GOOD)), Member.objects.count()
    import_apply(batch=batch, actor=world.user("staff", "east"))
    RoleAssignment.objects.filter(user=world.users["staff@east"]).update(ends_on=dt.date(2025, 1, 1))
    job_run(job_id=str(Job.objects.get().pk))
    assert Job.objects.get().state == JobState.FAILED
    assert Member.objects.count() == before
    assert staff.get(reverse("import_detail", args=[batch.pk])).status_code == 404


def test_nobody_else_reaches_a_workbook(staff: Client, world: World) -> None:
    batch = send(staff, roster(*BAD))
    for role, at in (("staff", "root"), ("office", "root"), ("secretary", "east_one"), ("system_admin", "root")):
        other = signed_in(world.user(role, at))
        for name in ("import_detail", "import_annotated"):
            assert other.get(reverse(name, args=[batch.pk])).status_code == 404
        assert other.post(reverse("import_apply", args=[batch.pk])).status_code == 404


def test_who_may_not_import_does_not(world: World) -> None:
    file = SimpleUploadedFile("x.xlsx", roster(*GOOD))
    for role, at in (("secretary", "east_one"), ("system_admin", "root"), ("staff", "west")):
        with pytest.raises(NotAllowed):
            import_upload(actor=world.user(role, at), kind="members", organization=world.orgs["east"], file=file)
    assert not ImportBatch.objects.exists()


def test_who_imports_for_two_places_says_for_which(world: World) -> None:
    user = world.users["staff@east"]
    RoleAssignment.objects.create(user=user, role=Role.STAFF, organization=world.orgs["west"])
    client, url = signed_in(user), reverse("import_upload")
    assert "导入单位" in client.get(url).content.decode()
    data = {"kind": "members", "file": SimpleUploadedFile("x.xlsx", roster(*GOOD))}
    assert client.post(url, data).status_code == 200
    data = {
        "kind": "members",
        "file": SimpleUploadedFile("x.xlsx", roster(*GOOD)),
        "organization": world.orgs["east"].pk,
    }
    assert client.post(url, data).status_code == 302
    assert ImportBatch.objects.get().organization == world.orgs["east"]


def test_workbooks_do_not_stay(staff: Client, world: World) -> None:
    first = send(staff, roster(*GOOD))
    file = kept(first)
    second = send(staff, roster(*BAD))
    first.refresh_from_db()
    assert (first.file_path, file.exists()) == ("", False)
    with pytest.raises(StateConflict):
        import_check(batch=first)
    assert import_files_expire() == 0
    with clock.at(clock.now() + dt.timedelta(days=3)):
        assert import_files_expire() == 1
    assert not kept(second).is_file()


# -- by command ----------------------------------------------------------------------------------------------------


def run(name: str, source: bytes, tmp_path: Path, **options: Any) -> str:
    file, out = tmp_path / "book.xlsx", io.StringIO()
    file.write_bytes(source)
    call_command(name, str(file), stdout=out, **options)
    return out.getvalue()


def test_by_command_as_the_system(world: World, tmp_path: Path) -> None:
    before = Member.objects.count()
    assert "新增3" in run("import_members", roster(*GOOD), tmp_path, dry_run=True)
    assert Member.objects.count() == before
    run("import_members", roster(*GOOD), tmp_path)
    assert Member.objects.count() == before + 3
    assert "未变3" in run("import_members", roster(*GOOD), tmp_path)
    run("import_organizations", units(unit("东山公司机关党支部", EAST)), tmp_path)
    assert Organization.objects.get(name="东山公司机关党支部").higher() == world.orgs["east"]


def test_by_command_one_line_for_each_message_and_exit_1(world: World, tmp_path: Path) -> None:
    file, out = tmp_path / "book.xlsx", io.StringIO()
    file.write_bytes(roster(*BAD))
    with pytest.raises(CommandError) as refused:
        call_command("import_members", str(file), stdout=out)
    assert refused.value.returncode == 1
    lines = out.getvalue().splitlines()
    assert len(lines) == 2
    assert "第7–16行" in lines[1]


def test_by_command_with_somebody_s_rights(world: World, tmp_path: Path) -> None:
    far = roster(person(1, 所在党组织="西河公司选矿车间党支部"))
    for actor in ("staff-east", "secretary-east-one", "nobody"):
        with pytest.raises(CommandError):
            run("import_members", far, tmp_path, actor=actor)
    run("import_members", far, tmp_path, actor="staff-west")
    entry = AuditEntry.objects.get(action="member_create")
    assert entry.actor == world.users["staff@west"]
    with pytest.raises(CommandError):
        call_command("import_members", str(tmp_path / "no.xlsx"))


def test_the_day_of_birth_is_masked_in_what_an_import_would_change(staff: Client, world: World) -> None:
    member = world.members["east_one"][2]
    row = {"姓 名": member.name, "性别": "男", "出生日期": "1980-01-20", "人员编号": member.personnel_no}
    source = roster({**row, "所在党组织": "东山公司采掘一区党支部"}, headings=[*MEMBER_HEADINGS, "人员编号"])
    batch = send(staff, source)
    assert ImportRow.objects.get(batch=batch).values == {"birth_date": ["1980-01-**", "1980-01-**"]}
    rows = staff.get(reverse("import_rows", args=[batch.pk])).content.decode()
    assert "1980-01-**" in rows
    assert f"{member.birth_date:%Y-%m-%d}" not in rows


def test_a_deputy_imports_with_the_role_acted_in(
    world: World, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    delegation = handed(world, "staff@east", "member@east_one")
    client = signed_in(world.user("member", "east_one"))
    client.post(reverse("delegation_act", args=[delegation.pk]))
    bad = send(client, roster(*BAD))
    told = load_workbook(io.BytesIO(client.get(reverse("import_annotated", args=[bad.pk])).getvalue()))
    said = " ".join(str(cell.value) for row in told.worksheets[0] for cell in row)
    assert "机电分厂党支部" in said
    batch = send(client, roster(person(1)))
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("import_apply", args=[batch.pk]))
    batch.refresh_from_db()
    assert batch.state == ImportState.APPLIED
    made = Member.objects.get(id_number_digest=id_digest(id_number(1)))
    entry = AuditEntry.objects.get(action="member_create", target_id=str(made.pk))
    assert (entry.actor_id, entry.on_behalf_of_id) == (delegation.deputy_id, world.users["staff@east"].pk)
