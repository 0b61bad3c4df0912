"""Incremental runs: after any change they give what a full run gives."""

import dataclasses
import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.jobs.models import Job
from campaign.models import Period, PeriodState
from campaign.scoring.choices import RunKind, RunState
from campaign.scoring.models import PeriodScore, ScoreMark, ScoreRun, ScoreTally
from campaign.scoring.registry import MEMBER, ORGANIZATION
from campaign.scoring.services import score_run_request, scores_fall_due, scores_refresh
from orgs.models import Member, Organization
from orgs.services import enrolments
from pledges.models import Pledge, PledgeItem
from tests.scoring.conftest import Measured
from tests.scoring.sheets import BRANCHES, COMMITTEES, MEMBERS, ready, run, shown
from tests.scoring.test_random import (
    assert_ranks,
    build,
    enter,
    expected,
    groups,
    measure,
    random_entries,
    random_figures,
    seen,
)
from tests.world import World

pytestmark = pytest.mark.django_db


def mark(subject: Any) -> None:
    ScoreMark.objects.create(kind=MEMBER if isinstance(subject, Member) else ORGANIZATION, record=subject.pk)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_after_any_change_an_incremental_run_gives_what_a_full_run_gives(measured: Measured, data: Any) -> None:
    group = data.draw(groups())
    with transaction.atomic():
        period, subjects = build(group, measured)
        run(period, subjects["O0"])
        for _change in range(data.draw(st.integers(1, 3))):
            ScoreMark.objects.all().delete()
            before, group["figures"] = group["figures"], data.draw(random_figures(group))
            measure(group, subjects, measured)
            changed = {
                code
                for key, code in before.keys() | group["figures"].keys()
                if before.get((key, code)) != group["figures"].get((key, code))
            }
            for code in changed:
                mark(subjects[code])
            group["entries"] = data.draw(random_entries(group))
            enter(group, subjects, period)  # the database marks them by itself
            scores_refresh()
            wanted = expected(group)
            assert seen(period) == wanted
            assert_ranks(period, group, wanted)
        again = run(period, subjects["O0"])
        assert again.figures["changed"] == again.figures["removed"] == 0
        transaction.set_rollback(True)


@pytest.fixture
def scored(world: World, measured: Measured) -> tuple[World, Period, Measured]:
    for place, key in enumerate(("east_one", "east_two", "west_one", "west_two")):
        measured.set("test.m0", world.orgs[key], place, 4)
    for members in world.members.values():
        for place, member in enumerate(members):
            measured.set("test.m0", member, place, 5)
    period = ready(world, BRANCHES, COMMITTEES, MEMBERS)
    run(period, world.orgs["root"])
    ScoreMark.objects.all().delete()
    return world, period, measured


def test_a_change_costs_its_branch_and_what_is_above_it(scored: tuple[World, Period, Measured]) -> None:
    world, period, measured = scored
    old = shown(period)
    measured.set("test.m0", world.orgs["east_one"], 4, 4)
    mark(world.orgs["east_one"])
    assert scores_refresh() == 1
    assert {code for code, value in shown(period).items() if old[code] != value} == {"EAST_ONE", "EAST", "ROOT"}
    last = ScoreRun.objects.latest("pk")
    assert (last.kind, last.state, last.counts["changed"]) == (RunKind.INCREMENTAL, RunState.PUBLISHED, 3)
    # The branch with its six members, and two committees: nobody else was looked at.
    assert (last.counts["organizations"], last.counts["members"]) == (3, 6)
    assert AuditEntry.objects.of(last).count() == 1
    assert scores_refresh() == 0
    assert not ScoreMark.objects.exists()


def test_a_mark_without_a_difference_leaves_no_run(scored: tuple[World, Period, Measured]) -> None:
    world, _period, _measured = scored
    runs = ScoreRun.objects.count()
    mark(world.members["east_one"][0])
    assert scores_refresh() == 0
    assert (ScoreRun.objects.count(), ScoreMark.objects.count()) == (runs, 0)


