"""The summary of pledges is what a slow count gives, whatever happened before, and pages read nothing but it."""

import datetime as dt
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from campaign.common import clock
from campaign.common.excel.writer import write_xlsx
from campaign.jobs.models import Job
from campaign.models import Campaign
from campaign.reports.registry import Report, ReportRequest
from campaign.reports.services import framed_sheets, request_from
from orgs.models import Member, MembershipStatus, Organization
from pledges import services
from pledges.models import PUBLIC, ItemResult, Pledge, PledgeItem, PledgeState, PledgeSummary, SummaryMark
from pledges.reports import PLEDGE_LEDGER, PLEDGE_OVERDUE, PLEDGE_STATISTICS
from pledges.services.summarizing import summaries_refresh
from pledges.statistics import (
    FIGURES,
    ITEMS,
    Figures,
    items_behind,
    level_as_counted,
    level_of,
    members_behind,
    organizations_behind,
    state_of,
)
from tests.pledges.conftest import NOW, submitted
from tests.pledges.test_metrics import scatter
from tests.pledges.test_pages import text_of
from tests.world import World

YEAR = NOW.year


def slow(campaign: Campaign, organization: Organization) -> dict[str, int]:
    """Count the figures of a subtree record by record, with nothing of the product but the stored fields."""
    today = clock.today()
    found = dict.fromkeys(FIGURES, 0)
    handed_in = [
        pledge
        for pledge in Pledge.objects.select_related("organization")
        .prefetch_related("items")
        .filter(campaign=campaign, year=today.year)
        if pledge.state not in ("draft", "withdrawn")
    ]
    for each in Organization.objects.all():
        if each.is_active and each.path.startswith(organization.path):
            found["organizations_obliged"] += 1
            found["organizations_pledged"] += any(
                pledge.member_id is None and pledge.organization_id == each.pk for pledge in handed_in
            )
    for member in Member.objects.select_related("organization"):
        gone = member.status in ("left", "deceased")
        if not gone and not member.is_exempt and member.organization.path.startswith(organization.path):
            found["members_obliged"] += 1
            found["members_pledged"] += any(pledge.member_id == member.pk for pledge in handed_in)
    for pledge in handed_in:
        if pledge.organization.path.startswith(organization.path):
            for item in pledge.items.all():
                _count_item(found, pledge, item, today)
    return found


def _count_item(found: dict[str, int], pledge: Pledge, item: PledgeItem, today: dt.date) -> None:
    found["items"] += 1
    found["approved"] += pledge.state in ("approved", "published", "in_progress", "appraised")
    found["returned"] += pledge.state == "returned"
    if pledge.state not in ("published", "in_progress", "appraised"):
        return
    found["published"] += 1
    if item.result != "pending":
        found["due"] += 1
        found[item.result] += 1
    elif item.due_on is not None and item.due_on <= today:
        found["due"] += 1
        found["pending"] += 1
        found["overdue"] += item.due_on < today


def agrees(campaign: Campaign) -> None:
    """Check every organization's subtree, and every record behind every figure."""
    for organization in Organization.objects.all():
        wanted = slow(campaign, organization)
        assert dict(level_of(campaign, YEAR, organization).total) == wanted, organization
        for figure in FIGURES:
            assert len(behind(figure, campaign, organization)) == wanted[figure], (figure, organization)


def behind(figure: str, campaign: Campaign, organization: Organization) -> list[Any]:
    if figure in ITEMS:
        return list(items_behind(figure, campaign, YEAR, organization, clock.today()))
    find = members_behind if figure.startswith("members") else organizations_behind
    return list(find(figure, campaign, YEAR, organization))


