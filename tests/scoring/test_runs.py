"""Score runs: who may ask, what readers see meanwhile, and what becomes of runs that meet, die or come back late."""

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed
from campaign.jobs.models import Job, JobState
from campaign.jobs.services import GivenUp, RunningJob, _claim, job_cancel, job_run
from campaign.models import Period, PeriodState
from campaign.scoring.arithmetic import Proportional
from campaign.scoring.builtin import ItemDefinition
from campaign.scoring.choices import Column, RunState
from campaign.scoring.models import PeriodScore, ScoreRun
from campaign.scoring.services import KIND, score_run_perform, score_run_request, score_runs_nightly, staging
from orgs.models import Organization
from tests.scoring.conftest import Measured
from tests.scoring.sheets import BRANCHES, COMMITTEES, MEMBERS, ready, run, shown
from tests.world import World

pytestmark = pytest.mark.django_db


def last_run() -> ScoreRun:
    return ScoreRun.objects.latest("pk")


def test_members_are_scored_too_and_only_where_a_sheet_is_for_them(measured_world: World) -> None:
    period = ready(measured_world, BRANCHES, MEMBERS)
    job = run(period, measured_world.orgs["root"])
    assert (job.figures["organizations"], job.figures["members"]) == (4, 24)
    assert shown(period)["east_one-3"] == (60_00, "合格")
    assert "EAST" not in shown(period)


def test_an_identical_second_run_changes_nothing_and_says_so(measured_world: World) -> None:
    period = ready(measured_world, BRANCHES, COMMITTEES, MEMBERS)
    first = run(period, measured_world.orgs["root"])
    rows = list(PeriodScore.objects.order_by("pk").values())
    second = run(period, measured_world.orgs["root"])
    assert list(PeriodScore.objects.order_by("pk").values()) == rows
    assert last_run().state == RunState.UNCHANGED
    assert second.figures["digest"] == first.figures["digest"]
    assert second.figures["changed"] == 0
    assert "没有变化" in second.message


def test_only_what_changed_is_written_and_the_old_row_stays(measured_world: World, measured: Measured) -> None:
    period = ready(measured_world)
    first = run(period, measured_world.orgs["root"])
    old = shown(period)
    measured.set("test.m0", measured_world.orgs["east_one"], 4, 4)
    second = run(period, measured_world.orgs["root"])
    # The branch, and by the averages of children the two committees above it.
    assert second.figures["changed"] == 3
    assert second.figures["digest"] != first.figures["digest"]
    assert {code for code, value in shown(period).items() if old[code] != value} == {"EAST_ONE", "EAST", "ROOT"}
    assert PeriodScore.objects.filter(organization=measured_world.orgs["east_one"]).count() == 2


def test_a_run_of_a_subtree_leaves_the_others_alone(measured_world: World, measured: Measured) -> None:
    period = ready(measured_world)
    run(period, measured_world.orgs["root"])
    old = shown(period)
    for key in ("east_one", "west_one"):
        measured.set("test.m0", measured_world.orgs[key], 4, 4)
    run(period, measured_world.orgs["east"])
    assert {code for code, value in shown(period).items() if old[code] != value} == {"EAST_ONE", "EAST"}


def test_who_is_scored_no_more_disappears(measured_world: World) -> None:
    period = ready(measured_world, BRANCHES, MEMBERS)
    run(period, measured_world.orgs["root"])
    Organization.objects.filter(code="EAST_TWO").update(is_active=False)
    job = run(period, measured_world.orgs["root"])
    assert job.figures["removed"] == 7
    assert not {"EAST_TWO", "east_two-0"} & set(shown(period))
    Organization.objects.filter(code="EAST_TWO").update(is_active=True)
    run(period, measured_world.orgs["root"])
    assert {"EAST_TWO", "east_two-0"} <= set(shown(period))


