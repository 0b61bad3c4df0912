"""What became other between two runs, and why."""

from typing import Any

import pytest

from campaign.models import Period
from campaign.scoring.history import causes, differences, differing, run_before
from campaign.scoring.models import ScoreMark, ScoreRun
from campaign.scoring.registry import ORGANIZATION
from campaign.scoring.services import scores_refresh
from orgs.models import Organization
from tests.scoring.conftest import Measured
from tests.scoring.sheets import BRANCHES, COMMITTEES, ready, run
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def period(world: World, measured: Measured) -> Period:
    measured.set("test.m0", world.orgs["east_one"], 1, 4)
    measured.set("test.m0", world.orgs["west_one"], 1, 4)
    found = ready(world, BRANCHES, COMMITTEES)
    run(found, world.orgs["root"])
    return found


def last() -> ScoreRun:
    return ScoreRun.objects.latest("pk")


def test_which_lines_differ_by_which_metric_and_what_was_changed(
    world: World, period: Period, measured: Measured
) -> None:
    first = last()
    ScoreMark.objects.all().delete()
    measured.set("test.m0", world.orgs["east_one"], 3, 4)
    ScoreMark.objects.create(kind=ORGANIZATION, record=world.orgs["east_one"].pk)
    scores_refresh()
    second = last()
    assert run_before(second) == first
    found = {one.after.organization.code: one for one in differences(first, second, world.user("office", "root"))}
    assert set(found) == {"EAST_ONE", "EAST", "ROOT"}
    branch = found["EAST_ONE"]
    (line,) = branch.lines
    assert (line.item.key, line.raw_before, line.raw_after) == ("fulfilment", "25.00% (1/4)", "75.00% (3/4)")
    assert (line.gain, branch.gain, branch.before and branch.before.run) == (1500, branch.gain, first)
    assert line.records_url
    assert [cause.count for cause in causes(first, second)] == [1]
    assert causes(None, first) == []
    # The other way round nothing has become other.
    assert differences(second, second, world.user("office", "root")) == []


def test_across_several_runs_each_subject_comes_once_with_the_first_and_the_last(
    world: World, period: Period, measured: Measured
) -> None:
    first = last()
    for numerator in (2, 3, 4):
        measured.set("test.m0", world.orgs["east_one"], numerator, 4)
        run(period, world.orgs["root"])
    found = differences(first, last(), world.user("office", "root"))
    (branch,) = [one for one in found if one.after.organization_id == world.orgs["east_one"].pk]
    assert (branch.lines[0].raw_before, branch.lines[0].raw_after) == ("25.00% (1/4)", "100.00% (4/4)")


def test_who_is_scored_no_more_and_who_is_new(world: World, period: Period) -> None:
    first = last()
    office = world.user("office", "root")
    Organization.objects.filter(pk=world.orgs["west_one"].pk).update(is_active=False)
    run(period, world.orgs["root"])
    (gone,) = [one for one in differences(first, last(), office) if one.after.organization.code == "WEST_ONE"]
    assert (gone.after.removed, gone.lines, gone.gain, len(gone.notes)) == (True, (), None, 1)
    second = last()
    Organization.objects.filter(pk=world.orgs["west_one"].pk).update(is_active=True)
    run(period, world.orgs["root"])
    (back,) = [one for one in differences(second, last(), office) if one.after.organization.code == "WEST_ONE"]
    assert (back.before, len(back.notes)) == (None, 1)
    assert len(differences(None, first, office)) == 7


def test_nobody_sees_what_is_out_of_reach(world: World, period: Period, measured: Measured) -> None:
    first = last()
    measured.set("test.m0", world.orgs["east_one"], 3, 4)
    run(period, world.orgs["root"])
    codes = {score.organization.code for score in differing(first, last(), world.user("staff", "west"))}
    assert codes == set()
    codes = {score.organization.code for score in differing(first, last(), world.user("staff", "east"))}
    assert codes == {"EAST", "EAST_ONE"}


def test_a_constant_number_of_queries(
    world: World, period: Period, measured: Measured, django_assert_num_queries: Any
) -> None:
    first = last()
    for key in ("east_one", "west_one"):
        measured.set("test.m0", world.orgs[key], 3, 4)
    run(period, world.orgs["root"])
    user, second = world.user("office", "root"), last()
    scores = list(differing(first, second, user))
    for some in (scores[:1], scores[:3]):
        with django_assert_num_queries(2):
            assert len(differences(first, second, user, some)) == len(some)
