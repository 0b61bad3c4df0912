"""A job's row is the truth: claimed once, taken over after its worker died, never finished by an attempt that was given up."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.jobs.models import Job, JobState
from campaign.jobs.registry import JobKind, Outcome, Progress, kinds
from campaign.jobs.services import (
    GivenUp,
    job_cancel,
    job_files_expire,
    job_request,
    job_retry,
    job_run,
    jobs_sweep,
)
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


class Work:
    """A kind of job whose work and check the test decides."""

    def __init__(self) -> None:
        self.runs = 0
        self.refuse = False
        self.during: Any = None

    def check(self, user: Any, parameters: Mapping[str, Any]) -> None:
        if self.refuse:
            raise NotAllowed

    def run(self, progress: Progress) -> Outcome:
        self.runs += 1
        progress.step("counting", total=4)
        if self.during:
            self.during(progress)
        return Outcome(message="counted", figures={"n": progress.parameters["n"]})


@pytest.fixture
def work() -> Iterator[Work]:
    work = Work()
    kinds.register(JobKind("test.work", "test", work.run, work.check))
    yield work
    del kinds._items["test.work"]


def waiting(world: World) -> Job:
    return Job.objects.create(kind="test.work", parameters={"n": 7}, requested_by=world.user("staff", "east"))


def test_a_job_starts_when_the_request_commits(
    world: World, work: Work, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = job_request(kind="test.work", actor=world.user("staff", "east"), parameters={"n": 7})
        assert work.runs == 0
    job.refresh_from_db()
    assert (job.state, job.message, job.figures) == (JobState.SUCCEEDED, "counted", {"n": 7})


def test_the_right_is_checked_when_asked_for_and_again_when_run(world: World, work: Work) -> None:
    job = waiting(world)
    work.refuse = True
    with pytest.raises(NotAllowed):
        job_request(kind="test.work", actor=world.user("staff", "east"), parameters={"n": 7})
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert (job.state, work.runs) == (JobState.FAILED, 0)


def test_a_finished_job_is_not_run_again(world: World, work: Work) -> None:
    job = waiting(world)
    job_run(job_id=str(job.pk))
    job_run(job_id=str(job.pk))
    assert work.runs == 1


def test_a_running_job_is_left_alone_until_its_lease_runs_out(world: World, work: Work) -> None:
    job = waiting(world)
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, attempt=1, lease_until=now + dt.timedelta(seconds=5))
    job_run(job_id=str(job.pk))
    assert work.runs == 0
    Job.objects.filter(pk=job.pk).update(lease_until=now - dt.timedelta(seconds=1))
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert (work.runs, job.attempt, job.state) == (1, 2, JobState.SUCCEEDED)


def test_an_attempt_that_was_given_up_cannot_finish_late(world: World, work: Work) -> None:
    job = waiting(world)

    def taken_over(progress: Progress) -> None:
        Job.objects.filter(pk=job.pk).update(attempt=2)
        with pytest.raises(GivenUp):
            progress.guard()
        progress.step("next")

    work.during = taken_over
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.attempt, job.message) == (JobState.RUNNING, 2, "")


def test_a_job_that_keeps_dying_fails_in_the_end(world: World, work: Work) -> None:
    job = waiting(world)
    Job.objects.filter(pk=job.pk).update(attempt=settings.JOB_MAX_ATTEMPTS)
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert (job.state, work.runs) == (JobState.FAILED, 0)


def test_an_error_is_told_in_words_one_can_act_on(world: World, work: Work, caplog: pytest.LogCaptureFixture) -> None:
    job = waiting(world)

    def fail(progress: Progress) -> None:
        raise ZeroDivisionError("secret detail")

    work.during = fail
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "secret" not in job.message
    assert "secret detail" in caplog.text


def test_a_refusal_of_the_domain_is_told_as_it_is(world: World, work: Work) -> None:
    job = waiting(world)

    def refuse(progress: Progress) -> None:
        raise DomainError("the period is frozen")

    work.during = refuse
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.message) == (JobState.FAILED, "the period is frozen")


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_at_its_next_step(world: World, work: Work) -> None:
    owner = world.user("staff", "east")
    first, second = waiting(world), waiting(world)
    job_cancel(job=first, actor=owner)
    job_run(job_id=str(first.pk))
    work.during = lambda progress: (job_cancel(job=second, actor=owner), progress.step("next"))
    job_run(job_id=str(second.pk))
    assert [Job.objects.get(pk=job.pk).state for job in (first, second)] == [JobState.CANCELLED] * 2
    assert work.runs == 1


def test_only_its_owner_cancels_or_repeats_a_job(world: World, work: Work) -> None:
    job, other, owner = waiting(world), world.user("staff", "west"), world.user("staff", "east")
    with pytest.raises(NotAllowed):
        job_cancel(job=job, actor=other)
    with pytest.raises(StateConflict):
        job_retry(job=job, actor=owner)
    job_cancel(job=job, actor=owner)
    job.refresh_from_db()
    with pytest.raises(NotAllowed):
        job_retry(job=job, actor=other)
    assert job_retry(job=job, actor=owner).parameters == {"n": 7}
    with pytest.raises(StateConflict):
        job_cancel(job=job, actor=owner)


def test_the_sweep_announces_what_nobody_started_and_what_lost_its_worker(
    world: World, work: Work, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    lost, never_started, fresh, alive = (waiting(world) for _ in range(4))
    past, future = timezone.now() - dt.timedelta(minutes=1), timezone.now() + dt.timedelta(minutes=1)
    Job.objects.filter(pk=lost.pk).update(state=JobState.RUNNING, lease_until=past)
    Job.objects.filter(pk=alive.pk).update(state=JobState.RUNNING, lease_until=future)
    Job.objects.filter(pk=never_started.pk).update(created_at=past)
    assert jobs_sweep() == 2
    states = {job.pk: Job.objects.get(pk=job.pk).state for job in (lost, never_started, fresh, alive)}
    assert states[lost.pk] == states[never_started.pk] == JobState.SUCCEEDED
    assert (states[fresh.pk], states[alive.pk]) == (JobState.QUEUED, JobState.RUNNING)


def test_each_attempt_writes_its_own_file_and_files_expire(world: World, work: Work) -> None:
    job = waiting(world)
    paths: list[Path] = []

    def write(progress: Progress) -> None:
        paths.append(progress.file(".txt"))
        paths[-1].write_text("content", encoding="utf-8")

    work.during = write
    job_run(job_id=str(job.pk))
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING, lease_until=timezone.now() - dt.timedelta(seconds=1))
    job_run(job_id=str(job.pk))
    assert len(set(paths)) == 2
    relative = str(paths[1].relative_to(settings.MEDIA_ROOT))
    Job.objects.filter(pk=job.pk).update(file_path=relative, file_expires_at=timezone.now() + dt.timedelta(days=1))
    assert job_files_expire() == 0
    with clock.at(timezone.now() + dt.timedelta(days=2)):
        assert job_files_expire() == 1
    assert not paths[1].exists()


def test_what_an_attempt_left_behind_goes_after_a_day(world: World, work: Work) -> None:
    """It may hold names: what no job speaks of is not kept for ever. What a running one needs stays."""
    job, running = waiting(world), waiting(world)
    Job.objects.filter(pk=running.pk).update(state=JobState.RUNNING)
    folder = Path(settings.MEDIA_ROOT) / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    kept, lost, needed = folder / f"{job.pk}-2.xlsx", folder / f"{job.pk}-1.xlsx", folder / f"{running.pk}-1.xlsx"
    for path in (kept, lost, needed):
        path.write_text("content", encoding="utf-8")
    parts = folder / f"{job.pk}-parts"
    parts.mkdir()
    (parts / "1.xlsx").write_text("content", encoding="utf-8")
    soon, later = timezone.now() + dt.timedelta(hours=2), timezone.now() + dt.timedelta(hours=25)
    Job.objects.filter(pk=job.pk).update(
        state=JobState.SUCCEEDED, file_path=str(kept.relative_to(settings.MEDIA_ROOT)), file_expires_at=later + DAY
    )
    with clock.at(soon):
        job_files_expire()
    assert lost.exists()
    with clock.at(later):
        job_files_expire()
    assert [path.exists() for path in (kept, needed, lost, parts)] == [True, True, False, False]