@contextmanager
def undone() -> Iterator[None]:
    """Leave the database as it was before."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def unfinish(dice: random.Random) -> None:
    """Make drafts and returned pledges of some."""
    Pledge.objects.filter(state=PledgeState.SUBMITTED, pk__in=chosen(dice, Pledge)).update(state=PledgeState.DRAFT)
    Pledge.objects.filter(state=PledgeState.SUBMITTED, pk__in=chosen(dice, Pledge)).update(state=PledgeState.RETURNED)


def hand_in(dice: random.Random) -> None:
    Pledge.objects.filter(state=PledgeState.DRAFT).update(state=PledgeState.SUBMITTED, submitted_at=clock.now())


def take_down(dice: random.Random) -> None:
    Pledge.objects.filter(state__in=PUBLIC, pk__in=chosen(dice, Pledge)).update(state="approved", published_at=None)


def appraise(dice: random.Random) -> None:
    PledgeItem.objects.filter(pk__in=chosen(dice, PledgeItem)).update(
        result=ItemResult.BASIC, mark=8000, appraised_at=clock.now()
    )


def rewrite(dice: random.Random) -> None:
    for pledge in Pledge.objects.filter(pk__in=chosen(dice, Pledge)):
        pledge.items.all().delete()
        days = dt.timedelta(days=dice.randint(-40, 40))
        PledgeItem.objects.create(
            pledge=pledge, order=1, kind="post", text="改写", target="一次", due_on=NOW.date() + days
        )


def move_members(dice: random.Random) -> None:
    place = dice.choice(list(Organization.objects.filter(type="branch")))
    Member.objects.filter(pk__in=chosen(dice, Member)).update(organization=place)


def leave(dice: random.Random) -> None:
    Member.objects.filter(pk__in=chosen(dice, Member)).update(status=MembershipStatus.LEFT)


def exempt(dice: random.Random) -> None:
    Member.objects.filter(pk__in=chosen(dice, Member)).update(is_exempt=True)


def move_organization(dice: random.Random) -> None:
    branch, company = Organization.objects.get(code="EAST_ONE"), Organization.objects.get(code="WEST")
    if branch.depth == company.depth + 1 and not branch.path.startswith(company.path):
        Organization.objects.move(branch, company, "last-child")


def close_organization(dice: random.Random) -> None:
    Organization.objects.filter(code="EAST_TWO").update(is_active=False)


def delete_a_draft(dice: random.Random) -> None:
    Pledge.objects.filter(state=PledgeState.DRAFT, pk__in=chosen(dice, Pledge)).delete()


def chosen(dice: random.Random, model: Any) -> list[int]:
    numbers = list(model.objects.order_by("pk").values_list("pk", flat=True))
    return dice.sample(numbers, len(numbers) // 4)


CHANGES: tuple[Callable[[random.Random], None], ...] = (
    hand_in, take_down, appraise, rewrite, move_members, leave, exempt, move_organization, close_organization, delete_a_draft,
)  # fmt: skip


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10_000), steps=st.lists(st.sampled_from(CHANGES), min_size=1, max_size=4), later=st.booleans()
)
def test_the_summary_is_what_a_slow_count_gives(
    seed: int, steps: list[Callable[[random.Random], None]], later: bool, world: World, campaign: Campaign
) -> None:
    with undone():
        dice = random.Random(seed)
        scatter(world, campaign, seed)
        unfinish(dice)
        summaries_refresh()
        agrees(campaign)
        for step in steps:
            step(dice)
            summaries_refresh()
            agrees(campaign)
        assert not SummaryMark.objects.exists()
        with clock.at(NOW + dt.timedelta(days=20 if later else 1)):
            summaries_refresh()
            agrees(campaign)


def test_only_what_changed_is_counted_again(world: World, campaign: Campaign) -> None:
    scatter(world, campaign, 1)
    summaries_refresh()
    assert summaries_refresh() == 0
    Member.objects.filter(pk=world.members["east_one"][2].pk).update(is_exempt=True)
    assert summaries_refresh() == 1


def test_due_is_the_sum_of_its_parts(world: World, campaign: Campaign) -> None:
    """Form d.20, check 8."""
    scatter(world, campaign, 3)
    summaries_refresh()
    total = level_of(campaign, YEAR, world.orgs["root"]).total
    parts = sum(total[name] for name in ("fulfilled", "basic", "unfulfilled", "adjusted", "pending"))
    assert total["due"] == parts > 0


def test_what_a_past_year_covered_stays_as_it_was(world: World, campaign: Campaign) -> None:
    scatter(world, campaign, 1)
    summaries_refresh()
    before = level_of(campaign, YEAR, world.orgs["root"]).total
    with clock.at(NOW + dt.timedelta(days=330)):
        Member.objects.update(is_exempt=True)
        item = PledgeItem.objects.filter(pledge__year=YEAR, pledge__state__in=PUBLIC, result="pending").first()
        assert item is not None
        PledgeItem.objects.filter(pk=item.pk).update(result="fulfilled", mark=10_000, appraised_at=clock.now())
        summaries_refresh()
        after = level_of(campaign, YEAR, world.orgs["root"]).total
    assert after["members_obliged"] == before["members_obliged"] > 0
    assert after["fulfilled"] == before["fulfilled"] + 1


def test_rates() -> None:
    figures = Figures(dict.fromkeys(FIGURES, 0))
    assert (figures.members_rate, figures.organizations_rate, figures.fulfilment_rate) == (None, None, None)
    figures = Figures(
        {**figures, "members_obliged": 3, "members_pledged": 2, "fulfilled": 1, "basic": 1, "unfulfilled": 0, "overdue": 1,
         "adjusted": 5}
    )  # fmt: skip
    assert (figures.members_rate, figures.fulfilment_rate) == (6667, 6667)


def test_a_campaign_without_pledges_has_its_units(world: World, campaign: Campaign) -> None:
    summaries_refresh()
    level = level_of(campaign, YEAR, world.orgs["root"])
    assert [unit.organization.code for unit in level.units] == ["ROOT", "EAST", "WEST"]
    assert level.total["organizations_obliged"] == 7
    assert PledgeSummary.objects.count() == 7


@pytest.mark.django_db
def test_nothing_to_count_without_a_campaign() -> None:
    assert summaries_refresh() == 0


def test_the_page_of_a_level(world: World, campaign: Campaign, browser: Callable[[str], Client]) -> None:
    scatter(world, campaign, 1)
    url = reverse("pledge_statistics_of", args=[world.orgs["east"].pk])
    office = browser("office@root")
    assert office.get(url).context["refreshed_at"] is None
    summaries_refresh()
    page = office.get(url)
    level = page.context["table"].level
    assert [unit.organization.code for unit in level.units] == ["EAST", "EAST_ONE", "EAST_TWO"]
    shown = text_of(page)
    overdue = reverse("pledge_records", args=[world.orgs["east"].pk, campaign.pk, YEAR, "overdue"])
    assert level.total["overdue"] > 0
    assert f'<a href="{overdue}">{level.total["overdue"]}</a>' in shown
    assert browser("staff@west").get(url).status_code == 404
    assert browser("member@east_one").get(url).status_code == 404


def test_the_records_of_a_figure_are_as_many_as_it_says(
    world: World, campaign: Campaign, browser: Callable[[str], Client]
) -> None:
    scatter(world, campaign, 1)
    summaries_refresh()
    total = level_of(campaign, YEAR, world.orgs["root"]).total
    for figure in FIGURES:
        page = browser("office@root").get(
            reverse("pledge_records", args=[world.orgs["root"].pk, campaign.pk, YEAR, figure])
        )
        assert page.context["table"].paginator.count == total[figure], figure
    missing = reverse("pledge_records", args=[world.orgs["root"].pk, campaign.pk, YEAR, "members_missing"])
    count = browser("office@root").get(missing).context["table"].paginator.count
    assert count == total["members_obliged"] - total["members_pledged"]


def test_overdue_items_are_searched_by_a_post(
    world: World, campaign: Campaign, browser: Callable[[str], Client]
) -> None:
    scatter(world, campaign, 1)
    client = browser("office@root")
    url = client.get(reverse("pledge_overdue")).headers["Location"]
    assert client.get(url).context["table"].paginator.count > 0
    found = client.post(url, {"name": "采掘一区"}, follow=True)
    assert found.redirect_chain == [(url, 302)]
    units = {row.record.pledge.organization_id for row in found.context["table"].rows}
    assert units <= {world.orgs["east_one"].pk}


@pytest.mark.parametrize("who", ["office@root", "secretary@east_one"])
def test_the_statistics_cost_the_same_with_more_units(
    world: World, campaign: Campaign, browser: Callable[[str], Client], who: str
) -> None:
    key = who.split("@")[1]
    client, url = browser(who), reverse("pledge_statistics_of", args=[world.orgs[key].pk])
    summaries_refresh()
    client.get(url)
    cache.clear()
    with CaptureQueriesContext(connection) as before:
        client.get(url)
    Organization.objects.add_child(world.orgs[key], create_kwargs={"code": "NEW", "name": "新支部", "type": "branch"})
    scatter(world, campaign, 1)
    summaries_refresh()
    with CaptureQueriesContext(connection) as after:
        client.get(url)
    assert len(after) == len(before)
    with CaptureQueriesContext(connection) as again:
        client.get(url)
    assert len(again) == len(before) - 1  # the sums are made once for each count


def test_sums_are_made_once_for_each_count(world: World, campaign: Campaign) -> None:
    """What a reader sees is what the last count gave, at once after the next one, and never that of another place."""
    scatter(world, campaign, 1)
    summaries_refresh()
    state = state_of(campaign, YEAR)
    assert state is not None
    for organization in world.orgs.values():
        for _time in range(2):
            assert level_as_counted(state, organization) == level_of(campaign, YEAR, organization)
    PledgeItem.objects.all().delete()
    assert level_as_counted(state, world.orgs["root"]).total["items"] > 0
    summaries_refresh()
    counted = state_of(campaign, YEAR)
    assert counted is not None
    assert counted.mark != state.mark
    assert level_as_counted(counted, world.orgs["root"]).total["items"] == 0


def test_the_forms(world: World, campaign: Campaign) -> None:
    """d.3: the columns as the form has them, the figures as the page shows them."""
    scatter(world, campaign, 1)
    summaries_refresh()
    request = ReportRequest(world.user("office", "root"), world.orgs["root"])
    sheet, rows = PLEDGE_STATISTICS.sheets(request)[0]
    assert " ".join(column.header for column in sheet.columns) == (
        "单位 应承诺党组织数 已承诺 承诺率% 应承诺党员数 已承诺 承诺率% 承诺事项总数 已审定 退回 已公示 到期事项 "
        "已兑现 基本兑现 未兑现 客观调整 待评 兑现率% 逾期事项"
    )
    assert [row[0] for row in rows] == [
        f"{world.orgs['root'].name}（本级）",
        world.orgs["east"].name,
        world.orgs["west"].name,
    ]
    total = level_of(campaign, YEAR, world.orgs["root"]).total
    assert sheet.totals is not None
    assert sheet.totals[7] == sum(row[7] for row in rows) == total["items"]
    (_members, of_members), (_organizations, of_organizations) = PLEDGE_LEDGER.sheets(request)
    lines = [*of_members, *of_organizations]
    assert len(lines) == PLEDGE_LEDGER.count(request) == total["items"]
    assert sum(1 for line in lines if line[-2]) == PLEDGE_OVERDUE.count(request) == total["overdue"]
    own = ReportRequest(world.user("secretary", "east_one"), world.orgs["east_one"])
    assert 0 < PLEDGE_LEDGER.count(own) < total["items"]


def test_the_ledger_says_of_what_was_handed_in_again_that_it_waits(world: World, campaign: Campaign) -> None:
    """What was decided on the version before is not the decision on this one."""
    pledge, secretary = submitted(world, campaign, "member@east_one"), world.user("secretary", "east_one")
    services.pledge_return(pledge=pledge, actor=secretary, reason="没有数字")
    request = ReportRequest(world.user("office", "root"), world.orgs["root"])

    def line() -> Any:
        (_sheet, rows), _organizations = PLEDGE_LEDGER.sheets(request)
        return next(iter(rows))

    assert line()[7:10] == (str(secretary), clock.today(), "退回修改")
    services.pledge_submit(pledge=pledge, actor=world.user("member", "east_one"))
    assert line()[7:10] == ("", None, "待审")


@pytest.mark.parametrize("report", [PLEDGE_LEDGER, PLEDGE_OVERDUE, PLEDGE_STATISTICS], ids=lambda report: report.key)
def test_the_forms_print_on_a4(world: World, campaign: Campaign, tmp_path: Path, report: Report) -> None:
    """d.0: landscape A4, one page wide; and no column so wide that the letters become too small to be read."""
    scatter(world, campaign, 1)
    summaries_refresh()
    request = ReportRequest(world.user("office", "root"), world.orgs["root"])
    write_xlsx(tmp_path / "form.xlsx", framed_sheets(report, request), made_at=request.asked_at)
    for sheet in load_workbook(tmp_path / "form.xlsx"):
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation, sheet.page_setup.fitToWidth) == (
            9,
            "landscape",
            1,
        )
        assert sum(column.width for column in sheet.column_dimensions.values()) < 230


def test_the_forms_of_a_year_that_is_over(world: World, campaign: Campaign, browser: Callable[[str], Client]) -> None:
    """The statistics page leads to the export of just what it shows: this organization, campaign and year."""
    scatter(world, campaign, 1)
    summaries_refresh()
    with clock.at(clock.start_of(dt.date(YEAR + 1, 2, 1))):
        summaries_refresh()
        office, east = browser("office@root"), world.orgs["east"]
        page = text_of(office.get(reverse("pledge_statistics_of", args=[east.pk]) + f"?year={YEAR}"))
        chosen = f"organization={east.pk}&campaign={campaign.pk}&year={YEAR}&format=xlsx"
        for key in ("pledge_statistics", "pledge_ledger"):
            url = f"{reverse('report_export', args=[key])}?{chosen}"
            assert url.replace("&", "&amp;") in page
            preview = text_of(office.get(url))
            assert world.orgs["east_one"].name in preview
            assert "没有可报的内容" not in preview
        request = ReportRequest(world.user("office", "root"), east, campaign, year=YEAR)
        sheet, _rows = PLEDGE_STATISTICS.sheets(request)[0]
        assert sheet.totals is not None
        assert sheet.totals[7] == level_of(campaign, YEAR, east).total["items"] > 0
        assert f"{YEAR}年1月1日—12月31日" in sheet.middle
        assert PLEDGE_LEDGER.count(request) == sheet.totals[7]
        present = level_of(campaign, YEAR + 1, east).total["items"]
        assert PLEDGE_LEDGER.count(replace(request, year=None)) == present != sheet.totals[7]
        beyond = office.get(reverse("report_export", args=["pledge_ledger"]) + f"?{chosen.replace(str(YEAR), '2031')}")
        assert "is-invalid" in text_of(beyond)


def test_an_export_job_keeps_the_year(world: World, campaign: Campaign, browser: Callable[[str], Client]) -> None:
    form = {"organization": world.orgs["east"].pk, "campaign": campaign.pk, "year": YEAR, "format": "csv"}
    with clock.at(clock.start_of(dt.date(YEAR + 1, 2, 1))):
        assert browser("office@root").post(reverse("report_export", args=["pledge_ledger"]), form).status_code == 302
        job = Job.objects.get()
        _report, request = request_from(job.requested_by, job.parameters)
        assert (request.campaign, request.year) == (campaign, YEAR)