def test_while_a_run_is_under_way_the_marks_wait(scored: tuple[World, Period, Measured]) -> None:
    world, period, measured = scored
    job = score_run_request(actor=None, period=period, organization=world.orgs["east"])
    ScoreRun.objects.create(
        period=period, organization=world.orgs["east"], place=world.orgs["east"].path, as_of=clock.now(), job=job
    )
    measured.set("test.m0", world.orgs["west_one"], 4, 4)
    mark(world.orgs["west_one"])
    assert scores_refresh() == 0
    assert ScoreMark.objects.count() == 1
    Job.objects.filter(pk=job.pk).update(state="cancelled")
    assert scores_refresh() == 1


def test_frozen_periods_and_those_never_computed_as_a_whole_are_left_alone(
    scored: tuple[World, Period, Measured],
) -> None:
    world, period, measured = scored
    old = shown(period)
    measured.set("test.m0", world.orgs["west_one"], 4, 4)
    Period.objects.filter(pk=period.pk).update(state=PeriodState.FROZEN)
    mark(world.orgs["west_one"])
    assert scores_refresh() == 0
    assert shown(period) == old


def test_a_change_of_the_tree_asks_for_a_full_run(scored: tuple[World, Period, Measured]) -> None:
    world, period, _measured = scored
    Organization.objects.filter(pk=world.orgs["east_two"].pk).update(is_active=False)
    assert scores_refresh() == 0
    assert Job.objects.active().filter(kind="scoring.run", parameters__period=period.pk).count() == 1


def test_the_database_marks_what_services_and_statements_change(world: World) -> None:
    member, branch = world.members["east_one"][1], world.orgs["east_one"]
    campaign = world.campaign()
    ScoreMark.objects.all().delete()

    def marks() -> set[tuple[str, int]]:
        found = set(ScoreMark.objects.values_list("kind", "record"))
        ScoreMark.objects.all().delete()
        return found

    pledge = Pledge.objects.create(
        campaign=campaign, subject_kind="member", organization=branch, member=member, year=2026,
        reviewing_organization=branch, subject_name=member.name, organization_name=branch.name,
    )  # fmt: skip
    assert marks() == {(MEMBER, member.pk), (ORGANIZATION, branch.pk)}
    item = PledgeItem.objects.create(pledge=pledge, order=1, kind="post", text="x", due_on=dt.date(2026, 3, 1))
    assert marks() == {("pledges.pledge", pledge.pk)}
    PledgeItem.objects.filter(pk=item.pk).update(due_on=dt.date(2026, 4, 1))
    assert marks() == {("pledges.pledge", pledge.pk)}
    PledgeItem.objects.filter(pk=item.pk).update(text="y")
    assert marks() == set()
    Member.objects.filter(pk=member.pk).update(organization=world.orgs["east_two"])
    enrolments.enrolments_move(
        [Member.objects.get(pk=member.pk)],
        moved_on=clock.today(),
        origin="transferred",  # type: ignore[arg-type]
    )
    assert marks() >= {(MEMBER, member.pk), (ORGANIZATION, branch.pk), (ORGANIZATION, world.orgs["east_two"].pk)}
    Organization.objects.filter(pk=branch.pk).update(is_active=False)
    assert marks() == {("tree", branch.pk)}
    moment = clock.now()
    Pledge.objects.filter(pk=pledge.pk).update(
        state="published", submitted_at=moment, reviewed_at=moment, published_at=moment
    )
    marks()
    assert scores_fall_due(after=dt.date(2026, 4, 1), until=dt.date(2026, 4, 2)) == 1
    assert marks() == {("pledges.pledge", pledge.pk)}
    assert scores_fall_due(after=dt.date(2026, 4, 2), until=dt.date(2026, 4, 3)) == 0


@pytest.fixture
def august() -> Iterator[None]:
    with clock.at(clock.start_of(dt.date(2026, 8, 1))):
        yield


