"""Why a score is what it is, and what would raise it: from the stored lines and the sheet they were made by."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from campaign.common.access import Person, holds, reaches
from campaign.common.capabilities import Cap
from campaign.common.exact import hundredths, signed
from campaign.scoring import wording
from campaign.scoring.arithmetic import FULL_SHEET, Figure, Item, Line, Rules, score_of
from campaign.scoring.choices import Column, LineState
from campaign.scoring.models import EntryKind, PeriodScore, ScoreEntry, ScoreSheetItem
from campaign.scoring.plans import rules_of
from campaign.scoring.registry import Metric, metrics
from campaign.scoring.selectors import column_points, entries_counted


@dataclass(frozen=True)
class Advice:
    """A raw figure within reach, and by how many hundredths the total would be higher with it."""

    numerator: int
    denominator: int
    gain: int


@dataclass(frozen=True)
class ExplainedLine:
    """One item of the sheet: what was measured, how it became points, and what would give more."""

    item: ScoreSheetItem
    line: Line
    metric_label: str
    rule: str
    raw: str
    target: str
    arithmetic: str
    records_url: str
    previous: int | None
    advice: Advice | None
    advice_text: str

    @property
    def skipped(self) -> bool:
        return self.line.state == LineState.SKIPPED


@dataclass(frozen=True)
class Sum:
    """A step from the points to the total. `key` names it on the page, "" for what no form shows; `sign` stands before a figure
    that is taken away."""

    key: str
    label: str
    figure: str
    sign: str = ""

    @property
    def text(self) -> str:
        return f"{self.sign}{self.figure}"


@dataclass(frozen=True)
class Explanation:
    """The lines of a score and how they add up: `points` is their sum, `folding` the line 折算, empty where every item counts."""

    score: PeriodScore
    previous: PeriodScore | None
    lines: tuple[ExplainedLine, ...]
    points: int
    folding: str

    @property
    def difference(self) -> int | None:
        """Hundredths more (or fewer) than in the period before; None when either has no total."""
        if self.previous is None or self.previous.total is None or self.score.total is None:
            return None
        return self.score.total - self.previous.total

    @property
    def difference_text(self) -> str:
        """The period before in words; empty where there is none."""
        if self.previous is None or self.previous.total is None or self.difference is None:
            return ""
        figures = {"before": hundredths(self.previous.total), "difference": signed(self.difference)}
        return _("Period before: %(before)s, difference: %(difference)s") % figures

    @property
    def columns(self) -> dict[Column, int]:
        """The points of each column of form d.18, before folding; of those columns that have an item that was not left out."""
        return column_points(self.score, [line.item for line in self.lines])

    @property
    def sums(self) -> "list[Sum]":
        """How the lines become the total, for pages and the command line: by column where there are several."""
        score = self.score
        if score.total is None:
            none = _("Every item was left out: there is no score, which is not the same as 0.")
            return [Sum("", _("Total"), none), *self._before]
        rows = [
            Sum(f"points-{column}", str(column.label), hundredths(points)) for column, points in self.columns.items()
        ]
        rows.append(Sum("points", _("Sum of the items"), hundredths(self.points)))
        if self.folding:
            rows.append(Sum("", _("Folded to 100, since items were left out"), self.folding))
        if score.bonus_entered > score.bonus:
            rows.append(Sum("", _("Bonus as entered"), signed(score.bonus_entered)))
            label = _("Bonus, at most %(cap)s") % {"cap": hundredths(score.sheet.bonus_cap)}
            rows.append(Sum("bonus", label, signed(score.bonus)))
        else:
            rows.append(Sum("bonus", _("Bonus"), signed(score.bonus)))
        rows.append(Sum("deductions", _("Deductions"), hundredths(score.deductions), "−" if score.deductions else ""))
        rows.append(Sum("total", _("Total"), hundredths(score.total)))
        rows.append(Sum("", _("Grade"), f"{score.grade} ({self.grades})"))
        return [*rows, *self._before]

    @property
    def _before(self) -> "list[Sum]":
        if self.previous is None or self.previous.total is None:
            return []
        rows = [Sum("previous", _("Period before"), hundredths(self.previous.total))]
        if self.difference is not None:
            rows.append(Sum("change", pgettext("score", "Change"), signed(self.difference)))
        return rows

    @property
    def next_grade(self) -> str:
        """Say how much is missing to the next better grade; empty at the best, and where a veto or ceiling holds it down."""
        bands = list(self.score.sheet.grades.all())
        total = self.score.total
        if total is None:
            return ""
        reached = next((place for place, band in enumerate(bands) if total >= band.at_least), 0)
        if reached == 0 or bands[reached].name != self.score.grade:
            return ""
        better = bands[reached - 1]
        return _("%(marks)s marks more for “%(grade)s”") % {
            "marks": hundredths(better.at_least - total), "grade": better.name,
        }  # fmt: skip

    @property
    def grades(self) -> str:
        """The bands of the sheet in words."""
        return _("; ").join(
            _("from %(marks)s: %(grade)s") % {"marks": wording.decimal(band.at_least, 100), "grade": band.name}
            for band in self.score.sheet.grades.all()
        )


@dataclass(frozen=True)
class ExplainedEntry:
    """Something people entered that counted: `worth` in words, `url` for who may open it; one that is `passed_over` is of a work
    that another entry honours higher."""

    entry: ScoreEntry
    worth: str
    passed_over: bool
    url: str


def explain_entries(score: PeriodScore, viewer: Person | None = None) -> list[ExplainedEntry]:
    """Return what was entered for the subject and counted in `score`, in the order of the dates. Two queries at most."""
    entries = list(entries_counted(score))
    highest: dict[str, ScoreEntry] = {}
    for entry in entries:
        if entry.kind == EntryKind.BONUS and entry.points > getattr(highest.get(entry.work), "points", 0):
            highest[entry.work] = entry
    opens = viewer is not None and reaches(viewer, Cap.SCORE_RUN, score.organization.path)
    return [
        ExplainedEntry(
            entry,
            worth_of(entry),
            entry.kind == EntryKind.BONUS and highest[entry.work] != entry,
            entry.get_absolute_url() if opens else "",
        )
        for entry in entries
    ]


def worth_of(entry: ScoreEntry) -> str:
    """Say what an entry gives or takes: marks with their sign, or the grade it names."""
    if entry.kind == EntryKind.VETO:
        return "—"
    sign = -1 if entry.kind == EntryKind.DEDUCTION else 1
    return entry.grade or signed(sign * entry.points)


def explain(score: PeriodScore, previous: PeriodScore | None = None, viewer: Person | None = None) -> Explanation:
    """Explain `score` to `viewer`, who meets no link that does not open; `previous` is the subject's score of the period
    before, if there is one.

    The score needs its sheet with `items` and `grades`, its period, organization and member: prefetch them for many.
    """
    items = list(score.sheet.items.all())
    rules = rules_of(score.sheet, items)
    lines, before = score.unpacked(), previous.unpacked() if previous else {}
    explained = tuple(
        _line(score, rules, items, lines, place, before.get(item.key), viewer) for place, item in enumerate(items)
    )
    points = sum(line.line.points for line in explained)
    full = sum(line.item.full_marks for line in explained if not line.skipped)
    return Explanation(score, previous, explained, points, _folding(score, points, full))


def _folding(score: PeriodScore, points: int, full: int) -> str:
    if score.base is None or full == FULL_SHEET:
        return ""
    return f"{hundredths(points)} × 100 ÷ {hundredths(full)} = {hundredths(score.base)}"


def _line(
    score: PeriodScore,
    rules: Rules,
    items: list[ScoreSheetItem],
    lines: Mapping[str, Line],
    place: int,
    before: Line | None,
    viewer: Person | None,
) -> ExplainedLine:
    item, ruled = items[place], rules.items[place]
    line = lines[item.key]
    metric = metrics.get(item.metric) if item.metric in metrics else None
    unit = str(metric.unit) if metric else wording.PERCENT
    advice = advise(score, rules, [(lines[i.key].numerator, lines[i.key].denominator) for i in items], place)
    return ExplainedLine(
        item=item,
        line=line,
        metric_label=str(metric.label) if metric else item.metric,
        rule=wording.rule(ruled.method, ruled.full, unit),
        raw=wording.raw(line.numerator, line.denominator, unit),
        target=wording.target(ruled.method, unit),
        arithmetic=wording.arithmetic(ruled.method, ruled.full, line),
        records_url=records_url(metric, score, viewer),
        previous=before.points if before and before.state != LineState.SKIPPED else None,
        advice=advice,
        advice_text=_advice_text(advice, line, ruled, unit),
    )


def records_url(metric: Metric | None, score: PeriodScore, viewer: Person | None) -> str:
    """Return the list of the very records counted; nothing where it would not open for `viewer`."""
    if metric is None or (viewer is not None and metric.records_for and not holds(viewer, metric.records_for)):
        return ""
    return metric.records_url(score.subject, score.period)


def advise(score: PeriodScore, rules: Rules, figures: list[Figure], place: int) -> Advice | None:
    """Return the nearest raw figure of one item that gives the subject a higher total, all else being equal."""
    if score.total is None:
        return None
    numerator, denominator = figures[place]
    item = rules.items[place]
    if not denominator:
        return None
    goal = item.method.goal(numerator, denominator)
    if goal is None:
        return None
    better = score_of(rules, [*figures[:place], (goal, denominator), *figures[place + 1 :]])
    total = max(0, (better.base or 0) + score.bonus - score.deductions)
    return Advice(goal, denominator, total - score.total) if total > score.total else None


def _advice_text(advice: Advice | None, line: Line, item: Item, unit: str) -> str:
    if advice:
        return _("From %(now)s to %(then)s: %(gain)s marks more in the total.") % {
            "now": wording.raw(line.numerator, line.denominator, unit),
            "then": wording.raw(advice.numerator, advice.denominator, unit),
            "gain": hundredths(advice.gain),
        }
    if line.state == LineState.NOTHING and line.points < item.full:
        return _("Nothing was there to be measured. As soon as there is, this item gives up to %(full)s marks.") % {
            "full": hundredths(item.full)
        }
    return ""
