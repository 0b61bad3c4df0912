"""Exporting reports: by job, by command, by preview; what a person may export and what it looks like then."""

import datetime as dt
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from pytest_django import DjangoCaptureOnCommitCallbacks
from python_calamine import CalamineWorkbook

from campaign.audit.models import AuditEntry
from campaign.common.crypto import encrypt
from campaign.common.errors import DomainError, NotAllowed
from campaign.jobs.models import Job, JobState
from campaign.jobs.services import job_request, job_run
from campaign.reports.registry import ReportRequest, reports
from campaign.reports.services import report_preview, report_write
from orgs.models import Member
from tests.world import World

pytestmark = pytest.mark.django_db
ID_NUMBER = "110105198001010019"
PHONE = "13812345678"


@pytest.fixture
def known(world: World) -> Member:
    """A member whose personal values are known."""
    member = world.members["east_one"][0]
    Member.objects.filter(pk=member.pk).update(id_number_cipher=encrypt(ID_NUMBER), phone=PHONE)
    return Member.objects.get(pk=member.pk)


def cells(path: Path) -> list[list[Any]]:
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


def roster(world: World, user: str, at: str, of: str, path: Path, **options: Any) -> str:
    request = ReportRequest(world.user(user, at), world.orgs[of], **options)
    report_write(report=reports.get("roster"), request=request, path=path)
    return "\n".join("|".join(str(cell) for cell in row) for row in cells(path))


def test_the_roster_holds_the_subtree_in_roll_order_with_the_lines_of_every_form(world: World, tmp_path: Path) -> None:
    path = tmp_path / "roster.xlsx"
    roster(world, "staff", "east", "east", path)
    rows = cells(path)
    assert rows[0][0] == "党员花名册"
    assert "填报单位（盖章）：中共华岭集团东山公司委员会" in "".join(map(str, rows[1]))
    heading = next(place for place, row in enumerate(rows) if row[0] == "序号")
    body = [row for row in rows[heading + 1 :] if isinstance(row[0], float | int)]
    assert [int(row[0]) for row in body] == list(range(1, 13))
    assert {row[13] for row in body} == {"东山公司采掘一区党支部", "东山公司采掘二区党支部"}
    sheet = load_workbook(path).worksheets[0]
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.print_title_rows


def test_personal_values_are_masked_unless_the_right_is_used(world: World, known: Member, tmp_path: Path) -> None:
    masked = roster(world, "office", "root", "east", tmp_path / "a.xlsx")
    assert "110105********0019" in masked
    assert "138****5678" in masked
    assert ID_NUMBER not in masked
    clear = roster(world, "office", "root", "east", tmp_path / "b.xlsx", unmasked=True, reason="年度核对")
    assert ID_NUMBER in clear
    assert PHONE in clear
    logged = AuditEntry.objects.filter(action="report_export").latest("pk")
    assert (logged.reason, logged.changes["rows"], logged.changes["unmasked"]) == ("年度核对", [None, 12], [None, True])
    with pytest.raises(NotAllowed):
        roster(world, "staff", "east", "east", tmp_path / "c.xlsx", unmasked=True)


def test_nobody_exports_beyond_the_own_subtree(world: World, tmp_path: Path) -> None:
    for user, at, of in (("staff", "east", "west"), ("staff", "east", "root"), ("member", "east_one", "east_one")):
        with pytest.raises(NotAllowed):
            roster(world, user, at, of, tmp_path / "x.xlsx")


def test_a_period_report_needs_a_campaign_and_a_period(world: World) -> None:
    by_period = [report for report in reports if report.by_period]
    request = ReportRequest(world.user("staff", "east"), world.orgs["east"])
    assert by_period
    for report in by_period:
        with pytest.raises(DomainError):
            report_preview(report, request)


def test_a_job_done_twice_writes_the_same_bytes(world: World) -> None:
    parameters = {"report": "roster", "organization": world.orgs["east"].pk, "format": "xlsx"}
    job = job_request(kind="reports.export", actor=world.user("staff", "east"), parameters=parameters)
    contents = []
    for _ in range(2):
        Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED)
        job_run(job_id=str(job.pk))
        job.refresh_from_db()
        assert job.state == JobState.SUCCEEDED
        from django.conf import settings

        contents.append((Path(settings.MEDIA_ROOT) / job.file_path).read_bytes())
    assert contents[0] == contents[1]
    assert job.file_name.startswith("中共华岭集团东山公司委员会_党员花名册_")


def test_the_page_offers_the_own_subtree_previews_and_asks_for_the_job(
    world: World, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = Client()
    client.force_login(world.user("staff", "east"), backend="orgs.authentication.AccountBackend")
    url = reverse("report_export", args=["roster"])
    page = client.get(url).content.decode()
    assert "东山公司采掘一区党支部" in page
    assert "西河公司选矿车间党支部" not in page
    chosen = {"organization": world.orgs["east_one"].pk, "format": "xlsx"}
    assert "张建国" in client.get(url, chosen).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(url, chosen)
    job = Job.objects.get(kind="reports.export")
    assert response["Location"] == reverse("jobs_detail", args=[job.pk])
    assert job.state == JobState.SUCCEEDED
    foreign = {**chosen, "organization": world.orgs["west_one"].pk}
    assert client.post(url, foreign).status_code == 200  # the form stays, with the choice refused
    assert Job.objects.count() == 1


def test_the_commands_list_and_write(world: World, tmp_path: Path) -> None:
    out = StringIO()
    call_command("reports", stdout=out)
    assert "roster" in out.getvalue()
    path = tmp_path / "roster.xlsx"
    call_command("export_report", "roster", org="EAST", out=path, actor="staff-east", stdout=out)
    assert len(cells(path)) > 12
    csv = tmp_path / "roster.csv"
    call_command("export_report", "roster", org="中共华岭集团东山公司委员会", out=csv, stdout=out)
    assert csv.read_text(encoding="utf-8-sig").count("\n") == 13


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"key": "nothing"}, "no report"),
        ({"org": "NOWHERE"}, "no organization"),
        ({"actor": "nobody"}, "nobody"),
        ({"campaign": "C9"}, "--campaign"),
        ({"out": Path("/tmp/x.pdf")}, "--out"),
        ({"actor": "staff-west"}, "没有权限"),
    ],
)
def test_the_command_says_what_is_wrong(world: World, tmp_path: Path, options: dict[str, Any], message: str) -> None:
    given = {"key": "roster", "org": "EAST", "out": tmp_path / "x.xlsx", **options}
    with pytest.raises(CommandError, match=message):
        call_command("export_report", given.pop("key"), **given)
    assert not (tmp_path / "x.xlsx").exists()


def test_the_day_on_the_sheet_is_the_day_it_was_asked_for(world: World) -> None:
    asked = dt.datetime(2026, 6, 30, 23, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    request = ReportRequest(world.user("staff", "east"), world.orgs["east"], asked_at=asked)
    from campaign.reports.services import framed_sheets

    sheet, _rows = framed_sheets(reports.get("roster"), request)[0]
    assert sheet.right == "填报日期：2026年6月30日"
