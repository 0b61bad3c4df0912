"""The catalogue, the page of one form, its wording and columns, and the print view."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError
from campaign.jobs.models import Job
from campaign.jobs.services import job_run
from campaign.models import Campaign, PeriodState
from campaign.reports import services
from campaign.reports.choices import MOST_VIEWS, often_used, view_save, wording_of
from campaign.reports.models import FormWording, ReportView
from campaign.reports.registry import reports
from orgs.models import Member
from tests.pledges.conftest import campaign as campaign  # noqa: PLC0414 – a fixture
from tests.pledges.test_metrics import scatter
from tests.reports.test_export import cells
from tests.reports.test_figures import signed_in, text
from tests.world import World

pytestmark = pytest.mark.django_db
LEDGER = "pledge_ledger"


@pytest.fixture
def client(world: World) -> Client:
    return signed_in(world, "staff", "east")


def body(response: Any) -> str:
    return text(response.content.decode())


def export(client: Client, key: str, **asked: Any) -> Job:
    """Ask for a file on the page and let the job run."""
    response = client.post(reverse("report_export", args=[key]), asked)
    assert response.status_code == 302, body(response)
    job = Job.objects.latest("created_at")
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert job.state == "succeeded", job.message
    return job


def rows_of(job: Job) -> list[list[Any]]:
    from pathlib import Path

    from django.conf import settings

    return cells(Path(settings.MEDIA_ROOT) / job.file_path)


def test_the_catalogue_groups_the_forms_and_finds_them_by_words(client: Client) -> None:
    page = body(client.get(reverse("report_list")))
    for report in reports:
        assert str(report.label) in page
    assert "常用" not in page
    found = body(client.get(reverse("report_list"), {"q": "花名册 每人"}))
    assert "党员花名册" in found
    assert "综合得分汇总表" not in found
    assert "没有符合的报表" in body(client.get(reverse("report_list"), {"q": "没有这样的"}))


def test_what_is_exported_again_and_again_stands_first(world: World, client: Client) -> None:
    user, place = world.user("staff", "east"), world.orgs["east"].pk
    for key, times in (("roster", 1), (LEDGER, 2)):
        for _ in range(times):
            export(client, key, organization=place, format="csv")
    assert [report.key for report in often_used(user)] == [LEDGER, "roster"]
    assert often_used(world.user("staff", "west")) == []
    page = body(client.get(reverse("report_list")))
    assert page.index("常用") < page.index("公开承诺汇总表") < page.index("党员花名册")
    assert "导出报表：党员花名册" in body(client.get(reverse("jobs_list")))


def test_the_page_starts_with_the_rows_of_the_own_organization(world: World, client: Client) -> None:
    page = body(client.get(reverse("report_export", args=["roster"])))
    assert "填报单位（盖章）：中共华岭集团东山公司委员会" in page
    assert "张建国" in page


def test_the_lines_are_worded_anew_kept_and_put_back(world: World, client: Client) -> None:
    url, place = reverse("report_export", args=["roster"]), world.orgs["east"].pk
    words = {"line-title": "=东山公司党员名册", "line-signature": "审核：  填表："}
    page = body(client.post(url, {"organization": place, "do": "preview", **words}))
    assert "=东山公司党员名册" in page
    assert not Job.objects.exists(), "a preview asks for no file"
    user = world.user("staff", "east")
    assert wording_of(user, reports.get("roster")) == {"title": "=东山公司党员名册", "signature": "审核：  填表："}
    assert wording_of(world.user("staff", "west"), reports.get("roster")) == {}
    job = export(client, "roster", organization=place, format="xlsx", **words)
    assert rows_of(job)[0][0] == "=东山公司党员名册"
    assert "审核：" in "".join(str(cell) for row in rows_of(job)[-3:] for cell in row)
    assert "东山公司党员名册" not in str(job.parameters), "what people word is no parameter"
    assert rows_of(export(client, "roster", organization=place, format="xlsx"))[0][0] == "党员花名册"
    assert FormWording.objects.get().lines == {}


def test_columns_are_chosen_ordered_and_kept_as_a_view(world: World, client: Client, campaign: Campaign) -> None:
    scatter(world, campaign, 2)
    url, place = reverse("report_export", args=[LEDGER]), world.orgs["east"].pk
    chosen = ["承诺事项", "姓名", "没有这一列"]
    job = export(client, LEDGER, organization=place, campaign=campaign.pk, format="csv", columns=chosen)
    assert job.parameters["columns"] == chosen
    kept = client.post(url, {"organization": place, "columns": chosen[:2], "do": "save_view", "view_name": " 简表 "})
    view = ReportView.objects.get()
    assert (view.name, view.columns) == ("简表", chosen[:2])
    assert kept["Location"] == f"{url}?view={view.pk}"
    page = client.get(kept["Location"])
    assert page.context["preview"][0].headings == ["序号", "承诺事项", "姓名"]
    assert [heading for heading, ticked in page.context["columns"] if ticked] == chosen[:2]
    again = {"organization": place, "columns": ["姓名"], "do": "save_view", "view_name": "简表"}
    client.post(url, again)
    assert ReportView.objects.get().columns == ["姓名"]
    assert "请给视图起个名称" in body(client.post(url, {**again, "view_name": " "}))
    other = signed_in(world, "staff", "west")
    assert "简表" not in body(other.get(f"{url}?view={view.pk}"))
    foreign = {"organization": world.orgs["west"].pk, "do": "delete_view", "view_name": "简表"}
    assert "没有这个名称的视图" in body(other.post(url, foreign))
    client.post(url, {"organization": place, "do": "delete_view", "view_name": "简表"})
    assert not ReportView.objects.exists()
    assert AuditEntry.objects.filter(action="report_view_delete").count() == 1


def test_views_have_their_limits(world: World) -> None:
    user, ledger = world.user("staff", "east"), reports.get(LEDGER)
    for number in range(MOST_VIEWS):
        view_save(report=ledger, actor=user, name=f"视图{number}", columns=["姓名"])
    for report, name, columns in (
        (ledger, "再一个", ["姓名"]),
        (ledger, "视图1", []),
        (reports.get("pledge_statistics"), "统计", ["单位"]),
    ):
        with pytest.raises(DomainError):
            view_save(report=report, actor=user, name=name, columns=columns)
    view_save(report=ledger, actor=user, name="视图1", columns=["承诺事项"])


def test_figures_of_an_open_period_are_a_draft(world: World, client: Client) -> None:
    period = world.campaign().periods.get(code="2026H2")
    asked = {"organization": world.orgs["east"].pk, "campaign": period.campaign_id, "period": period.pk}
    url = reverse("report_export", args=["score_summary"])
    assert "综合得分汇总表（草稿）" in body(client.get(url, asked))
    type(period).objects.filter(pk=period.pk).update(state=PeriodState.FROZEN)
    page = body(client.get(url, asked))
    assert "草稿" not in page
    assert "正式" in page


def test_the_print_view_has_all_rows_masked_and_is_logged(world: World, client: Client) -> None:
    Member.objects.filter(organization=world.orgs["east_one"]).update(phone="13812345678")
    place = world.orgs["east"].pk
    answer = client.post(reverse("report_export", args=["roster"]), {"organization": place, "format": "print"})
    assert answer["Location"] == f"{reverse('report_print', args=['roster'])}?organization={place}"
    assert not Job.objects.exists()
    office = signed_in(world, "office", "root")
    page = body(office.get(f"{answer['Location']}&unmasked=on&reason=x"))
    assert "138****5678" in page
    assert "13812345678" not in page
    assert page.count("采掘") >= 12
    logged = AuditEntry.objects.filter(action="report_print").get()
    assert logged.changes == {"report": ["", "roster"], "rows": [None, 12]}
    assert office.get(reverse("report_print", args=["roster"])).status_code == 404
    assert (
        client.get(reverse("report_print", args=["roster"]), {"organization": world.orgs["west"].pk}).status_code == 404
    )


def test_what_is_too_long_for_a_browser_is_sent_back_with_the_reason(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "PRINTED_ROWS", 5)
    answer = client.get(reverse("report_print", args=["roster"]), {"organization": world.orgs["east"].pk}, follow=True)
    assert "浏览器最多适合打印5行" in body(answer)
    assert not AuditEntry.objects.filter(action="report_print").exists()


def test_a_preview_never_shows_personal_values_in_full(world: World) -> None:
    Member.objects.filter(organization=world.orgs["east_one"]).update(phone="13812345678")
    client = signed_in(world, "office", "root")
    asked = {"organization": world.orgs["east"].pk, "unmasked": "on", "reason": "核对", "do": "preview"}
    page = body(client.post(reverse("report_export", args=["roster"]), asked))
    assert "138****5678" in page
    assert "13812345678" not in page


def test_the_page_takes_as_many_statements_for_three_rows_as_for_one(
    world: World, django_assert_num_queries: Any
) -> None:
    client, url = signed_in(world, "office", "root"), reverse("report_export", args=["roster"])
    members = Member.objects.filter(organization=world.orgs["east_one"]).order_by("pk")
    for kept in (3, 1):
        members.filter(pk__in=list(members.values_list("pk", flat=True)[kept:])).update(status="left")
        with django_assert_num_queries(13):
            client.get(url, {"organization": world.orgs["east_one"].pk})


def test_the_history_leads_to_the_files_and_can_be_narrowed_to_a_kind(world: World, client: Client) -> None:
    job = export(client, "roster", organization=world.orgs["east"].pk, format="csv")
    url, file = reverse("jobs_list"), reverse("jobs_download", args=[job.pk])
    assert f'href="{file}"' in client.get(url, {"kind": "reports.export"}).content.decode()
    assert "党员花名册" not in body(client.get(url, {"kind": "reports.bundle"}))
    Job.objects.filter(pk=job.pk).update(file_expires_at=clock.now() - dt.timedelta(days=1))
    assert f'href="{file}"' not in client.get(url).content.decode(), "what is no longer kept is not offered"
