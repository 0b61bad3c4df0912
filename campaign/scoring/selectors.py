"""Reads of scores: what a user may see of them, with rank, period before, and the columns of form d.18."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Prefetch, QuerySet, Subquery, When

from campaign.common import clock
from campaign.models import Campaign, Period
from campaign.scoring.choices import Column, LineState
from campaign.scoring.models import (
    FINISHED,
    UNDECIDED,
    FreezeState,
    GradeBand,
    PeriodScore,
    PeriodScoreQuerySet,
    ScoreDrift,
    ScoreEntry,
    ScoreEntryQuerySet,
    ScoreFreeze,
    ScoreRun,
    ScoreRunQuerySet,
    ScoreSheet,
    ScoreSheetItem,
    ScoreSheetQuerySet,
    ScoreTally,
)
from campaign.scoring.registry import HEADS, Rollup, metrics
from campaign.selectors import campaigns_for


def scores_for(user: Any) -> PeriodScoreQuerySet:
    """Return the present scores of organizations that `user` may see, in the order of the tree."""
    return (
        PeriodScore.objects.visible_to(user).current()
        .select_related("organization", "period", "sheet").prefetch_related("sheet__items", "sheet__grades")
        .order_by("period__starts_on", "place", "pk")
    )  # fmt: skip


def published_scores() -> PeriodScoreQuerySet:
    """Return every score that was ever published, with what explaining it needs; for the gate."""
    return (
        PeriodScore.objects.published()
        .select_related("organization", "member__organization", "period__campaign", "sheet", "run")
        .prefetch_related("sheet__items", "sheet__grades")
    )  # fmt: skip


def grades_for(user: Any, capability: Any) -> PeriodScoreQuerySet:
    """Return the present scores of members that `user` may see the grade of, in roll order."""
    return (
        PeriodScore.objects.allowed(user, capability).current()
        .select_related("organization", "member", "period", "sheet").prefetch_related("sheet__grades")
        .order_by("period__starts_on", "place", "member__pinyin", "member_id")
    )  # fmt: skip


def runs_for(user: Any) -> ScoreRunQuerySet:
    return ScoreRun.objects.visible_to(user).select_related("period__campaign", "organization", "requested_by", "job")


def entries_for(user: Any) -> ScoreEntryQuerySet:
    """Return the bonuses, deductions and vetoes that `user` may see, what waits for a decision first."""
    waiting = Case(When(state__in=UNDECIDED, then=0), default=1)
    found = ScoreEntry.objects.visible_to(user).select_related("organization", "member", "entered_by", "decided_by")
    return found.order_by(waiting, "-happened_on", "-pk")


def _subject(score: PeriodScore) -> dict[str, int | None]:
    """Return how records name whom a score is of."""
    return {"member": score.member_id} if score.member_id else {"member": None, "organization": score.organization_id}


def entries_counted(score: PeriodScore) -> QuerySet[ScoreEntry]:
    """Return what was entered and counted in `score`: confirmed before its records were read, dated within the period. Needs its
    period and run."""
    return (
        ScoreEntry.objects.filter(**_subject(score))
        .counted(score.period, score.run.as_of)
        .order_by("happened_on", "pk")
    )


def freezes_for(user: Any) -> QuerySet[ScoreFreeze]:
    """Return the requests to freeze periods that `user` may decide on, the latest first."""
    return ScoreFreeze.objects.visible_to(user).select_related("period__campaign", "run", "requested_by", "decided_by")


def sheets_for(user: Any) -> ScoreSheetQuerySet:
    return ScoreSheet.objects.visible_to(user).with_successor().select_related("campaign").prefetch_related("types")


def grade_names(user: Any) -> list[str]:
    """Return the grades of the sheets that `user` may see, the best first, each once."""
    bands = GradeBand.objects.filter(sheet__in=sheets_for(user)).order_by("-at_least", "name")
    return list(dict.fromkeys(bands.values_list("name", flat=True)))


def periods_for(user: Any) -> QuerySet[Period]:
    """Return the periods that have begun of the campaigns `user` may see, the latest first."""
    begun = Period.objects.filter(campaign__in=campaigns_for(user), starts_on__lte=clock.today())
    return begun.select_related("campaign").order_by("-starts_on", "-pk")


def periods_of(campaign: Campaign) -> QuerySet[Period]:
    """Return the periods of a campaign with what became of each: `computed_at` (the last run that finished), `frozen` (the
    freezes that were confirmed, the first one first), `waits` (somebody asks for it to be frozen), `drifts` (for how many the
    evidence was changed since). Two queries."""
    runs = ScoreRun.objects.filter(period=OuterRef("pk"), state__in=FINISHED).order_by("-pk")
    confirmed = ScoreFreeze.objects.filter(state=FreezeState.CONFIRMED).order_by("version")
    asked = ScoreFreeze.objects.filter(period=OuterRef("pk"), state=FreezeState.REQUESTED)
    return (
        campaign.periods.annotate(
            computed_at=Subquery(runs.values("finished_at")[:1]),
            waits=Exists(asked),
            drifts_count=Count("drifts"),
        )
        .prefetch_related(Prefetch("freezes", confirmed.select_related("requested_by", "decided_by"), to_attr="frozen"))
        .order_by("kind", "starts_on", "pk")
    )


def default_period(user: Any) -> Period | None:
    """Return the latest period in which the user can see a score, else the latest that has begun."""
    periods = periods_for(user)
    return periods.filter(score_runs__state="published").first() or periods.first()


def previous_period(period: Period) -> Period | None:
    """Return the period of the same kind before `period`."""
    same_kind = Period.objects.filter(campaign=period.campaign_id, kind=period.kind, ends_on__lt=period.starts_on)
    return same_kind.order_by("-ends_on").first()


def previous_score(score: PeriodScore) -> PeriodScore | None:
    """Return the same subject's score of the period before."""
    before = previous_period(score.period)
    if before is None:
        return None
    same_subject = (
        {"member": score.member_id} if score.member_id else {"member": None, "organization": score.organization_id}
    )
    found = PeriodScore.objects.current().filter(period=before, **same_subject)
    return found.select_related("sheet").prefetch_related("sheet__items").first()


