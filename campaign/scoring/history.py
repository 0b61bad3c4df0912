"""What became other between two runs of a period, line by line, and why. A score is never changed: all of it is still there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from campaign.common.capabilities import Cap
from campaign.common.exact import hundredths, signed
from campaign.scoring import wording
from campaign.scoring.arithmetic import Line
from campaign.scoring.choices import RunState
from campaign.scoring.explain import records_url
from campaign.scoring.models import FINISHED, PeriodScore, PeriodScoreQuerySet, ScoreRun, ScoreSheetItem
from campaign.scoring.registry import evidence, metrics


@dataclass(frozen=True)
class LineChange:
    """One item that counts otherwise than before; `before` or `after` is None where the sheet of then had no such item."""

    item: ScoreSheetItem
    metric_label: str
    before: Line | None
    after: Line | None
    raw_before: str
    raw_after: str
    records_url: str

    @property
    def gain(self) -> int:
        """Hundredths more (or fewer) from this item."""
        return (self.after.points if self.after else 0) - (self.before.points if self.before else 0)


@dataclass(frozen=True)
class Difference:
    """A subject's score after a run beside the one before; `before` None: it had none. `after.removed`: it has none any more."""

    before: PeriodScore | None
    after: PeriodScore
    lines: tuple[LineChange, ...]
    notes: tuple[str, ...]
    """What else is other, in words: the sheet, the bonus, a veto …"""

    @property
    def gain(self) -> int | None:
        """Hundredths more (or fewer) in the total; None where there is none before or after."""
        if self.before is None or self.before.total is None or self.after.total is None:
            return None
        return self.after.total - self.before.total


@dataclass(frozen=True)
class Cause:
    """Evidence that was changed before an incremental run: what kind of records, and how many."""

    label: str | Promise
    count: int


def run_before(run: ScoreRun) -> ScoreRun | None:
    """Return the run of the same period that finished before `run`."""
    return ScoreRun.objects.filter(period=run.period_id, state__in=FINISHED, pk__lt=run.pk).order_by("-pk").first()


def differing(before: ScoreRun | None, after: ScoreRun, user: Any) -> PeriodScoreQuerySet:
    """Return the organizations' scores that `user` may see and that `after` left otherwise than `before` (None: than nothing), in
    the order of the tree, `removed` ones among them. Both are runs of one period, `before` the earlier one; `after` may be a
    correction that waits for its second person."""
    counted = Q(run__state=RunState.PUBLISHED) | Q(run=after)
    newer = PeriodScore.objects.filter(counted, replaces=OuterRef("pk"), run__lte=after.pk)
    return (
        PeriodScore.objects.allowed(user, Cap.SCORE_VIEW)
        .filter(counted, period=after.period_id, run__gt=before.pk if before else 0, run__lte=after.pk)
        .filter(~Exists(newer))
        .select_related("organization", "period", "sheet")
        .prefetch_related("sheet__items", "sheet__grades")
        .order_by("place", "pk")
    )


def differences(
    before: ScoreRun | None, after: ScoreRun, user: Any, scores: Sequence[PeriodScore] | None = None
) -> list[Difference]:
    """Explain `scores`, some of those that `differing` gave (default: all of them)."""
    wanted = list(differing(before, after, user) if scores is None else scores)
    earlier = _shown_after(before, wanted) if before else {}
    return [_difference(earlier.get(score.organization_id), score, user) for score in wanted]


def _shown_after(run: ScoreRun, scores: Sequence[PeriodScore]) -> dict[int, PeriodScore]:
    """Return what readers saw of the same organizations once `run` was published."""
    known = PeriodScore.objects.filter(run__state=RunState.PUBLISHED, run__lte=run.pk)
    newer = known.filter(replaces=OuterRef("pk"))
    found = (
        known.of_organizations()
        .filter(
            ~Exists(newer), period=run.period_id, removed=False, organization__in=[s.organization_id for s in scores]
        )
        .select_related("sheet")
        .prefetch_related("sheet__items")
    )
    return {score.organization_id: score for score in found}


def _difference(before: PeriodScore | None, after: PeriodScore, user: Any) -> Difference:
    earlier, later = before.unpacked() if before else {}, after.unpacked()
    sheets = [score.sheet for score in (after, before) if score]
    items = {item.key: item for sheet in reversed(sheets) for item in sheet.items.all()}
    order = [item.key for item in after.sheet.items.all()]
    keys = [*order, *(key for key in items if key not in order)]
    lines = tuple(
        _line(items[key], earlier.get(key), later.get(key), after, user)
        for key in keys
        if before and not after.removed and earlier.get(key) != later.get(key)
    )
    return Difference(before, after, lines, tuple(_notes(before, after)))


def _line(item: ScoreSheetItem, before: Line | None, after: Line | None, score: PeriodScore, user: Any) -> LineChange:
    metric = metrics.get(item.metric) if item.metric in metrics else None
    unit = str(metric.unit) if metric else wording.PERCENT
    return LineChange(
        item=item,
        metric_label=str(metric.label) if metric else item.metric,
        before=before,
        after=after,
        raw_before=wording.raw(before.numerator, before.denominator, unit) if before else "",
        raw_after=wording.raw(after.numerator, after.denominator, unit) if after else "",
        records_url=records_url(metric, score, user),
    )


def _notes(before: PeriodScore | None, after: PeriodScore) -> list[str]:
    if after.removed:
        return [_("It is scored no more: it was closed, or no sheet is for it.")]
    if before is None:
        return [_("It had no score before.")]
    found = []
    if before.sheet_id != after.sheet_id:
        sheets = {name: f"{one.sheet} v{one.sheet.version}" for name, one in (("before", before), ("after", after))}
        found.append(_("Another score sheet: %(before)s → %(after)s") % sheets)
    if before.place != after.place:
        found.append(_("It stands elsewhere in the tree."))
    for label, was, now in (
        (_("Bonus"), before.bonus, after.bonus),
        (_("Deductions"), -before.deductions, -after.deductions),
    ):
        if was != now:
            found.append(f"{label}: {signed(was)} → {signed(now)}")
    if before.vetoed != after.vetoed:
        found.append(_("Vetoed.") if after.vetoed else _("The veto no longer counts."))
    if before.total != after.total:
        totals = {
            name: "—" if one.total is None else hundredths(one.total)
            for name, one in (("before", before), ("after", after))
        }
        found.append(_("Total: %(before)s → %(after)s") % totals)
    if before.grade != after.grade:
        found.append(_("Grade: %(before)s → %(after)s") % {"before": before.grade or "—", "after": after.grade or "—"})
    return found


def causes(before: ScoreRun | None, after: ScoreRun) -> list[Cause]:
    """Return what was changed since `before`, as the incremental runs up to `after` found it marked; a full run looks at
    everything and asks for no marks."""
    runs = ScoreRun.objects.filter(period=after.period_id, pk__gt=before.pk if before else 0, pk__lte=after.pk)
    counts: dict[str, int] = {}
    for found in runs.exclude(causes={}).values_list("causes", flat=True):
        for kind, count in found.items():
            counts[kind] = counts.get(kind, 0) + count
    return [Cause(_label(kind), count) for kind, count in sorted(counts.items())]


def _label(kind: str) -> str | Promise:
    known = {"member": _("Records of members"), "organization": _("Records of organizations")}
    if kind in known:
        return known[kind]
    return evidence.get(kind).label or kind if kind in evidence else kind