def test_the_members_below_a_closed_committee_still_count_above_it(world: World, measured: Measured) -> None:
    for key in ("east_one", "west_one"):
        measured.set("test.m0", world.members[key][0], 1, 2 if key == "east_one" else 1)
    average = ItemDefinition("members", "党员平均", Column.INSPECTION, "members.average", Proportional(10_000), 100)
    Organization.objects.filter(code="EAST").update(is_active=False)
    period = ready(world, MEMBERS, replace(COMMITTEES, items=(average,)))
    run(period, world.orgs["root"])
    assert shown(period)["ROOT"] == (75_00, "合格")


def test_a_metric_is_asked_for_the_records_entered_by_the_moment_of_the_run(
    measured_world: World, measured: Measured
) -> None:
    period = ready(measured_world)
    moment = clock.now() - timedelta(days=1)
    with clock.at(moment):
        run(period, measured_world.orgs["east"])
    assert {(scope.as_of, scope.period) for scope in measured.scopes} == {(moment, period)}
    assert last_run().as_of == moment


@pytest.mark.parametrize(
    ("actor", "at", "allowed"),
    [
        ("staff@east", "east", True),
        ("staff@east", "root", False),
        ("staff@east", "west", False),
        ("office@root", "root", True),
        ("secretary@east_one", "east_one", False),
        ("leader@root", "root", False),
    ],
)
def test_who_may_ask_for_a_run(measured_world: World, actor: str, at: str, allowed: bool) -> None:
    period = ready(measured_world)
    user = measured_world.user(*actor.split("@"))
    if allowed:
        assert run(period, measured_world.orgs[at], user).state == JobState.SUCCEEDED
    else:
        with pytest.raises(NotAllowed):
            score_run_request(actor=user, period=period, organization=measured_world.orgs[at])
        assert not ScoreRun.objects.exists()


def test_the_right_is_checked_again_when_the_job_runs(measured_world: World) -> None:
    period = ready(measured_world)
    job = score_run_request(
        actor=measured_world.user("staff", "east"), period=period, organization=measured_world.orgs["east"]
    )
    measured_world.user("staff", "east").assignments.update(ends_on=clock.today() - timedelta(days=1))
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert shown(period) == {}


def test_a_frozen_period_is_refused(measured_world: World) -> None:
    period = ready(measured_world)
    job = score_run_request(actor=None, period=period, organization=measured_world.orgs["root"])
    Period.objects.filter(pk=period.pk).update(state=PeriodState.FROZEN)
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    with pytest.raises(DomainError, match="封账"):
        score_run_request(actor=None, period=period, organization=measured_world.orgs["root"])


def test_an_organization_outside_the_campaign_is_refused(measured_world: World) -> None:
    period = ready(measured_world)
    foreign = Organization.objects.add_root(create_kwargs={"code": "X", "name": "别的集团", "type": "committee"})
    with pytest.raises(DomainError):
        score_run_request(actor=None, period=period, organization=foreign)


Hook = Callable[[int], None]


def nothing(_number: int) -> None: ...


class Watched(RunningJob):
    """A running job to which something happens: `at_guard` inside each transaction that writes, `between` outside of them."""

    def __init__(self, job: Job, attempt: int, at_guard: Hook, between: Hook) -> None:
        super().__init__(job, attempt)
        self.at_guard, self.guards = at_guard, 0
        self.between, self.advances = between, 0

    def guard(self) -> None:
        self.guards += 1
        self.at_guard(self.guards)
        super().guard()

    def advance(self, done: int) -> None:
        self.advances += 1
        self.between(self.advances)


def perform(job: Job, *, at_guard: Hook = nothing, between: Hook = nothing) -> Watched:
    attempt = _claim(str(job.pk))
    assert attempt is not None
    progress = Watched(Job.objects.get(pk=job.pk), attempt, at_guard, between)
    score_run_perform(progress)
    return progress


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "CHUNKS", dict.fromkeys(staging.CHUNKS, 3))


