"""Incremental runs: what was marked as changed is computed again, with the organizations above it, in one short transaction.

At the same moment the result equals that of a full run, line by line: each organization keeps what it passes on to the one
above (`ScoreTally`), so that a change below costs a row a level.
"""

import datetime as dt
import hashlib
from collections import Counter

from django.db import transaction

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import under
from campaign.jobs.models import Job
from campaign.jobs.services import job_request
from campaign.models import CampaignState, Period, PeriodState
from campaign.scoring import marking, roll
from campaign.scoring.choices import RunKind, RunState
from campaign.scoring.engine import Computation
from campaign.scoring.models import FINISHED, FreezeState, ScoreDrift, ScoreMark, ScoreRun
from campaign.scoring.plans import plans_for
from campaign.scoring.registry import Concerned, evidence
from campaign.scoring.roll import Extent
from campaign.scoring.services.runs import KIND, run_parameters
from campaign.scoring.services.staging import stage, tallies_differ, tally
from orgs.models import Organization

MARKS = 20_000
"""With more marks than these nobody looks at them one by one: everything is computed again."""
PLACES = 300
"""From so many organizations on a full run is cheaper, and disturbs less."""


def scores_refresh() -> int:
    """Bring the scores of every open period up to date with what was marked; returns how many runs had something to write.

    Run by a task every minute. Where very much has changed, or the tree, a full run is asked for instead. While another run of
    such a period is under way the marks wait for the next time.
    """
    with transaction.atomic():
        periods = _periods()
        if ScoreRun.objects.under_way().filter(period__in=periods).exists():
            return 0
        marks = list(ScoreMark.objects.order_by("pk").values_list("pk", "kind", "record")[: MARKS + 1])
        if not marks:
            return 0
        too_many = len(marks) > MARKS
        # By number: a smaller one may be committed later.
        gone = ScoreMark.objects.all() if too_many else ScoreMark.objects.filter(pk__in=[pk for pk, *_rest in marks])
        gone.delete()
        found = Concerned(everybody=True) if too_many else marking.concerned(mark[1:] for mark in marks)
        for period in _frozen():
            _notice(period, found)
        causes = dict(Counter(kind for _pk, kind, _record in marks))
        return sum(_refresh(period, found, causes) for period in periods)


def _frozen() -> list[Period]:
    frozen = Period.objects.filter(campaign__state=CampaignState.RUNNING, state=PeriodState.FROZEN)
    return list(frozen.select_related("campaign__organization").order_by("pk"))


def _notice(period: Period, found: Concerned) -> None:
    """Note of whom a frozen period would say something else now ("changed since"); a correction takes it up."""
    places = frozenset() if found.everybody else _places(period, found)
    if not 0 < len(places) <= PLACES:
        return
    computation = Computation(Extent(period, period.campaign.organization.path, clock.now(), places), plans_for(period))
    try:
        computation.run()
        rows = computation.work.rows("SELECT organization, member FROM work_score WHERE same = 0")
    finally:
        computation.work.drop()
    ScoreDrift.objects.bulk_create(
        (ScoreDrift(period=period, organization_id=place, member_id=member) for place, member in rows),
        ignore_conflicts=True,
        batch_size=500,
    )


def scores_fall_due(*, after: dt.date, until: dt.date) -> int:
    """Mark the evidence whose figures another day alone changes: what became overdue after one day, up to another."""
    due = [(one.key, record) for one in evidence if one.falling_due for record in one.falling_due(after, until)]
    ScoreMark.objects.bulk_create((ScoreMark(kind=kind, record=record) for kind, record in due), batch_size=500)
    return len(due)


def _periods() -> list[Period]:
    """Return the periods that are kept up to date, locked: those not frozen, of running campaigns, that were once computed as
    a whole."""
    whole = ScoreRun.objects.filter(state__in=FINISHED, kind=RunKind.FULL)
    # One that is to be frozen stays as the second person finds it.
    asked = Period.objects.filter(freezes__state=FreezeState.REQUESTED)
    periods = (
        Period.objects.filter(campaign__state=CampaignState.RUNNING, score_runs__in=whole)
        .exclude(state=PeriodState.FROZEN)
        .exclude(pk__in=asked.values("pk"))
    )
    found = list(
        Period.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk__in=periods.values("pk"))
        .select_related("campaign__organization")
        .order_by("pk")
    )
    top = {period.pk: period.campaign.organization_id for period in found}
    done = set(whole.filter(period__in=top).values_list("period_id", "organization_id").distinct())
    return [period for period in found if (period.pk, top[period.pk]) in done]


def _refresh(period: Period, found: Concerned, causes: dict[str, int]) -> int:
    places = frozenset() if found.everybody else _places(period, found)
    if found.everybody or len(places) > PLACES:
        _ask_for_all(period)
        return 0
    return int(bool(places) and score_refresh(period=period, places=places, causes=causes) is not None)


def _ask_for_all(period: Period) -> None:
    parameters = run_parameters(period, period.campaign.organization_id)
    if not Job.objects.active().filter(kind=KIND, parameters=parameters).exists():
        job_request(kind=KIND, actor=None, parameters=parameters)


def _places(period: Period, found: Concerned) -> frozenset[int]:
    """Return the organizations of the campaign that are concerned themselves, or in which a member who is belongs."""
    homes = roll.homes(period, found.members) | found.organizations
    inside = Organization.objects.filter(under(period.campaign.organization.path), pk__in=homes)
    return frozenset(inside.order_by().values_list("pk", flat=True))


def score_refresh(
    *,
    period: Period,
    places: frozenset[int],
    as_of: dt.datetime | None = None,
    causes: dict[str, int] | None = None,
) -> ScoreRun | None:
    """Compute `places`, their members and everything above them, and publish what differs; None where nothing does.

    All in one transaction: readers see the old result or the new.
    """
    top = period.campaign.organization
    extent = Extent(period, top.path, as_of or clock.now(), places)
    with transaction.atomic():
        computation = Computation(extent, plans_for(period))
        try:
            computation.run()
            return _publish(computation, top, causes or {})
        finally:
            computation.work.drop()


def _publish(computation: Computation, top: Organization, causes: dict[str, int]) -> ScoreRun | None:
    extent, counts = computation.extent, tally(computation)
    run = ScoreRun(
        period=extent.period,
        organization=top,
        place=top.path,
        kind=RunKind.INCREMENTAL,
        as_of=extent.as_of,
        causes=causes,
    )
    run.save()
    counts["removed"] = stage(Unwatched(), run, computation)
    if not counts["changed"] and not counts["removed"] and not tallies_differ(computation):
        run.tallies.all().delete()
        run.delete()
        return None
    run.state, run.counts, run.digest = RunState.PUBLISHED, counts, _digest(computation)
    run.finished_at = clock.now()
    run.save(update_fields=("state", "counts", "digest", "finished_at", "updated_at"))
    audit_record(action="score_refresh", actor=None, target=run, changes={"changed": [0, counts["changed"]]})
    return run


def _digest(computation: Computation) -> str:
    """Return the SHA-256 over what is new in this run."""
    rows = computation.work.rows(
        "SELECT COALESCE(member, 0), organization, COALESCE(total, -1), grade, lines FROM work_score WHERE same = 0 ORDER BY n"
    )
    return hashlib.sha256("\n".join("|".join(map(str, row)) for row in rows).encode()).hexdigest()


class Unwatched:
    """The steps of a run that is over in a moment and belongs to no job."""

    def advance(self, done: int) -> None: ...
    def guard(self) -> None: ...
