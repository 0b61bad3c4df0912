"""Periods of every kind: scores are computed for each alike."""

import datetime as dt
from itertools import pairwise

import pytest

from campaign.common.errors import NotAllowed
from campaign.models import Period, PeriodKind
from campaign.periods import MONTHS, spans
from campaign.scoring.models import ScoreMark
from campaign.scoring.services import scores_refresh
from campaign.services import periods_add
from tests.scoring.conftest import Measured
from tests.scoring.sheets import ready, run, shown
from tests.world import World


@pytest.mark.parametrize(
    ("kind", "number", "first", "last"),
    [
        ("month", 26, ("2025M11", dt.date(2025, 11, 1), dt.date(2025, 11, 30)), ("2027M12", dt.date(2027, 12, 1))),
        ("quarter", 9, ("2025Q4", dt.date(2025, 10, 1), dt.date(2025, 12, 31)), ("2027Q4", dt.date(2027, 10, 1))),
        ("half_year", 5, ("2025H2", dt.date(2025, 7, 1), dt.date(2025, 12, 31)), ("2027H2", dt.date(2027, 7, 1))),
        ("year", 3, ("2025", dt.date(2025, 1, 1), dt.date(2025, 12, 31)), ("2027", dt.date(2027, 1, 1))),
    ],
)
def test_calendar_periods_follow_each_other(
    kind: str, number: int, first: tuple[str, dt.date, dt.date], last: tuple[str, dt.date]
) -> None:
    found = spans(kind, dt.date(2025, 11, 15), dt.date(2027, 12, 1))
    assert len(found) == number
    assert (found[0].code, found[0].starts_on, found[0].ends_on) == first
    assert (found[-1].code, found[-1].starts_on) == last
    for before, after in pairwise(found):
        assert after.starts_on == before.ends_on + dt.timedelta(days=1)


@pytest.mark.django_db
def test_every_kind_is_scored_and_kept_up_to_date(world: World, measured: Measured) -> None:
    measured.set("test.m0", world.orgs["east_one"], 1, 2)
    campaign = ready(world).campaign
    with pytest.raises(NotAllowed):
        periods_add(campaign=campaign, actor=world.user("staff", "root"), kind=PeriodKind.MONTH)
    for kind in MONTHS:
        added = periods_add(campaign=campaign, actor=world.user("office", "root"), kind=PeriodKind(kind))
        assert bool(added) == (kind != PeriodKind.HALF_YEAR)
        assert periods_add(campaign=campaign, actor=world.user("office", "root"), kind=PeriodKind(kind)) == 0
    codes = ("2026M06", "2026Q2", "2026H1", "2026")
    periods = [Period.objects.get(campaign=campaign, code=code) for code in codes]
    for period in periods:
        run(period, world.orgs["root"])
        assert len(shown(period)) == 7
    ScoreMark.objects.all().delete()
    measured.set("test.m0", world.orgs["east_one"], 2, 2)
    ScoreMark.objects.create(kind="organization", record=world.orgs["east_one"].pk)
    assert scores_refresh() == 4
    assert len({shown(period)["EAST_ONE"] for period in periods}) == 1
