"""Score runs: computed in committed chunks that no reader sees, published by one short statement.

A run belongs to a job. Every write happens under `progress.guard()`: an attempt that was given up writes nothing more, and the
next one begins with a clean staging area and the same `as_of`. What an unfinished run leaves behind is never seen, and
is swept out by the next one.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import ancestors_and_self, reaches, under
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.jobs.models import Job
from campaign.jobs.registry import Outcome, Progress
from campaign.jobs.services import job_request
from campaign.models import Audience, CampaignState, Period, PeriodState
from campaign.scoring import roll
from campaign.scoring.choices import RunState
from campaign.scoring.engine import AUDIENCES, Computation, Result
from campaign.scoring.lines import pack
from campaign.scoring.models import PeriodScore, ScoreRun, ScoreSheet
from campaign.scoring.plans import Plans, plans_for
from campaign.scoring.registry import MetricScope
from campaign.scoring.services.sheets import ensure_builtin_sheets
from orgs.models import Organization

KIND = "scoring.run"
CHUNK = 2000


@dataclass
class Tally:
    """What a run did, and the digest over its canonical lines."""

    organizations: int = 0
    members: int = 0
    not_applicable: int = 0
    changed: int = 0
    removed: int = 0
    seen: dict[Audience, set[int]] = field(default_factory=lambda: {audience: set() for audience in AUDIENCES})
    hash: Any = field(default_factory=hashlib.sha256)

    def add(self, result: Result) -> None:
        self.hash.update(result.line + b"\n")
        self.seen[result.subject.audience].add(result.subject.id)
        self.not_applicable += result.score.total is None
        if result.subject.audience == Audience.MEMBER:
            self.members += 1
        else:
            self.organizations += 1

    def counts(self) -> dict[str, int]:
        names = ("organizations", "members", "not_applicable", "changed", "removed")
        return {name: getattr(self, name) for name in names}


def score_run_check(user: Any, parameters: Mapping[str, Any]) -> None:
    """Refuse a run that `user` may not ask for, or that cannot be; called when it is asked for and when it starts.

    `user` None is the system. Raises NotAllowed, DomainError.
    """
    period, organization = _wanted(parameters)
    if user is not None and not reaches(user, Cap.SCORE_RUN, organization.path):
        raise NotAllowed
    if not period.campaign.organizations().filter(pk=organization.pk).exists():
        raise DomainError(_("This organization takes no part in the campaign."))
    if period.state == PeriodState.FROZEN:
        raise DomainError(_("The period %(period)s is frozen: its scores change no more.") % {"period": period.code})


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
        job = job_request(kind=KIND, actor=actor, parameters=_parameters(period, organization.pk))
        _refuse_overlap(period, organization.path, job)
    return job


def _parameters(period: Period, organization_id: int) -> dict[str, int]:
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
    progress.step(_("Preparing"))
    run = _open(progress, period, organization)
    if run.state == RunState.STAGING:
        _clear(progress, run)
        tally = _compute(progress, run, _plans(progress, run))
        run = _publish(progress, run, tally)
    return _outcome(run)


def _open(progress: Progress, period: Period, organization: Organization) -> ScoreRun:
    """Claim the subtree for this job. The lock on the period (on SQLite: the transaction) lets one claim in at a time."""
    with transaction.atomic():
        progress.guard()
        locked = Period.objects.select_for_update(no_key=True).get(pk=period.pk)
        if locked.state == PeriodState.FROZEN:
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
            },
        )
    return run


def _clear(progress: Progress, run: ScoreRun) -> None:
    """Delete what an earlier attempt of this run staged, and what runs left that nobody will finish."""
    dead = ScoreRun.objects.abandoned().filter(period=run.period)
    for left in [run, *dead]:
        while ids := list(PeriodScore.objects.filter(run=left).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
            with transaction.atomic():
                progress.guard()
                PeriodScore.objects.filter(pk__in=ids).delete()
    with transaction.atomic():
        progress.guard()
        dead.update(state=RunState.FAILED, finished_at=clock.now())


def _plans(progress: Progress, run: ScoreRun) -> Plans:
    """Read the sheets in force; from here on they are used, and no longer edited."""
    with transaction.atomic():
        progress.guard()
        in_force = ScoreSheet.objects.in_force().filter(campaign=run.period.campaign)
        in_force.filter(used_at=None).update(used_at=clock.now())
        return plans_for(run.period.campaign)


def _compute(progress: Progress, run: ScoreRun, plans: Plans) -> Tally:
    scope = MetricScope(period=run.period, audience=Audience.ORGANIZATION, path=run.place, as_of=run.as_of)
    computation, tally = Computation(scope, plans, progress.advance), Tally()
    for audience in AUDIENCES:
        progress.step(_("Reading the records"), len(plans.metrics_for(audience)))
        results = computation.results(audience)
        done, total = 0, roll.count(run.period, run.place, audience)
        for chunk in _chunks(results):
            if not done:
                progress.step(_("Computing scores"), total)
            _stage(progress, run, chunk, tally)
            done += len(chunk)
            progress.advance(done)
    _stage_removed(progress, run, tally)
    return tally


def _chunks(results: Iterable[Result]) -> Iterator[list[Result]]:
    source = iter(results)
    while chunk := list(islice(source, CHUNK)):
        yield chunk


def _stage(progress: Progress, run: ScoreRun, chunk: list[Result], tally: Tally) -> None:
    """Add rows for those of `chunk` whose score is not what readers see already."""
    for result in chunk:
        tally.add(result)
    shown = _shown(run.period, chunk)
    rows = []
    for result in chunk:
        replaces, fingerprint = shown.get(result.subject.id, (None, ""))
        if fingerprint != result.fingerprint:
            rows.append(_row(run, result, replaces))
    tally.changed += len(rows)
    _add(progress, rows)


def _shown(period: Period, chunk: list[Result]) -> dict[int, tuple[int, str]]:
    """Return the row and the fingerprint that readers see now, by subject."""
    name = "member_id" if chunk[0].subject.audience == Audience.MEMBER else "organization_id"
    scores = PeriodScore.objects.current().filter(period=period)
    scores = scores.of_members() if name == "member_id" else scores.of_organizations()
    wanted = {f"{name}__in": [result.subject.id for result in chunk]}
    return {
        subject: (pk, fingerprint)
        for subject, pk, fingerprint in scores.filter(**wanted).values_list(name, "pk", "fingerprint")
    }


def _row(run: ScoreRun, result: Result, replaces: int | None) -> PeriodScore:
    score, subject = result.score, result.subject
    return PeriodScore(
        run=run,
        period=run.period,
        organization_id=subject.organization_id,
        member_id=subject.id if subject.audience == Audience.MEMBER else None,
        sheet_id=result.plan.sheet_id,
        place=subject.place,
        peers=result.peers,
        base=score.base,
        bonus=score.bonus,
        deductions=score.deductions,
        total=score.total,
        grade=score.grade,
        vetoed=score.vetoed,
        lines=pack(result.plan.keys, score),
        fingerprint=result.fingerprint,
        replaces_id=replaces,
    )


def _stage_removed(progress: Progress, run: ScoreRun, tally: Tally) -> None:
    """Say of those who are scored no more (an organization closed, a member gone) that they are not there."""
    shown = PeriodScore.objects.current().filter(period=run.period)
    places = {
        Audience.ORGANIZATION: shown.of_organizations().filter(under(run.place, "organization__path")),
        Audience.MEMBER: shown.of_members().filter(under(run.place, "member__organization__path")),
    }
    for audience, scores in places.items():
        rows = scores.values_list("pk", "organization_id", "member_id", "sheet_id", "place")
        gone = [row for row in rows.iterator() if (row[2] or row[1]) not in tally.seen[audience]]
        tally.removed += len(gone)
        for start in range(0, len(gone), CHUNK):
            _add(progress, [_removal(run, *row) for row in gone[start : start + CHUNK]])


def _removal(run: ScoreRun, pk: int, organization: int, member: int | None, sheet: int, place: str) -> PeriodScore:
    return PeriodScore(
        run=run,
        period=run.period,
        organization_id=organization,
        member_id=member,
        sheet_id=sheet,
        place=place,
        replaces_id=pk,
        removed=True,
    )


def _add(progress: Progress, rows: list[PeriodScore]) -> None:
    if rows:
        with transaction.atomic():
            progress.guard()
            PeriodScore.objects.bulk_create(rows, batch_size=500)


def _publish(progress: Progress, run: ScoreRun, tally: Tally) -> ScoreRun:
    """Let readers see all of it at once: one update of one row."""
    state = RunState.PUBLISHED if tally.changed or tally.removed else RunState.UNCHANGED
    with transaction.atomic():
        progress.guard()
        changed = ScoreRun.objects.filter(pk=run.pk, state=RunState.STAGING).update(
            state=state,
            digest=tally.hash.hexdigest(),
            counts=tally.counts(),
            finished_at=clock.now(),
            updated_at=clock.now(),
        )
        if changed != 1:
            raise StateConflict
        run.refresh_from_db()
        changes = {"state": [RunState.STAGING.value, state.value], "digest": ["", run.digest]}
        audit_record(action="score_run", actor=progress.user, target=run, changes=changes)
    return run


def _outcome(run: ScoreRun) -> Outcome:
    counts = run.counts
    if run.state == RunState.UNCHANGED:
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
            job_request(kind=KIND, actor=None, parameters=_parameters(period, whole))
            asked += 1
    return asked