def change_everything(world: World, measured: Measured) -> None:
    for key, organization in world.orgs.items():
        measured.set("test.m0", organization, len(key), 13)
    for members in world.members.values():
        for member in members:
            measured.set("test.m0", member, 1, 3)


@pytest.mark.usefixtures("small_chunks")
def test_readers_see_the_old_result_until_all_of_the_new_one_is_there(
    measured_world: World, measured: Measured
) -> None:
    period = ready(measured_world, BRANCHES, COMMITTEES, MEMBERS)
    run(period, measured_world.orgs["root"])
    old = shown(period)
    change_everything(measured_world, measured)
    seen: list[bool] = []
    job = score_run_request(actor=None, period=period, organization=measured_world.orgs["root"])
    progress = perform(job, at_guard=lambda _number: seen.append(shown(period) == old))
    assert progress.guards > 10
    assert all(seen)
    assert not set(old.items()) & set(shown(period).items())


class PowerCut(BaseException):
    """Nothing catches it: what was committed stays, everything else is gone."""


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("seed", range(5))
def test_an_attempt_that_dies_leaves_the_old_result_and_the_next_one_ends_like_an_undisturbed_one(
    measured_world: World, measured: Measured, seed: int
) -> None:
    period = ready(measured_world, BRANCHES, COMMITTEES, MEMBERS)
    undisturbed = run(period, measured_world.orgs["root"])
    original = shown(period)
    change_everything(measured_world, measured)
    run(period, measured_world.orgs["root"])
    old = shown(period)
    for place, key in enumerate(("east_one", "east_two", "west_one", "west_two")):
        measured.set("test.m0", measured_world.orgs[key], place, 4)
    for key in ("east", "west", "root"):
        measured.set("test.m0", measured_world.orgs[key], 1, 2)
    for members in measured_world.members.values():
        for place, member in enumerate(members):
            measured.set("test.m0", member, place, 5)

    job = score_run_request(actor=None, period=period, organization=measured_world.orgs["root"])
    points = random.Random(seed).sample(range(2, 15), 3)
    for at in points:

        def die(number: int, at: int = at) -> None:
            if number == at:
                raise PowerCut

        with pytest.raises(PowerCut):
            perform(job, at_guard=die)
        assert shown(period) == old
        Job.objects.filter(pk=job.pk).update(lease_until=clock.now() - timedelta(seconds=1))
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 4)
    assert job.figures["digest"] == undisturbed.figures["digest"]
    assert shown(period) == original
    assert ScoreRun.objects.filter(job=job).count() == 1


def test_a_job_that_died_after_publishing_only_reports(measured_world: World) -> None:
    period = ready(measured_world)
    job = score_run_request(actor=None, period=period, organization=measured_world.orgs["root"])
    perform(job)
    rows = PeriodScore.objects.count()
    Job.objects.filter(pk=job.pk).update(lease_until=clock.now() - timedelta(seconds=1))
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert (job.state, PeriodScore.objects.count()) == (JobState.SUCCEEDED, rows)
    assert job.figures["digest"] == last_run().digest


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("at", [1, 8, 9, 10])
def test_an_attempt_that_was_given_up_cannot_write_late(measured_world: World, at: int) -> None:
    period = ready(measured_world)
    job = score_run_request(actor=None, period=period, organization=measured_world.orgs["root"])

    def taken_over(number: int) -> None:
        if number == at:
            Job.objects.filter(pk=job.pk).update(lease_until=clock.now() - timedelta(seconds=1))
            job_run(job_id=str(job.pk))

    with pytest.raises(GivenUp):
        perform(job, between=taken_over)
    assert PeriodScore.objects.count() == len(shown(period)) == 7


