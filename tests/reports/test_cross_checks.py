"""The cross-checks of 2-domain d.20 that forms run before an export: each finds what was planted and says where to mend it; and
which forms are official when."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from campaign.common import clock
from campaign.common.excel.sheet import Keyed, Subtotal, key_of
from campaign.models import Campaign, Period, PeriodState
from campaign.reports.checks import Check, Discrepancy, Tables
from campaign.reports.freezing import year_is_frozen
from campaign.reports.registry import ReportRequest, reports
from campaign.reports.services import is_official, report_discrepancies
from tests.reports.scattered import scatter_all
from tests.reviews.rounds import STAGE
from tests.scoring.conftest import Measured
from tests.scoring.conftest import measured as measured  # noqa: PLC0414 – a fixture
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_the_stage() -> Iterator[None]:
    with clock.at(STAGE):
        yield


def request_of(world: World, campaign: Campaign, period: Period | None = None) -> ReportRequest:
    return ReportRequest(world.user("office", "root"), world.orgs["root"], campaign, period, year=2026)


def check_of(report: str, key: str, at: int = 0) -> Check:
    return [each for each in reports.get(report).checks if each.key == key][at]


def found(
    check: Check, report: str, request: ReportRequest, change: Callable[[dict[str, Any]], Any]
) -> list[Discrepancy]:
    """Run a check on the rows of a report, each changed as values by heading; a row that becomes None is left out."""

    def sheets() -> Any:
        return [
            (sheet, list(_changed(sheet.columns, rows, change))) for sheet, rows in reports.get(report).sheets(request)
        ]

    return list(check.run(request, Tables(sheets)))


def _changed(columns: Any, rows: Any, change: Callable[[dict[str, Any]], Any]) -> Iterator[Any]:
    for row in rows:
        if isinstance(row, Subtotal):
            yield row
            continue
        values = dict(zip((column.heading for column in columns), row, strict=True))
        if change(values) is not False:
            yield Keyed(key_of(row), values.values())


def more(heading: str) -> Callable[[dict[str, Any]], None]:
    def change(values: dict[str, Any]) -> None:
        if isinstance(values.get(heading), int):
            values[heading] += 1

    return change


FAULTS = (
    ("organizations", "d.20.1", 0, "预备党员"),
    ("organizations", "d.20.1", 1, "女党员"),
    ("pledge_statistics", "d.20.8", 0, "待评"),
    ("evaluation_summary", "d.20.3", 0, "无效"),
    ("score_summary", "d.20.9", 0, "加分"),
)


def test_each_check_holds_and_finds_what_was_planted(world: World, measured: Measured) -> None:
    campaign = world.campaign()
    period = scatter_all(world, campaign, measured, 5)
    request = request_of(world, campaign, period)
    for report, key, at, heading in FAULTS:
        check = check_of(report, key, at)
        assert found(check, report, request, lambda _values: None) == [], (report, key)
        planted = found(check, report, request, more(heading))
        assert planted, (report, key)
        assert all(each.url for each in planted), (report, key)
    west = world.orgs["west"]
    west.refresh_from_db()
    for report in ("pledge_statistics", "review_statistics", "activity_statistics"):
        check = check_of(report, "d.20.2")
        assert found(check, report, request, lambda _values: None) == [], report
        (missing,) = found(check, report, request, lambda values: values["单位"] != west.name) or [Discrepancy("")]
        assert (west.name in missing.text, str(west.pk) in missing.url) == (west.is_active, west.is_active)
    said = " ".join(each.text for each in check_of("evaluation_summary", "d.20.2").run(request, Tables(list)))
    assert world.orgs["west"].name in said
    assert world.orgs["west_one"].name not in said


def test_a_year_is_frozen_when_frozen_periods_cover_it(world: World) -> None:
    campaign = world.campaign()
    halves = campaign.periods.filter(code__in=("2026H1", "2026H2"))
    assert not year_is_frozen(campaign, 2026)
    halves.filter(code="2026H2").update(state=PeriodState.FROZEN)
    assert not year_is_frozen(campaign, 2026)
    halves.update(state=PeriodState.FROZEN)
    assert year_is_frozen(campaign, 2026)
    assert not year_is_frozen(campaign, 2027)
    Campaign.objects.filter(pk=campaign.pk).update(ends_on=dt.date(2026, 6, 30))
    halves.filter(code="2026H2").update(state=PeriodState.OPEN)
    assert year_is_frozen(Campaign.objects.get(pk=campaign.pk), 2026)


def test_statistics_are_drafts_until_frozen_rosters_and_ledgers_never(world: World) -> None:
    campaign = world.campaign()
    period = campaign.periods.get(code="2026H2")
    request = request_of(world, campaign, period)
    official = {report.key for report in reports if is_official(report, request)}
    assert official == {
        "roster", "roster_public", "organizations", "pledge_ledger", "pledge_overdue", "review_ledger", "nomination_summary",
    }  # fmt: skip
    for report in reports:
        said = [each for each in report_discrepancies(report, request) if each.check.key == "d.20.11" and each.found]
        assert bool(said) == (report.key not in official), report.key
    campaign.periods.filter(starts_on__year=2026).update(state=PeriodState.FROZEN)
    frozen = request_of(world, campaign, campaign.periods.get(code="2026H2"))
    assert all(is_official(report, frozen) for report in reports)
