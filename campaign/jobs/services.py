"""Asking for jobs, running them, and taking over those whose worker died.

A job is claimed by one conditional update that gives it an attempt number and a lease. Every later write is conditional on
that attempt, so a worker that was given up cannot finish late. A thread keeps the lease alive while the work runs; when
the process dies the lease runs out and the sweep puts the job back into the queue.
"""

import datetime as dt
import logging
import shutil
import threading
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import F, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import override

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.jobs.models import ACTIVE, Job, JobState
from campaign.jobs.registry import JobKind, Outcome, kinds
from campaign.jobs.selectors import has_file

logger = logging.getLogger(__name__)


class GivenUp(Exception):
    """This attempt is no longer the job's: it was cancelled, or taken over after its lease ran out."""


def job_request(*, kind: str, actor: Any, parameters: Mapping[str, Any] | None = None) -> Job:
    """Ask for a job; it starts when the transaction commits. Raises what the kind's check raises."""
    given = dict(parameters or {})
    kinds.get(kind).check(actor, given)
    acting = getattr(actor, "acting_for", None)
    through = acting.delegation_id if acting else None
    job = Job.objects.create(kind=kind, parameters=given, requested_by=actor, acting_through=through)
    transaction.on_commit(lambda: enqueue(job))
    return job


def enqueue(job: Job) -> None:
    """Tell the workers. A lost message does no harm: the sweep sends another."""
    from campaign.jobs.tasks import run

    try:
        run.delay(str(job.pk))
    except OSError:
        logger.warning("job %s could not be announced; the sweep will", job.pk)


def job_cancel(*, job: Job, actor: Any) -> None:
    """Cancel a waiting job at once, a running one at its next step. Raises NotAllowed, StateConflict."""
    if job.requested_by_id != actor.pk:
        raise NotAllowed
    waiting = Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
        state=JobState.CANCELLED, finished_at=clock.now(), lease_until=None
    )
    if waiting:
        shutil.rmtree(_folder(job), ignore_errors=True)
    elif not Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(cancel_requested=True):
        raise StateConflict


def job_retry(*, job: Job, actor: Any) -> Job:
    """Ask for the same job again, with the checks of today."""
    if job.requested_by_id != actor.pk:
        raise NotAllowed
    if job.state in ACTIVE:
        raise StateConflict
    return job_request(kind=job.kind, actor=actor, parameters=job.parameters)


def job_download(*, job: Job, actor: Any) -> Path:
    """Return the job's file for `actor`, with an entry in the audit log.

    Raises NotAllowed when the right to what it holds was taken away meanwhile, DomainError when it is no longer kept.
    """
    if job.requested_by_id != actor.pk:
        raise NotAllowed
    path = Path(settings.MEDIA_ROOT) / job.file_path
    if not has_file(job) or not path.is_file():
        raise DomainError(_("The file is no longer kept. Run the job again to get it."))
    try:
        kinds.get(job.kind).check(actor, job.parameters)
    except NotAllowed:
        raise
    except DomainError:
        pass  # what speaks against doing it again does not speak against reading what was done
    audit_record(action="job_download", actor=actor, target=job, changes={"file_name": ["", job.file_name]})
    return path


def job_run(*, job_id: str) -> None:
    """Claim the job and do it. Does nothing when it is claimed already, finished or cancelled."""
    attempt = _claim(job_id)
    if attempt is None:
        return
    job = Job.objects.select_related("requested_by").get(pk=job_id)
    if job.requested_by is not None and job.acting_through is not None:
        job.requested_by.act(job.acting_through)
    progress = RunningJob(job, attempt)
    with override(settings.LANGUAGE_CODE), _Heartbeat(progress):
        _perform(progress, kinds.get(job.kind))


def _claim(job_id: str) -> int | None:
    moment = clock.now()
    free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=moment)
    claimed = Job.objects.filter(free, pk=job_id).update(
        state=JobState.RUNNING,
        attempt=F("attempt") + 1,
        started_at=moment,
        lease_until=moment + _lease(),
        done=0,
        total=0,
        step="",
    )
    return Job.objects.values_list("attempt", flat=True).get(pk=job_id) if claimed else None


def _perform(progress: "RunningJob", kind: JobKind) -> None:
    try:
        if progress.job.attempt > settings.JOB_MAX_ATTEMPTS:
            raise DomainError(_("The job was interrupted too often. Please ask for it again."))
        kind.check(progress.user, progress.parameters)
        outcome = kind.run(progress)
    except GivenUp:
        _finish(progress, JobState.CANCELLED, Outcome(message=_("Cancelled.")), only_if_cancelled=True)
    except NotAllowed:
        _finish(progress, JobState.FAILED, Outcome(message=_("You no longer have the right to do this.")))
    except DomainError as error:
        _finish(progress, JobState.FAILED, Outcome(message=str(error)))
    except Exception:
        # The text is for the log of the operators; the person gets words they can act on, and nothing personal is stored.
        logger.exception("job %s (%s) failed", progress.job.pk, progress.job.kind)
        message = _("Something went wrong on our side. Please try again; if it happens again, tell the administrator.")
        _finish(progress, JobState.FAILED, Outcome(message=message))
    else:
        _finish(progress, JobState.SUCCEEDED, outcome)