@pytest.mark.usefixtures("small_chunks")
def test_what_a_cancelled_run_left_is_swept_out_by_the_next_one(measured_world: World) -> None:
    period = ready(measured_world)
    actor = measured_world.user("office", "root")
    job = score_run_request(actor=actor, period=period, organization=measured_world.orgs["root"])

    def cancel(number: int) -> None:
        if number == 10:
            job_cancel(job=Job.objects.get(pk=job.pk), actor=actor)

    with pytest.raises(GivenUp):
        perform(job, between=cancel)
    Job.objects.filter(pk=job.pk).update(state=JobState.CANCELLED)
    left = ScoreRun.objects.get(job=job)
    assert left.scores.exists()
    assert left.shown_state == RunState.FAILED
    run(period, measured_world.orgs["east"])
    left.refresh_from_db()
    assert (left.state, left.scores.count()) == (RunState.FAILED, 0)
    assert set(shown(period)) == {"EAST", "EAST_ONE", "EAST_TWO"}


@pytest.fixture
def under_way(measured_world: World) -> Iterator[Callable[[str], tuple[Period, Job]]]:
    """Begin a run of a subtree that does not finish."""

    def begin(key: str) -> tuple[Period, Job]:
        period = ready(measured_world)
        job = score_run_request(actor=None, period=period, organization=measured_world.orgs[key])

        def die(number: int) -> None:
            if number == 5:
                raise PowerCut

        with pytest.raises(PowerCut):
            perform(job, at_guard=die)
        return period, job

    return begin  # type: ignore[return-value]


@pytest.mark.parametrize(("first", "second", "meet"), [
    ("root", "root", True),
    ("root", "east", True),
    ("east", "root", True),
    ("east", "east_one", True),
    ("east", "west", False),
    ("east_one", "east_two", False),
])  # fmt: skip
def test_overlapping_runs_never_run_at_once(
    measured_world: World, under_way: Any, first: str, second: str, meet: bool
) -> None:
    period, job = under_way(first)
    if not meet:
        assert run(period, measured_world.orgs[second]).state == JobState.SUCCEEDED
        return
    with pytest.raises(DomainError, match="正在计算"):
        score_run_request(actor=None, period=period, organization=measured_world.orgs[second])
    assert Job.objects.count() == 1
    Job.objects.filter(pk=job.pk).update(lease_until=clock.now() - timedelta(seconds=1))
    job_run(job_id=str(job.pk))
    assert run(period, measured_world.orgs[second]).state == JobState.SUCCEEDED


def test_a_run_of_another_period_is_in_nobodys_way(measured_world: World, under_way: Any) -> None:
    period, _job = under_way("root")
    other = period.campaign.periods.get(code="2026H2")
    assert run(other, measured_world.orgs["root"]).state == JobState.SUCCEEDED


def test_a_waiting_job_that_finds_its_subtree_taken_says_so(measured_world: World, under_way: Any) -> None:
    period = ready(measured_world)
    waiting = score_run_request(actor=None, period=period, organization=measured_world.orgs["root"])
    other = score_run_request(actor=None, period=period, organization=measured_world.orgs["east"])

    def overtake(number: int) -> None:
        if number == 5:
            job_run(job_id=str(waiting.pk))

    perform(other, between=overtake)
    waiting.refresh_from_db()
    assert (waiting.state, "正在计算" in waiting.message) == (JobState.FAILED, True)
    assert set(shown(period)) == {"EAST", "EAST_ONE", "EAST_TWO"}


