"""Big runs that several jobs share: the same result, one progress bar, and nothing lost whoever dies."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaign.common import clock
from campaign.common.errors import NotAllowed
from campaign.jobs.models import Job, JobState
from campaign.jobs.services import _claim, job_request, job_run
from campaign.models import Period
from campaign.scoring import roll
from campaign.scoring.models import PeriodScore, ScorePart, ScoreRun, ScoreTally
from campaign.scoring.roll import Extent, split
from campaign.scoring.services import KIND, parts, score_run_request, staging
from campaign.scoring.services.runs import run_parameters
from orgs.models import Organization
from tests.scoring.conftest import Measured
from tests.scoring.sheets import BRANCHES, COMMITTEES, MEMBERS, ready, run, shown
from tests.scoring.test_runs import PowerCut, Watched, change_everything, nothing, perform
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def period(measured_world: World, measured: Measured) -> Period:
    found = ready(measured_world, BRANCHES, COMMITTEES, MEMBERS)
    run(found, measured_world.orgs["root"])
    change_everything(measured_world, measured)
    return found


@pytest.fixture
def shared(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two jobs share every run: one the committee in the east, one that in the west."""
    settings.SCORE_JOBS = 2
    monkeypatch.setattr(roll, "SPLIT_FROM", 0)
    monkeypatch.setattr(roll, "CHOICE", 1)
    monkeypatch.setattr(staging, "CHUNKS", dict.fromkeys(staging.CHUNKS, 3))
    monkeypatch.setattr(parts, "TELL_EVERY", 0)


def lines(period: Period) -> set[tuple[Any, ...]]:
    names = ("organization", "member", "place", "peers", "sheet", "base", "total", "grade", "vetoed", "lines")
    return set(PeriodScore.objects.current().filter(period=period).values_list(*names))


def wanted(world: World, period: Period) -> tuple[set[tuple[Any, ...]], str]:
    """What one job alone makes of it, then taken back."""
    from django.db import transaction

    with transaction.atomic():
        job = run(period, world.orgs["root"])
        found = lines(period), str(job.figures["digest"])
        transaction.set_rollback(True)
    return found


def ask(world: World, period: Period) -> Job:
    return score_run_request(actor=None, period=period, organization=world.orgs["root"])


def helper() -> Job:
    return Job.objects.get(kind=parts.KIND)


def help_along(at_guard: Callable[[int], None] = nothing, between: Callable[[int], None] = nothing) -> None:
    """Do what another worker would; something happens inside its transactions, or between them."""
    job = helper()
    attempt = _claim(str(job.pk))
    assert attempt is not None
    parts.score_part_perform(Watched(Job.objects.get(pk=job.pk), attempt, at_guard, between))


def at(number: int, do: Callable[[], None]) -> Callable[[int], None]:
    return lambda reached: do() if reached == number else None


def test_a_run_is_cut_into_parts_of_about_the_same_size_and_what_stands_above(
    measured_world: World, period: Period, shared: None
) -> None:
    root = measured_world.orgs["root"]
    for jobs in (2, 3, 4):
        spans = split(Extent(period, root.path, clock.now()), jobs)
        paths = list(Organization.objects.values_list("path", flat=True))
        inside = [[p for p in paths if one.low <= p < one.high and one.least <= len(p) <= one.most] for one in spans]
        assert sorted(p for some in inside for p in some) == sorted(paths)
        assert len(spans) == jobs + 1
        assert all(inside)
    assert split(Extent(period, root.path, clock.now()), 1) == []
    assert split(Extent(period, measured_world.orgs["east_one"].path, clock.now()), 2) == []


def test_small_runs_are_not_shared(measured_world: World, period: Period, settings: Any) -> None:
    settings.SCORE_JOBS = 2
    run(period, measured_world.orgs["root"])
    assert not Job.objects.filter(kind=parts.KIND).exists()


def test_the_run_s_own_job_does_what_nobody_takes(measured_world: World, period: Period, request: Any) -> None:
    expected = wanted(measured_world, period)
    request.getfixturevalue("shared")
    job = run(period, measured_world.orgs["root"])
    assert (lines(period), job.figures["digest"]) == expected
    assert (job.figures["organizations"], job.figures["members"], job.figures["changed"]) == (7, 24, 31)
    assert not ScorePart.objects.exists()
    # The other one comes too late, and finds nothing to do.
    job_run(job_id=str(helper().pk))
    assert helper().state == JobState.SUCCEEDED
    assert run(period, measured_world.orgs["root"]).figures["changed"] == 0


def test_two_jobs_share_a_run_and_readers_see_it_all_at_once(
    measured_world: World, period: Period, request: Any
) -> None:
    expected, old = wanted(measured_world, period), shown(period)
    request.getfixturevalue("shared")
    job, seen, done = ask(measured_world, period), [], []

    def also() -> None:
        help_along(lambda _number: seen.append(shown(period) == old))
        done.append(sorted(ScorePart.objects.values_list("state", flat=True)))

    perform(job, at_guard=at(6, also))
    assert done == [["done", "running"]]
    assert len(seen) > 3
    assert all(seen)
    assert (lines(period), ScoreRun.objects.get(job=job).digest) == expected


