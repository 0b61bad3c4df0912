"""The average of those directly below, weighted by their members: by hand, and as members come and go."""

import dataclasses
import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from campaign.common import clock
from campaign.jobs.services import job_run
from campaign.models import Period
from campaign.scoring.explain import explain
from campaign.scoring.models import PeriodScore, ScoreMark
from campaign.scoring.services import periods_end, score_run_request, scores_refresh
from orgs.models import EnrolmentOrigin, Member, Organization
from orgs.services.enrolments import enrolments_move, enrolments_settle
from tests.scoring.conftest import As, Measured
from tests.scoring.sheets import BRANCHES, COMMITTEES, ready, run, shown
from tests.scoring.test_by_hand import points_of
from tests.world import World

pytestmark = pytest.mark.django_db
COVERAGE, AVERAGE = COMMITTEES.items
WEIGHTED = dataclasses.replace(
    COMMITTEES, items=(COVERAGE, dataclasses.replace(AVERAGE, metric="children.weighted", label="下级加权平均"))
)
FIGURES = {"east_one": (1, 1), "east_two": (1, 2)}
"""What the branches have of the item that tells them apart: 30 and 15 of 30 marks."""


@pytest.fixture
def weighted(world: World, measured: Measured) -> tuple[World, Period]:
    """Members of the branches: 6 and 2 in the east, 10 and 6 in the west."""
    for member in world.members["east_two"][2:]:
        moved(member, world.orgs["west_one"], dt.date(2026, 3, 1))
    for key, value in FIGURES.items():
        measured.set("test.m0", world.orgs[key], *value)
    period = ready(world, BRANCHES, WEIGHTED)
    run(period, world.orgs["root"])
    ScoreMark.objects.all().delete()
    return world, period


def figure(period: Period, organization: Any) -> tuple[int, int]:
    """Return what was measured of the weighted average of an organization."""
    score = PeriodScore.objects.current().get(period=period, organization=organization, member=None)
    line = score.unpacked()["children"]
    return line.numerator, line.denominator


def moved(member: Member, to: Any, day: dt.date) -> None:
    Member.objects.filter(pk=member.pk).update(organization=to)
    enrolments_move([Member.objects.get(pk=member.pk)], moved_on=day, origin=EnrolmentOrigin.TRANSFERRED)


def test_worked_by_hand(weighted: tuple[World, Period]) -> None:
    world, period = weighted
    totals = shown(period)
    # 30 or 15 of 30 marks and 10 of 10, of the 60 that count: folded 66.67 and 41.67; in the west 10 of 60.
    assert [totals[code][0] for code in ("EAST_ONE", "EAST_TWO", "WEST_ONE")] == [66_67, 41_67, 16_67]
    # (66.67 × 6 + 41.67 × 2) / 8 = 60.42, × 0.6 = 36.252 = 36.25
    assert figure(period, world.orgs["east"]) == (66_67 * 6 + 41_67 * 2, 8 * 100_00)
    east = PeriodScore.objects.current().get(period=period, organization=world.orgs["east"], member=None)
    assert points_of(east) == (0, 36_25)
    # (36.25 × 8 + 10.00 × 16) / 24 = 18.75, × 0.6 = 11.25
    assert figure(period, world.orgs["root"]) == (36_25 * 8 + 10_00 * 16, 24 * 100_00)
    assert totals["ROOT"][0] == 11_25


def test_whoever_joins_or_leaves_changes_the_weight(weighted: tuple[World, Period]) -> None:
    """An incremental run finds it, though no branch has another score; a full one then finds nothing to change."""
    world, period = weighted
    branches = {code: value for code, value in shown(period).items() if "_" in code}
    moved(world.members["east_one"][1], world.orgs["west_two"], clock.today())
    assert scores_refresh() == 1
    assert {code: value for code, value in shown(period).items() if "_" in code} == branches
    assert figure(period, world.orgs["east"]) == (66_67 * 5 + 41_67 * 2, 7 * 100_00)
    leaver = world.members["east_two"][0]
    Member.objects.filter(pk=leaver.pk).update(status="left")
    enrolments_settle([Member.objects.get(pk=leaver.pk)], changed_on=clock.today())
    assert scores_refresh() == 1
    assert figure(period, world.orgs["east"]) == (66_67 * 5 + 41_67, 6 * 100_00)
    assert run(period, world.orgs["root"]).figures["changed"] == 0


def test_the_members_are_those_of_the_last_day(weighted: tuple[World, Period]) -> None:
    world, period = weighted
    here = figure(period, world.orgs["east"])
    july = dt.date(2026, 7, 1)
    with clock.at(clock.start_of(july) + dt.timedelta(minutes=1)):
        periods_end()
        moved(world.members["east_one"][1], world.orgs["west_two"], july)
        assert scores_refresh() == 0
        assert run(period, world.orgs["root"]).figures["changed"] == 0
        assert figure(period, world.orgs["east"]) == here
        # What becomes known of the time before counts: one came to the branch on the last day.
        moved(world.members["west_one"][1], world.orgs["east_one"], period.ends_on)
        assert scores_refresh() == 1
    assert figure(period, world.orgs["east"]) == (66_67 * 7 + 41_67 * 2, 9 * 100_00)


def test_without_members_there_is_nothing_to_weigh(weighted: tuple[World, Period]) -> None:
    world, period = weighted
    for member in (*world.members["east_one"], *world.members["east_two"][:2]):
        moved(member, world.orgs["west_one"], clock.today())
    scores_refresh()
    assert figure(period, world.orgs["east"]) == (0, 0)
    assert "EAST" in shown(period)
    assert shown(period)["EAST"][0] == 0  # the other item alone is left
    assert figure(period, world.orgs["root"]) == (10_00 * 24, 24 * 100_00)


def test_a_closed_child_and_its_members_do_not_count(weighted: tuple[World, Period]) -> None:
    world, period = weighted
    Organization.objects.filter(pk=world.orgs["east_two"].pk).update(is_active=False)
    run(period, world.orgs["root"])
    assert figure(period, world.orgs["east"]) == (66_67 * 6, 6 * 100_00)
    assert figure(period, world.orgs["root"])[1] == (6 + 16) * 100_00


def test_the_list_of_the_records_shows_the_weights(weighted: tuple[World, Period], as_: As) -> None:
    world, period = weighted
    score = PeriodScore.objects.current().get(period=period, organization=world.orgs["east"], member=None)
    line = next(line for line in explain(score).lines if line.item.key == "children")
    assert line.metric_label == "直属下级党组织平均得分（按党员人数加权）"
    answer = as_("office@root").get(line.records_url)
    assert "计入党员" in answer.content.decode()
    assert [row.get_cell("heads") for row in answer.context["table"].rows] == ["6", "2"]
    assert "计入党员" not in as_("office@root").get(reverse("score_list")).content.decode()
    assert "按党员人数加权" in as_("office@root").get(reverse("metric_list")).content.decode()


def test_until_everything_was_computed_by_a_new_sheet_the_marks_wait(weighted: tuple[World, Period]) -> None:
    """What organizations pass on by a new sheet is only there once all of it has been computed."""
    world, period = weighted
    job = score_run_request(actor=None, period=period, organization=world.orgs["root"])
    moved(world.members["east_one"][1], world.orgs["west_two"], clock.today())
    assert scores_refresh() == 0
    assert ScoreMark.objects.exists()
    job_run(job_id=str(job.pk))
    assert scores_refresh() == 0
    assert not ScoreMark.objects.exists()
    assert figure(period, world.orgs["east"]) == (66_67 * 5 + 41_67 * 2, 7 * 100_00)