@pytest.mark.usefixtures("august")
def test_real_records_reach_the_scores(world: World) -> None:
    """The built-in sheets, with the metrics of pledges: an appraisal alone is enough."""
    campaign = world.campaign()
    period = campaign.periods.get(code="2026H2")
    member, branch = world.members["east_one"][1], world.orgs["east_one"]
    moment = clock.start_of(dt.date(2026, 7, 2))
    pledge = Pledge.objects.create(
        campaign=campaign, subject_kind="member", organization=branch, member=member, year=2026, state="in_progress",
        reviewing_organization=branch, subject_name=member.name, organization_name=branch.name,
        submitted_at=moment, reviewed_at=moment, published_at=moment,
    )  # fmt: skip
    item = PledgeItem.objects.create(pledge=pledge, order=1, kind="post", text="x", due_on=dt.date(2026, 7, 10))
    run(period, world.orgs["root"])
    ScoreMark.objects.all().delete()
    assert shown(period)["east_one-1"] == (0, "不合格")
    PledgeItem.objects.filter(pk=item.pk).update(result="fulfilled", mark=10_000, appraised_at=moment)
    assert scores_refresh() == 1
    assert shown(period)["east_one-1"] == (100_00, "优秀")
    after = list(PeriodScore.objects.current().order_by("pk").values())
    assert run(period, world.orgs["root"]).figures["changed"] == 0
    assert list(PeriodScore.objects.current().order_by("pk").values()) == after


def test_of_several_tallies_of_one_organization_the_last_one_counts(scored: tuple[World, Period, Measured]) -> None:
    """What an earlier run left is taken away after the next one is published: until then both are there."""
    world, period, measured = scored
    first = ScoreRun.objects.latest("pk")
    earlier = list(ScoreTally.objects.filter(run=first, organization=world.orgs["east_two"]).values())
    measured.set("test.m0", world.orgs["east_two"], 4, 4)
    run(period, world.orgs["root"])
    assert not ScoreTally.objects.filter(run=first, organization=world.orgs["east_two"]).exists()
    ScoreTally.objects.bulk_create(ScoreTally(**tally) for tally in earlier)
    ScoreMark.objects.all().delete()
    measured.set("test.m0", world.orgs["east_one"], 2, 4)
    mark(world.orgs["east_one"])
    assert scores_refresh() == 1
    assert run(period, world.orgs["root"]).figures["changed"] == 0


def test_an_organization_that_was_not_marked_keeps_the_figures_of_its_own_members(
    world: World, measured: Measured
) -> None:
    average = dataclasses.replace(COMMITTEES.items[1], metric="members.average")
    committees = dataclasses.replace(COMMITTEES, items=(COMMITTEES.items[0], average))
    Member.objects.filter(pk=world.members["east_two"][1].pk).update(organization=world.orgs["east"])
    for members in world.members.values():
        for place, member in enumerate(members):
            measured.set("test.m0", member, place, 5)
    period = ready(world, BRANCHES, committees, MEMBERS)
    run(period, world.orgs["root"])
    ScoreMark.objects.all().delete()
    measured.set("test.m0", world.members["east_one"][0], 5, 5)
    mark(world.members["east_one"][0])
    assert scores_refresh() == 1
    east = PeriodScore.objects.current().get(period=period, organization=world.orgs["east"], member=None)
    average_now = east.unpacked()["children"]
    # Two branches of six with 0, 20 … 100 marks: one has 100 now instead of 0, and one belongs to the committee itself.
    assert (average_now.numerator, average_now.denominator) == (2 * 300_00 + 100_00, 12 * 100_00)
    assert run(period, world.orgs["root"]).figures["changed"] == 0


def test_who_belongs_nowhere_any_more_is_scored_no_more_though_no_organization_is_marked(
    scored: tuple[World, Period, Measured],
) -> None:
    world, period, _measured = scored
    member = world.members["east_one"][3]
    assert member.personnel_no in shown(period)
    Member.objects.filter(pk=member.pk).update(status="left")
    ScoreMark.objects.all().delete()
    mark(member)
    assert scores_refresh() == 1
    assert member.personnel_no not in shown(period)
    assert ScoreRun.objects.latest("pk").counts["removed"] == 1
