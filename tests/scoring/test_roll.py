"""A period keeps the tree and the membership of its last day."""

import datetime as dt
from typing import Any

import pytest

from campaign.common import clock
from campaign.models import Period
from campaign.scoring.models import PeriodPlace, PeriodScore, ScoreMark
from campaign.scoring.services import period_places_keep, periods_end, scores_refresh
from orgs.models import EnrolmentOrigin, Member, Organization
from orgs.services.enrolments import enrolments_move, enrolments_settle
from tests.scoring.conftest import Measured
from tests.scoring.sheets import BRANCHES, COMMITTEES, MEMBERS, ready, run, shown
from tests.world import World

pytestmark = pytest.mark.django_db
AFTERWARDS = clock.start_of(dt.date(2026, 8, 1))


def move(member: Member, to: Organization, day: dt.date) -> None:
    Member.objects.filter(pk=member.pk).update(organization=to)
    enrolments_move([Member.objects.get(pk=member.pk)], moved_on=day, origin=EnrolmentOrigin.TRANSFERRED)


def home(period: Period, member: Member) -> Organization:
    found: Organization = PeriodScore.objects.current().get(period=period, member=member).organization
    return found


@pytest.fixture
def period(world: World, measured: Measured) -> Period:
    for place, key in enumerate(("east_one", "east_two", "west_one", "west_two")):
        measured.set("test.m0", world.orgs[key], place, 4)
    for members in world.members.values():
        for place, member in enumerate(members):
            measured.set("test.m0", member, place, 5)
    return ready(world, BRANCHES, COMMITTEES, MEMBERS)


@pytest.mark.parametrize(
    ("day", "where"),
    [
        (dt.date(2026, 3, 1), "west_one"),
        (dt.date(2026, 6, 30), "west_one"),
        (dt.date(2026, 7, 1), "east_one"),
    ],
)
def test_a_member_belongs_where_the_last_day_found_them(world: World, period: Period, day: dt.date, where: str) -> None:
    member = world.members["east_one"][1]
    with clock.at(AFTERWARDS):
        move(member, world.orgs["west_one"], day)
        run(period, world.orgs["root"])
        assert home(period, member) == world.orgs[where]
        assert len(shown(period)) == 7 + 24


def test_who_left_or_came_afterwards(world: World, period: Period) -> None:
    left = world.members["east_one"][2]
    with clock.at(AFTERWARDS):
        Member.objects.filter(pk=left.pk).update(status="left")
        enrolments_settle([Member.objects.get(pk=left.pk)], changed_on=dt.date(2026, 7, 15))
        new = Member.objects.create(personnel_no="NEW", name="新", sex="male", organization=world.orgs["east_one"])
        new.enrolments.create(organization=world.orgs["east_one"], starts_on=dt.date(2026, 7, 15))
        run(period, world.orgs["root"])
    assert "east_one-2" in shown(period)
    assert "NEW" not in shown(period)


def test_a_later_change_of_the_tree_changes_no_past_score(world: World, period: Period) -> None:
    run(period, world.orgs["root"])
    before = shown(period)
    with clock.at(clock.start_of(dt.date(2026, 7, 1)) + dt.timedelta(minutes=1)):
        assert periods_end() == 1
        assert periods_end() == 0
    Organization.objects.get(pk=world.orgs["east_two"].pk).move(world.orgs["west"], "last-child")
    Organization.objects.filter(pk=world.orgs["west_two"].pk).update(is_active=False)
    with clock.at(AFTERWARDS):
        job = run(period, world.orgs["root"])
        assert (job.figures["changed"], job.figures["removed"]) == (0, 0)
    assert shown(period) == before
    with clock.at(AFTERWARDS):
        other = period.campaign.periods.get(code="2026H2")
        run(other, world.orgs["root"])
    assert "WEST_TWO" not in shown(other)


def test_a_run_keeps_the_tree_where_midnight_was_missed(world: World, period: Period) -> None:
    assert not period_places_keep(period)  # it is not over
    with clock.at(AFTERWARDS):
        run(period, world.orgs["root"])
    kept: Any = PeriodPlace.objects.filter(period=period)
    assert kept.count() == 7


def test_of_two_moves_on_the_last_day_the_later_one_counts(world: World, period: Period) -> None:
    member = world.members["east_one"][1]
    with clock.at(AFTERWARDS):
        move(member, world.orgs["west_one"], dt.date(2026, 6, 30))
        move(member, world.orgs["east_two"], dt.date(2026, 6, 30))
        run(period, world.orgs["root"])
        assert home(period, member) == world.orgs["east_two"]
        ScoreMark.objects.all().delete()
        move(member, world.orgs["west_two"], dt.date(2026, 6, 30))
        scores_refresh()
        assert home(period, member) == world.orgs["west_two"]
        move(member, world.orgs["west_one"], dt.date(2026, 7, 1))
        scores_refresh()
        assert home(period, member) == world.orgs["west_two"]