def drift_of(score: PeriodScore) -> ScoreDrift | None:
    """Return that evidence of a frozen score was changed since, so that it would be another one now."""
    return ScoreDrift.objects.filter(period=score.period_id, **_subject(score)).first()


def drifted_for(user: Any, period: Period) -> PeriodScoreQuerySet:
    """Return the frozen scores of organizations that would be others now, as far as `user` sees them."""
    changed = ScoreDrift.objects.filter(period=period, member=None).values("organization")
    return scores_for(user).of_organizations().filter(period=period, organization__in=changed)


def successor(score: PeriodScore) -> PeriodScore | None:
    """Return the score that readers see instead of `score`, None while it is the present one."""
    return PeriodScore.objects.current().filter(period=score.period, **_subject(score)).exclude(pk=score.pk).first()


def totals_before(scores: Sequence[PeriodScore]) -> dict[int, int | None]:
    """Return the totals of the period before by score, for scores of organizations of one period."""
    before = previous_period(scores[0].period) if scores else None
    if before is None:
        return {}
    found = dict(
        PeriodScore.objects.current().of_organizations()
        .filter(period=before, organization__in=[score.organization_id for score in scores])
        .values_list("organization_id", "total")
    )  # fmt: skip
    return {score.pk: found.get(score.organization_id) for score in scores}


def column_points(score: PeriodScore, items: Iterable[ScoreSheetItem]) -> dict[Column, int]:
    """Return the points of each column of form d.18 (hundredths), before folding; a column without an item, or whose
    items were all left out, is missing."""
    lines = score.unpacked()
    found: dict[Column, int] = {}
    for item in items:
        if lines[item.key].state is LineState.SKIPPED:
            continue
        found[Column(item.column)] = found.get(Column(item.column), 0) + lines[item.key].points
    return found


def heads_of(scores: Sequence[PeriodScore]) -> dict[int, int]:
    """Return by score how many members count for it where averages are weighted, for scores of organizations of one period."""
    if not scores:
        return {}
    tallies = ScoreTally.objects.finished(scores[0].period).filter(
        metric=HEADS.key, organization__in=[score.organization_id for score in scores]
    )
    found = dict(tallies.order_by("run_id").values_list("organization_id", "numerator"))  # the last one counts
    return {score.pk: found[score.organization_id] for score in scores if score.organization_id in found}


def weighs_members(campaigns: Iterable[Campaign]) -> bool:
    """Tell whether a sheet of `campaigns` weights an average by members."""
    weighted = [metric.key for metric in metrics if metric.rollup == Rollup.WEIGHTED]
    return ScoreSheetItem.objects.filter(sheet__campaign__in=campaigns, metric__in=weighted).exists()


def used_columns(campaigns: Iterable[Campaign]) -> set[Column]:
    """Return the columns that any sheet of `campaigns` has an item for."""
    rows = ScoreSheetItem.objects.filter(sheet__campaign__in=campaigns).order_by().values_list("column", flat=True)
    return {Column(column) for column in rows.distinct()}