def _finish(progress: "RunningJob", state: JobState, outcome: Outcome, *, only_if_cancelled: bool = False) -> None:
    mine = progress.mine().filter(cancel_requested=True) if only_if_cancelled else progress.mine()
    moment = clock.now()
    ended = mine.update(
        state=state,
        finished_at=moment,
        lease_until=None,
        step="",
        message=outcome.message,
        figures=outcome.figures or {},
        result_url=outcome.url,
        file_path=str(outcome.file.relative_to(settings.MEDIA_ROOT)) if outcome.file else "",
        file_name=outcome.file_name,
        file_expires_at=moment + timedelta(days=settings.JOB_FILE_DAYS) if outcome.file else None,
    )
    if ended:
        shutil.rmtree(_folder(progress.job), ignore_errors=True)


def _folder(job: Job) -> Path:
    return Path(settings.MEDIA_ROOT) / "jobs" / f"{job.pk}-parts"


class RunningJob:
    """The progress of one attempt (see `registry.Progress`)."""

    def __init__(self, job: Job, attempt: int) -> None:
        self.job, self.attempt = job, attempt
        self.done, self.lost = 0, threading.Event()

    @property
    def parameters(self) -> Mapping[str, Any]:
        return dict(self.job.parameters)

    @property
    def user(self) -> Any:
        return self.job.requested_by

    @property
    def requested_at(self) -> dt.datetime:
        return self.job.created_at

    def mine(self) -> Any:
        """Return the job's row as long as this attempt holds it."""
        return Job.objects.filter(pk=self.job.pk, attempt=self.attempt, state=JobState.RUNNING)

    def step(self, name: str | Promise, total: int = 0) -> None:
        """Begin a step of `total` things."""
        self.done = 0
        if not self.renew(step=str(name)[:200], done=0, total=total):
            raise GivenUp

    def advance(self, done: int) -> None:
        """Note that `done` things of the step are done. The heartbeat writes it: on SQLite this connection may not write
        while it is in the middle of reading rows that another one has changed since."""
        self.done = done
        if self.lost.is_set():
            raise GivenUp

    def guard(self) -> None:
        """Raise GivenUp when the job is no longer this attempt's. Call it inside a transaction before it commits."""
        rows = self.mine().filter(cancel_requested=False)
        if connection.features.has_select_for_update:
            rows = rows.select_for_update()
        if not rows.values_list("pk", flat=True).first():
            raise GivenUp

    def file(self, suffix: str) -> Path:
        """Return where this attempt writes its result file; another attempt writes another file."""
        folder = Path(settings.MEDIA_ROOT) / "jobs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{self.job.pk}-{self.attempt}{suffix}"

    def folder(self) -> Path:
        """Return the job's folder for what is to outlive an attempt; it goes when the job ends."""
        folder = _folder(self.job)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def renew(self, **fields: Any) -> bool:
        """Renew the lease; tell whether the job is still this attempt's and wanted."""
        lease = {"lease_until": clock.now() + _lease()}
        if self.mine().filter(cancel_requested=False).update(**lease, **fields):
            return True
        self.mine().update(**lease)
        return False


class _Heartbeat:
    """Keeps the lease alive and the progress bar moving, from a thread with a connection of its own."""

    def __init__(self, progress: RunningJob) -> None:
        self._progress, self._stop = progress, threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._stop.wait(settings.JOB_HEARTBEAT_SECONDS):
                try:
                    if not self._progress.renew(done=self._progress.done):
                        self._progress.lost.set()
                except DatabaseError:
                    # A busy database: the next beat tries again, and the lease outlives three of them.
                    logger.warning("the lease of job %s could not be renewed", self._progress.job.pk)
                    close_old_connections()
        finally:
            connection.close()


def _lease() -> timedelta:
    return timedelta(seconds=settings.JOB_LEASE_SECONDS)


def jobs_sweep() -> int:
    """Announce again the jobs whose lease ran out and those that nobody started; returns how many."""
    moment = clock.now()
    lost = Q(state=JobState.RUNNING, lease_until__lt=moment) | Q(
        state=JobState.QUEUED, created_at__lt=moment - timedelta(seconds=settings.JOB_SWEEP_SECONDS)
    )
    found = list(Job.objects.filter(lost).order_by("created_at")[:200])
    for job in found:
        enqueue(job)
    return len(found)


LEFT_BEHIND = timedelta(days=1)
"""How long what an unfinished attempt wrote is kept; its job may be about to go on."""


def job_files_expire() -> int:
    """Delete result files whose time is over, and what unfinished attempts left behind; returns how many of the former."""
    expired = list(Job.objects.filter(file_expires_at__lt=clock.now()).exclude(file_path="")[:500])
    for job in expired:
        (Path(settings.MEDIA_ROOT) / job.file_path).unlink(missing_ok=True)
    Job.objects.filter(pk__in=[job.pk for job in expired]).update(file_path="")
    _remove_left_behind()
    return len(expired)


def _remove_left_behind() -> None:
    """Remove the files and folders that belong to no result and to no job that still runs: of an attempt that died, was taken
    over or cancelled. They may hold names."""
    root, before = Path(settings.MEDIA_ROOT), (clock.now() - LEFT_BEHIND).timestamp()
    results = set(Job.objects.exclude(file_path="").values_list("file_path", flat=True))
    running = tuple(str(pk) for pk in Job.objects.active().values_list("pk", flat=True))
    for path in sorted((root / "jobs").glob("*")):
        is_needed = path.relative_to(root).as_posix() in results or path.name.startswith(running)
        if is_needed or path.stat().st_mtime >= before:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