@pytest.mark.usefixtures("emptied", "small_chunks")
@pytest.mark.django_db(transaction=True)
def test_others_write_between_the_chunks(measured_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that is half done would keep the run itself from writing on SQLite, once somebody else has written."""
    period = ready(measured_world, BRANCHES, COMMITTEES, MEMBERS)
    job = Job.objects.create(
        kind=KIND, parameters={"period": period.pk, "organization": measured_world.orgs["root"].pk}
    )

    def somebody_writes(number: int) -> None:
        thread = threading.Thread(target=write, args=(number,))
        thread.start()
        thread.join()

    def write(number: int) -> None:
        # Another text each time: SQLite writes nothing where nothing changes.
        Organization.objects.filter(code="ROOT").update(contact_name=str(number))
        connection.close()

    perform(job, between=somebody_writes)
    assert len(shown(period)) == 7 + 24


@pytest.mark.usefixtures("emptied")
@pytest.mark.django_db(transaction=True)
def test_of_two_runs_that_start_together_one_claims_the_subtree(measured_world: World) -> None:
    period = ready(measured_world)
    jobs = [
        Job.objects.create(kind=KIND, parameters={"period": period.pk, "organization": measured_world.orgs[key].pk})
        for key in ("root", "east")
    ]
    start, inside = threading.Barrier(2), threading.Barrier(2, timeout=1)
    met: list[bool] = []

    def work(job: Job) -> None:
        def wait_inside(number: int) -> None:
            if number == 1:
                try:
                    inside.wait()
                except threading.BrokenBarrierError:
                    return
                met.append(True)

        try:
            start.wait()
            perform(job, between=wait_inside)
        except DomainError:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met == []
    assert ScoreRun.objects.count() == 1


def test_the_nightly_run_asks_once_for_every_open_period_that_has_begun(
    measured_world: World, django_capture_on_commit_callbacks: Any
) -> None:
    period = ready(measured_world)
    ended = period.campaign.periods.get(code="2026H2")
    with clock.at(clock.start_of(period.starts_on) + timedelta(days=40)):
        assert score_runs_nightly() == 1
        assert score_runs_nightly() == 0
        with django_capture_on_commit_callbacks(execute=True):
            Job.objects.all().delete()
            assert score_runs_nightly() == 1
    assert len(shown(period)) == 7
    assert shown(ended) == {}
    Period.objects.filter(pk=period.pk).update(state=PeriodState.CLOSED)
    with clock.at(clock.start_of(period.starts_on) + timedelta(days=41)):
        assert score_runs_nightly() == 0


def test_the_command_prints_counts_and_digest(measured_world: World, capsys: Any) -> None:
    ready(measured_world)
    call_command("compute_scores", campaign="C1", period="2026H1")
    printed = capsys.readouterr().out
    assert "organizations: 7" in printed
    assert f"digest: {last_run().digest}" in printed


@pytest.mark.parametrize(
    "options",
    [
        {"period": "1999H1"},
        {"campaign": "C9"},
        {"org": "NOWHERE"},
        {"actor": "nobody"},
        {"actor": "staff-east"},
    ],
)
def test_the_command_refuses(measured_world: World, options: dict[str, str]) -> None:
    ready(measured_world)
    with pytest.raises(CommandError):
        call_command("compute_scores", **{"campaign": "C1", "period": "2026H1", **options})
    assert not ScoreRun.objects.exists()


def test_the_command_acts_for_a_person_in_a_subtree(measured_world: World, capsys: Any) -> None:
    ready(measured_world)
    call_command("compute_scores", campaign="C1", period="2026H1", org="EAST", actor="staff-east")
    assert "organizations: 3" in capsys.readouterr().out
    assert last_run().requested_by == measured_world.users["staff@east"]


def test_what_readers_see_is_found_by_an_index(measured_world: World) -> None:
    """Without it each row would be compared with each: nobody would notice in a small group."""
    period = ready(measured_world, BRANCHES, COMMITTEES, MEMBERS)
    run(period, measured_world.orgs["root"])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
    assert "score_replaced" in PeriodScore.objects.current().filter(period=period).explain()


def test_a_figure_too_large_to_be_exact_stops_the_run_in_words(measured_world: World, measured: Measured) -> None:
    period = ready(measured_world, BRANCHES, COMMITTEES, MEMBERS)
    run(period, measured_world.orgs["root"])
    old = shown(period)
    measured.set("test.m0", measured_world.orgs["east_one"], 10**16, 10**16)
    job = run(period, measured_world.orgs["root"])
    assert (job.state, "fulfilment" in job.message) == (JobState.FAILED, True)
    assert shown(period) == old