def test_one_bar_shows_the_progress_of_all(measured_world: World, period: Period, shared: None) -> None:
    job, seen = ask(measured_world, period), []

    class Bar(Watched):
        def step(self, name: Any, total: int = 0) -> None:
            seen.append((str(name), total))
            super().step(name, total)

        def advance(self, done: int) -> None:
            seen.append((None, done))
            super().advance(done)

    attempt = _claim(str(job.pk))
    assert attempt
    from campaign.scoring.services import score_run_perform

    score_run_perform(Bar(Job.objects.get(pk=job.pk), attempt, at(6, help_along), nothing))
    begins = next(place for place, (name, total) in enumerate(seen) if name and total == 2 * parts.WHOLE)
    numbers = [done for name, done in seen[begins + 1 :] if name is None]
    assert numbers == sorted(numbers)
    assert numbers[-1] > parts.WHOLE


@pytest.mark.parametrize("dies_at", [2, 5, 7])
def test_when_a_worker_dies_over_its_part_the_run_does_it_all_itself(
    measured_world: World, period: Period, request: Any, dies_at: int
) -> None:
    expected, old = wanted(measured_world, period), shown(period)
    request.getfixturevalue("shared")
    job = ask(measured_world, period)

    def die(number: int) -> None:
        if number == dies_at:
            raise PowerCut

    def also() -> None:
        with pytest.raises(PowerCut):
            help_along(die)
        Job.objects.filter(kind=parts.KIND).update(lease_until=clock.now() - dt.timedelta(seconds=1))
        assert shown(period) == old

    perform(job, at_guard=at(6, also))
    assert (lines(period), ScoreRun.objects.get(job=job).digest) == expected
    job_run(job_id=str(helper().pk))
    assert lines(period) == expected[0]
    assert not ScoreTally.objects.exclude(run__job=job).filter(run__period=period, run__state="staging").exists()


def test_when_the_run_s_own_worker_dies_the_others_write_no_more(
    measured_world: World, period: Period, request: Any
) -> None:
    expected, old = wanted(measured_world, period), shown(period)
    request.getfixturevalue("shared")
    job = ask(measured_world, period)

    def die() -> None:
        raise PowerCut

    with pytest.raises(PowerCut):
        perform(job, at_guard=at(7, die))
    assert shown(period) == old

    def next_attempt() -> None:
        Job.objects.filter(pk=job.pk).update(lease_until=clock.now() - dt.timedelta(seconds=1))
        Job.objects.filter(kind=parts.KIND).exclude(state=JobState.RUNNING).update(state=JobState.CANCELLED)
        job_run(job_id=str(job.pk))

    help_along(between=at(2, next_attempt))
    job.refresh_from_db()
    assert (job.state, lines(period), job.figures["digest"]) == (JobState.SUCCEEDED, *expected)


@pytest.mark.postgres
def test_a_part_locks_its_own_row_and_never_the_run_that_others_read(
    measured_world: World, period: Period, shared: None
) -> None:
    job = ask(measured_world, period)
    with CaptureQueriesContext(connection) as captured:
        perform(job, at_guard=at(6, help_along))
    locks = [
        each["sql"] for each in captured if 'FROM "scoring_scorepart"' in each["sql"] and "FOR UPDATE" in each["sql"]
    ]
    assert len(locks) > 3
    assert all(sql.endswith('FOR UPDATE OF "scoring_scorepart"') for sql in locks), locks[0]


@pytest.mark.usefixtures("emptied")
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_are_in_nobodys_way(measured_world: World, measured: Measured, request: Any) -> None:
    period = ready(measured_world, BRANCHES, COMMITTEES, MEMBERS)
    digest = run(period, measured_world.orgs["root"]).figures["digest"]
    request.getfixturevalue("shared")
    for turn in range(4):
        change_everything(measured_world, measured)
        for place, member in enumerate(measured_world.members["west_two"]):
            measured.set("test.m0", member, place, 9 + turn)
        Job.objects.all().delete()
        job = Job.objects.create(kind=KIND, parameters=run_parameters(period, measured_world.orgs["root"].pk))

        def other(moment: dt.datetime) -> None:
            try:
                with clock.at(moment):
                    while not Job.objects.filter(kind=parts.KIND).exists():
                        time.sleep(0.01)
                    job_run(job_id=str(helper().pk))
            finally:
                connection.close()

        thread = threading.Thread(target=other, args=(clock.now(),))
        thread.start()
        job_run(job_id=str(job.pk))
        thread.join(timeout=60)
        job.refresh_from_db()
        assert (job.state, helper().state) == (JobState.SUCCEEDED, JobState.SUCCEEDED), job.message
        assert job.figures["digest"] == staging.digest(period, measured_world.orgs["root"].path) != digest
        assert len(shown(period)) == 7 + 24


def test_parts_are_the_system_s_own(measured_world: World) -> None:
    with pytest.raises(NotAllowed):
        job_request(kind=parts.KIND, actor=measured_world.user("office", "root"), parameters={"run": 1})
