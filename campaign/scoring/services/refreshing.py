"""Incremental runs: what was marked as changed is computed again, with the organizations above it, in one short transaction.

At the same moment the result equals that of a full run, line by line: each organization keeps what it passes on to the one
above (`ScoreTally`), so that a change below costs a row a level.
"""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.bulk import bulk_delete, bulk_load
from campaign.jobs.models import Job
from campaign.jobs.services import job_request
from campaign.models import CampaignState, Period, PeriodState
from campaign.scoring import marking, roll
from campaign.scoring.choices import RunKind, RunState
from campaign.scoring.few import COMPARED, Few, Found
from campaign.scoring.models import (
    FINISHED,
    FreezeState,
    PeriodScore,
    ScoreDrift,
    ScoreFreeze,
    ScoreMark,
    ScoreRun,
    ScoreTally,
)
from campaign.scoring.plans import plans_for
from campaign.scoring.registry import Concerned, evidence
from campaign.scoring.roll import Changed
from campaign.scoring.services.runs import KIND, run_parameters

PLACES = 300
"""From so many organizations on a full run is cheaper, and disturbs less."""


def scores_refresh() -> int:
    """Bring the scores of every open period up to date with what was marked; returns how many runs had something to write.

    Run by a task every minute. Where very much has changed, or the tree, a full run is asked for instead. While another run of
    such a period is under way, or asked for, the marks wait for the next time.
    """
    if not ScoreMark.objects.exists():
        return 0
    with transaction.atomic():
        periods = _periods()
        if _runs_wait(periods):
            return 0
        marks = list(ScoreMark.objects.order_by("pk").values_list("pk", "kind", "record")[: marking.AT_MOST + 1])
        too_many = len(marks) > marking.AT_MOST
        # By number: a smaller one may be committed later.
        gone = ScoreMark.objects.all() if too_many else ScoreMark.objects.filter(pk__in=[pk for pk, *_rest in marks])
        gone.delete()
        found = Concerned(everybody=True) if too_many else marking.concerned(mark[1:] for mark in marks)
        for period in _frozen():
            _notice(period, found)
        causes = dict(Counter(kind for _pk, kind, _record in marks))
        return sum(_refresh(period, found, causes) for period in periods)


def _runs_wait(periods: list[Period]) -> bool:
    """Tell whether a run of one of `periods` is under way, or waits for its worker: after a new sheet was put into use, what
    organizations pass on by it is only there once all of it has been computed."""
    asked = Job.objects.active().filter(kind=KIND).values_list("parameters", flat=True)
    ids = {parameters.get("period") for parameters in asked}
    return (
        bool(ids & {period.pk for period in periods})
        or ScoreRun.objects.under_way().filter(period__in=periods).exists()
    )


def _frozen() -> list[Period]:
    frozen = Period.objects.filter(campaign__state=CampaignState.RUNNING, state=PeriodState.FROZEN)
    return list(frozen.select_related("campaign__organization").order_by("pk"))


def _notice(period: Period, found: Concerned) -> None:
    """Note of whom a frozen period would say something else now ("changed since"); a correction takes it up."""
    changed = _changed(period, found)
    if changed is None or not 0 < len(changed.places) <= PLACES:
        return
    few = Few(changed, plans_for(period)).run()
    ScoreDrift.objects.bulk_create(
        (
            ScoreDrift(period=period, organization_id=one.organization, member_id=one.member)
            for one in few.found
            if not one.same
        ),
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
    whole = ScoreRun.objects.filter(
        state__in=FINISHED, kind=RunKind.FULL, period=OuterRef("pk"), organization=OuterRef("campaign__organization")
    )
    # One that is to be frozen stays as the second person finds it.
    asked = ScoreFreeze.objects.filter(period=OuterRef("pk"), state=FreezeState.REQUESTED)
    return list(
        Period.objects.select_for_update(no_key=True, of=("self",))
        .filter(Exists(whole), ~Exists(asked), campaign__state=CampaignState.RUNNING)
        .exclude(state=PeriodState.FROZEN)
        .select_related("campaign__organization")
        .order_by("pk")
    )


def _refresh(period: Period, found: Concerned, causes: dict[str, int]) -> int:
    changed = _changed(period, found)
    if changed is None or len(changed.places) > PLACES:
        _ask_for_all(period)
        return 0
    return int(bool(changed.places or changed.members) and score_refresh(changed=changed, causes=causes) is not None)


def _ask_for_all(period: Period) -> None:
    parameters = run_parameters(period, period.campaign.organization_id)
    if not Job.objects.active().filter(kind=KIND, parameters=parameters).exists():
        job_request(kind=KIND, actor=None, parameters=parameters)


def _changed(period: Period, found: Concerned) -> Changed | None:
    """Return what of the period is to be computed again; None where it is everything."""
    if found.everybody:
        return None
    places = roll.located(period, found.organizations, found.members)
    return Changed(period, clock.now(), places, found.members)


def score_refresh(*, changed: Changed, causes: Mapping[str, int] | None = None) -> ScoreRun | None:
    """Compute `changed` and publish what differs; None where nothing does.

    All in one transaction: readers see the old result or the new.
    """
    with transaction.atomic():
        few = Few(changed, plans_for(changed.period)).run()
        return _publish(few, causes or {}) if few.differs else None


def _publish(few: Few, causes: Mapping[str, int]) -> ScoreRun:
    new = [one for one in few.found if not one.same]
    totals = [one.values[COMPARED.index("total")] for one in few.found]
    counts = {
        "organizations": sum(one.member is None for one in few.found),
        "members": sum(one.member is not None for one in few.found),
        "not_applicable": totals.count(None),
        "changed": len(new),
        "removed": len(few.gone),
    }
    period, top = few.period, few.period.campaign.organization
    run = ScoreRun.objects.create(
        period=period, organization=top, place=top.path, kind=RunKind.INCREMENTAL, as_of=few.changed.as_of,
        state=RunState.PUBLISHED, counts=counts, causes=dict(causes), digest=_digest(new), finished_at=clock.now(),
    )  # fmt: skip
    same = {"run_id": run.pk, "period_id": period.pk}
    rows = [(one.organization, one.member, one.peers, one.replaces, False, *one.values) for one in new]
    rows += [
        (one.organization, one.member, "", one.pk, True, one.sheet, one.place, None, 0, 0, 0, None, "", False, "")
        for one in few.gone
    ]
    bulk_load(PeriodScore, ("organization_id", "member_id", "peers", "replaces_id", "removed", *COMPARED), rows, same)
    _tell_above(few, run)
    audit_record(action="score_refresh", actor=None, target=run, changes={"changed": [0, len(new)]})
    return run


def _tell_above(few: Few, run: ScoreRun) -> None:
    """Store what organizations pass on now; what they passed on before is of no more use."""
    bulk_load(
        ScoreTally,
        ("organization_id", "above", "metric", "own_numerator", "own_denominator", "numerator", "denominator"),
        ((one.organization, one.above, one.metric, *one.values) for one in few.passed),
        {"run_id": run.pk},
    )
    bulk_delete(ScoreTally, "id", few.outdated)


def _digest(new: Sequence[Found]) -> str:
    """Return the SHA-256 over what is new in this run."""
    rows = ((one.member or 0, one.organization, *one.values[1:]) for one in new)
    return hashlib.sha256("\n".join("|".join(map(str, row)) for row in rows).encode()).hexdigest()
