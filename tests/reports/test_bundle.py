"""一键导出: several reports of several units as one zip, by a job that goes on where a killed one stopped."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from openpyxl import load_workbook

from campaign.audit.models import AuditEntry
from campaign.common.errors import DomainError, NotAllowed
from campaign.jobs.models import Job, JobState
from campaign.jobs.services import RunningJob, job_cancel, job_request, job_run
from campaign.reports import bundle
from campaign.reports.bundle import BUNDLE_KIND, bundle_parts
from orgs.models import Organization, RoleAssignment
from tests.reports.test_figures import signed_in, text
from tests.world import World

pytestmark = pytest.mark.django_db


def asked(world: World, *units: str, **more: Any) -> dict[str, Any]:
    given = {"reports": ["roster", "pledge_ledger"], "format": "csv", **more}
    return {**given, "organizations": [world.orgs[unit].pk for unit in units]}


def bundled(world: World, user: str, at: str, parameters: dict[str, Any]) -> Job:
    return job_request(kind=BUNDLE_KIND, actor=world.user(user, at), parameters=parameters)


def names_in(job: Job) -> list[str]:
    with zipfile.ZipFile(Path(settings.MEDIA_ROOT) / job.file_path) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def test_each_unit_has_a_folder_with_each_report(world: World) -> None:
    job = bundled(world, "staff", "east", asked(world, "east_one", "east_two"))
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.message) == (JobState.SUCCEEDED, "已生成2个单位共4个文件。")
    assert [name.split("/")[0] for name in names_in(job)] == [
        world.orgs["east_one"].display_name,
        world.orgs["east_one"].display_name,
        world.orgs["east_two"].display_name,
        world.orgs["east_two"].display_name,
    ]
    with zipfile.ZipFile(Path(settings.MEDIA_ROOT) / job.file_path) as archive:
        roster = archive.read(archive.namelist()[0]).decode("utf-8-sig")
    assert "东山公司采掘一区党支部" in roster
    assert "东山公司采掘二区党支部" not in roster
    assert AuditEntry.objects.filter(action="report_export").count() == 4, "every file is logged"
    assert not (Path(settings.MEDIA_ROOT) / "jobs" / f"{job.pk}-parts").exists()


def test_an_attempt_goes_on_with_the_files_that_are_missing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = asked(world, "east_one", "east_two")
    whole, broken = (bundled(world, "staff", "east", parameters) for _ in range(2))
    Job.objects.filter(pk=broken.pk).update(created_at=whole.created_at)
    job_run(job_id=str(whole.pk))
    written: list[str] = []
    write = bundle.report_write

    def dies(**options: Any) -> None:
        if len(written) == 2:
            options["path"].write_text("half a file")
            raise KeyboardInterrupt
        write(**options)
        written.append(options["request"].organization.name)

    monkeypatch.setattr(bundle, "report_write", dies)
    with pytest.raises(KeyboardInterrupt):
        job_run(job_id=str(broken.pk))
    monkeypatch.undo()
    monkeypatch.setattr(bundle, "report_write", lambda **options: (written.append("again"), write(**options)))
    Job.objects.filter(pk=broken.pk).update(state=JobState.QUEUED)
    job_run(job_id=str(broken.pk))
    whole.refresh_from_db()
    broken.refresh_from_db()
    assert (broken.state, broken.attempt) == (JobState.SUCCEEDED, 2)
    assert len(written) == 4, "what was whole was not written again"
    media = Path(settings.MEDIA_ROOT)
    assert (media / broken.file_path).read_bytes() == (media / whole.file_path).read_bytes()


def test_a_cancelled_bundle_leaves_nothing_behind(world: World) -> None:
    job = bundled(world, "staff", "east", asked(world, "east_one"))
    folder = RunningJob(job, 1).folder()
    (folder / "0.csv").write_text("x")
    job_cancel(job=job, actor=world.user("staff", "east"))
    assert not folder.exists()
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_rights_are_asked_for_every_unit_and_again_when_it_runs(world: World) -> None:
    with pytest.raises(NotAllowed):
        bundled(world, "staff", "east", asked(world, "east_one", "west_one"))
    job = bundled(world, "staff", "east", asked(world, "east_one"))
    RoleAssignment.objects.filter(user=world.user("staff", "east")).delete()
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert not AuditEntry.objects.filter(action="report_export").exists()


def test_what_cannot_be_a_bundle_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    user = world.user("staff", "east")
    for parameters in (
        asked(world),
        asked(world, "east_one", reports=[]),
        asked(world, "east_one", reports=["nothing"]),
        asked(world, "east_one", reports=["score_summary"]),
        asked(world, "east_one", format="exe"),
        {**asked(world, "east_one"), "organizations": [0]},
    ):
        with pytest.raises(DomainError):
            bundle_parts(user, parameters)
    monkeypatch.setattr(bundle, "MOST_FILES", 3)
    with pytest.raises(DomainError, match="4"):
        bundle_parts(user, asked(world, "east_one", "east_two"))


def test_two_units_of_one_name_have_two_folders(world: World) -> None:
    Organization.objects.filter(pk__in=[world.orgs["east_one"].pk, world.orgs["east_two"].pk]).update(
        name="第一党支部", short_name=""
    )
    parts = bundle_parts(world.user("staff", "east"), asked(world, "east_one", "east_two"))
    assert len({part.name for part in parts}) == 4


def test_the_page_offers_units_and_reports_and_starts_the_job(world: World) -> None:
    client, url = signed_in(world, "staff", "east"), reverse("report_bundle")
    page = text(client.get(url).content.decode())
    assert "东山公司采掘一区党支部" in page
    assert "西河公司选矿车间党支部" not in page
    sent = {"organization": world.orgs["east"].pk, "reports": ["roster"], "format": "xlsx"}
    assert client.post(url, sent).status_code == 200
    assert not Job.objects.exists()
    foreign = {**sent, "units": [world.orgs["west_one"].pk]}
    assert client.post(url, foreign).status_code == 200
    lacking = {**sent, "units": [world.orgs["east_one"].pk], "reports": ["score_summary"]}
    assert "请选择" in text(client.post(url, lacking).content.decode())
    answer = client.post(url, {**sent, "units": [world.orgs["east_one"].pk, world.orgs["east_two"].pk]})
    job = Job.objects.get()
    assert answer["Location"] == reverse("jobs_detail", args=[job.pk])
    assert "成套导出报表：党员花名册" in text(client.get(reverse("jobs_list")).content.decode())


@pytest.mark.one_database
def test_twenty_subsidiaries_with_five_forms_are_one_zip(world: World) -> None:
    """一键导出 as the office asks for it: every form of every subsidiary, all of them workbooks that open."""
    campaign = world.campaign()
    period = campaign.periods.get(code="2026H1")
    companies = [
        Organization.objects.add_child(
            world.orgs["root"],
            create_kwargs={
                "name": f"第{number}公司委员会",
                "code": f"B{number}",
                "type": "committee",
                "short_name": f"第{number}公司",
            },
        )
        for number in range(20)
    ]
    keys = ["roster", "organizations", "pledge_statistics", "review_statistics", "activity_statistics"]
    job = job_request(
        kind=BUNDLE_KIND,
        actor=world.user("office", "root"),
        parameters={
            "reports": keys, "organizations": [company.pk for company in companies], "format": "xlsx",
            "campaign": campaign.pk, "period": period.pk, "year": 2026,
        },
    )  # fmt: skip
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.message) == (JobState.SUCCEEDED, "已生成20个单位共100个文件。")
    names = names_in(job)
    assert len({name.split("/")[0] for name in names}) == 20
    with zipfile.ZipFile(Path(settings.MEDIA_ROOT) / job.file_path) as archive:
        for name in names:
            assert load_workbook(io.BytesIO(archive.read(name)), read_only=True).sheetnames
