"""Score runs: computed in committed chunks that no reader sees, published by one short statement.

A run belongs to a job. Every write happens under `progress.guard()`: an attempt that was given up writes nothing more, and the
next one begins with a clean staging area and the same `as_of`. What an unfinished run leaves behind is never seen, and
is swept out by the next one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import ancestors_and_self, reaches, under
from campaign.common.bulk import bulk_delete
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.jobs.models import Job
from campaign.jobs.registry import Outcome, Progress
from campaign.jobs.services import job_request
from campaign.models import CampaignState, Period, PeriodState
from campaign.scoring.choices import RunKind, RunState
from campaign.scoring.digests import empty
from campaign.scoring.engine import Computation
from campaign.scoring.models import (
    FreezeState,
    PeriodScore,
    ScoreFreeze,
    ScoreRun,
    ScoreSeal,
    ScoreSheet,
    ScoreTally,
)
from campaign.scoring.plans import Plans, plans_for
from campaign.scoring.roll import Extent
from campaign.scoring.services.asking import freeze_ask
from campaign.scoring.services.parts import parts_compute
from campaign.scoring.services.periods import period_places_keep
from campaign.scoring.services.sharing import figures_forget
from campaign.scoring.services.sheets import ensure_builtin_sheets
from campaign.scoring.services.staging import chunk_size, digests_of, forget_tallies, settle, stage, tally
from orgs.models import Organization

KIND = "scoring.run"


@dataclass(frozen=True)
class Tally:
    """What a run did, and the digest over the canonical lines of everybody in its reach."""

    counts: dict[str, int]
    digest: str


def score_run_check(user: Any, parameters: Mapping[str, Any]) -> None:
    """Refuse a run that `user` may not ask for, or that cannot be; called when it is asked for and when it starts.

    `user` None is the system. Raises NotAllowed, DomainError.
    """
    period, organization = _wanted(parameters)
    if user is not None and not reaches(user, Cap.SCORE_RUN, organization.path):
        raise NotAllowed
    if not period.campaign.organizations().filter(pk=organization.pk).exists():
        raise DomainError(_("This organization takes no part in the campaign."))
    correction = "reason" in parameters
    if user is not None and correction and not reaches(user, Cap.SCORE_FREEZE, organization.path):
        raise NotAllowed
    if correction != (period.state == PeriodState.FROZEN):
        raise DomainError(
            _("The period %(period)s is not frozen: compute its scores instead.") % {"period": period.name}
            if correction
            else _("The period %(period)s is frozen: its scores change no more.") % {"period": period.name}
        )
    if ScoreFreeze.objects.filter(period=period, state=FreezeState.REQUESTED).exists():
        raise DomainError(
            _("Somebody has asked for the period %(period)s to be frozen: that is to be confirmed or withdrawn first.")
            % {"period": period.name}
        )


def _wanted(parameters: Mapping[str, Any]) -> tuple[Period, Organization]:
    periods = Period.objects.select_related("campaign__organization")
    period = periods.filter(pk=parameters.get("period", 0)).first()
    organization = Organization.objects.filter(pk=parameters.get("organization", 0)).first()
    if period is None or organization is None:
        raise DomainError(_("The period or the organization no longer exists."))
    return period, organization


def score_run_request(*, actor: Any, period: Period, organization: Organization) -> Job:
    """Ask for the scores of `organization` and everything below it in `period`; returns the job.

    Raises NotAllowed, and DomainError when the period is frozen or another run is under way that overlaps this one.
    """
    ensure_builtin_sheets(campaign=period.campaign)
    with transaction.atomic():
        job = job_request(kind=KIND, actor=actor, parameters=run_parameters(period, organization.pk))
        _refuse_overlap(period, organization.path, job)
    return job


def run_parameters(period: Period, organization_id: int) -> dict[str, int]:
    """Return the parameters of the job that computes an organization and everything below it."""
    return {"period": period.pk, "organization": organization_id}


def _refuse_overlap(period: Period, place: str, job: Job) -> None:
    overlapping = Q(under(place, "place")) | Q(place__in=ancestors_and_self(place))
    other = ScoreRun.objects.under_way().filter(overlapping, period=period).exclude(job=job).first()
    if other:
        raise DomainError(
            _("The scores of %(organization)s are being computed right now. Please wait until that run is done.")
            % {"organization": other.organization.name}
        )


def score_run_perform(progress: Progress) -> Outcome:
    """Do a run: claim the subtree, compute, stage, publish. May die anywhere and be done again."""
    period, organization = _wanted(progress.parameters)
    ensure_builtin_sheets(campaign=period.campaign)
    period_places_keep(period)
    progress.step(_("Preparing"))
    run = _open(progress, period, organization)
    if run.state == RunState.STAGING:
        _clear(progress, run, again=progress.job.attempt > 1)
        run = _publish(progress, run, _compute(progress, run, _plans(progress, run)))
        forget_tallies(run)
        if run.counts["changed"]:
            settle()
    return _outcome(run)


def _open(progress: Progress, period: Period, organization: Organization) -> ScoreRun:
    """Claim the subtree for this job. The lock on the period (on SQLite: the transaction) lets one claim in at a time."""
    with transaction.atomic():
        progress.guard()
        locked = Period.objects.select_for_update(no_key=True).get(pk=period.pk)
        reason = progress.parameters.get("reason", "")
        if (locked.state == PeriodState.FROZEN) != bool(reason):
            raise StateConflict
        _refuse_overlap(period, organization.path, progress.job)
        run, _made = ScoreRun.objects.get_or_create(
            job=progress.job,
            defaults={
                "period": period,
                "organization": organization,
                "place": organization.path,
                "as_of": clock.now(),
                "requested_by": progress.user,
                "reason": reason,
                "kind": RunKind.CORRECTION if reason else RunKind.FULL,
                "version": 1 + ScoreSeal.objects.filter(period=period).count(),
            },
        )
    return run


def _clear(progress: Progress, run: ScoreRun, *, again: bool) -> None:
    """Delete what an earlier attempt of this run staged (`again`: there was one), and what runs left that nobody will finish."""
    with transaction.atomic():
        progress.guard()
        run.parts.all().delete()  # from here on no other job writes for this run
    dead = ScoreRun.objects.abandoned().filter(period=run.period)
    refused = ScoreRun.objects.filter(period=run.period, kind=RunKind.CORRECTION, state=RunState.FAILED)
    figures_forget([run, *dead])
    for left in [*([run] if again else []), *dead, *refused]:
        for model in (PeriodScore, ScoreTally):
            rows = model._default_manager.filter(run=left)
            while ids := list(rows.values_list("pk", flat=True)[: chunk_size()]):
                with transaction.atomic():
                    progress.guard()
                    bulk_delete(model, "id", ids)
    with transaction.atomic():
        progress.guard()
        dead.update(state=RunState.FAILED, finished_at=clock.now())


def _plans(progress: Progress, run: ScoreRun) -> Plans:
    """Read the sheets of the period; from here on they are used, and no longer edited."""
    with transaction.atomic():
        progress.guard()
        of_period = ScoreSheet.objects.for_period(run.period).filter(used_at=None)
        ScoreSheet.objects.filter(pk__in=list(of_period.values_list("pk", flat=True))).update(used_at=clock.now())
        return plans_for(run.period)


def _compute(progress: Progress, run: ScoreRun, plans: Plans) -> Tally:
    """Compute and stage what differs from what readers see: a big run together with other jobs, else all of it here."""
    if shared := parts_compute(progress, run, plans):
        return _tallied(run, shared.counts, shared.digests)
    if run.parts.exists():
        _clear(progress, run, again=True)
    return _compute_alone(progress, run, plans)


def _compute_alone(progress: Progress, run: ScoreRun, plans: Plans) -> Tally:
    extent = Extent(run.period, run.place, run.as_of)
    computation = Computation(extent, plans, progress.advance)
    try:
        progress.step(_("Reading the records"), computation.steps)
        computation.run()
        counts = tally(computation)
        progress.step(_("Storing scores"), counts["organizations"] + counts["members"])
        counts["removed"] = stage(progress, run, computation)
        progress.step(_("Sealing the result"))
        return _tallied(run, counts, digests_of(computation, len(run.place)))
    finally:
        computation.work.drop()


def _tallied(run: ScoreRun, counts: dict[str, int], digests: Mapping[str, str]) -> Tally:
    return Tally(counts, digests.get(run.place, empty()))


def _publish(progress: Progress, run: ScoreRun, found: Tally) -> ScoreRun:
    """Let readers see all of it at once: one update of one row."""
    differs = found.counts["changed"] or found.counts["removed"]
    state = RunState.UNCHANGED
    if differs:
        state = RunState.WAITING if run.kind == RunKind.CORRECTION else RunState.PUBLISHED
    with transaction.atomic():
        progress.guard()
        changed = ScoreRun.objects.filter(pk=run.pk, state=RunState.STAGING).update(
            state=state,
            digest=found.digest,
            counts=found.counts,
            finished_at=clock.now(),
            updated_at=clock.now(),
        )
        if changed != 1:
            raise StateConflict
        run.refresh_from_db()
        changes = {"state": [RunState.STAGING.value, state.value], "digest": ["", run.digest]}
        audit_record(action="score_run", actor=progress.user, target=run, reason=run.reason, changes=changes)
        if state == RunState.WAITING:
            freeze_ask(actor=progress.user, period=run.period, run=run, version=run.version, reason=run.reason)
    return run


def _outcome(run: ScoreRun) -> Outcome:
    counts = run.counts
    if run.state == RunState.WAITING:
        message = _(
            "%(organizations)d organizations and %(members)d members scored, %(changed)d of them differ from what is frozen. "
            "A second person is to confirm it."
        )
    elif run.state == RunState.UNCHANGED:
        message = _("%(organizations)d organizations and %(members)d members: nothing has changed since the last run.")
    else:
        message = _("%(organizations)d organizations and %(members)d members scored, %(changed)d of them changed.")
    return Outcome(
        message=message % counts,
        url=f"{reverse('score_list')}?period={run.period_id}",
        figures={**counts, "digest": run.digest},
    )


def score_runs_nightly() -> int:
    """Ask for a full run of every open period that has begun, in running campaigns; returns how many were asked for."""
    periods = Period.objects.filter(
        state=PeriodState.OPEN, starts_on__lte=clock.today(), campaign__state=CampaignState.RUNNING
    ).select_related("campaign__organization")
    asked = 0
    for period in periods.order_by("pk"):
        whole = period.campaign.organization_id
        same = Job.objects.active().filter(kind=KIND, parameters__period=period.pk, parameters__organization=whole)
        if not same.exists():
            job_request(kind=KIND, actor=None, parameters=run_parameters(period, whole))
            asked += 1
    return asked
