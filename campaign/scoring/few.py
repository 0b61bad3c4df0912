"""The scores of a few organizations with their own members, and of those above them: what the changes of a minute ask for.

    places → members → figures → what people entered → members' scores → organizations, from the deepest level up

The same result as `engine` finds inside the database for everybody at once, by some twenty small statements: their number and
what each costs do not grow with the group. The arithmetic is that of explanations (`arithmetic`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Q
from django.db.models.expressions import RawSQL

from campaign.models import Audience
from campaign.scoring import arithmetic, formulas, lines, roll
from campaign.scoring.arithmetic import FULL_SHEET, Bonus, Ceiling, Entries, Figure, Score
from campaign.scoring.choices import Tier
from campaign.scoring.models import EntryKind, PeriodScore, ScoreEntry, ScoreTally
from campaign.scoring.plans import Plan, Plans, inexact, unknown_grade
from campaign.scoring.registry import HEADS, Metric, MetricScope, Rollup
from campaign.scoring.roll import Changed, Enrolled, Place
from campaign.scoring.work import numbers

Subject = tuple[int | None, int]
"""(member, 0) or (None, organization)"""
Stored = tuple[Any, ...]
"""What is compared and stored of a score: sheet, place, base, bonus entered, bonus, deductions, total, grade, vetoed, lines."""
COMPARED = ("sheet_id", "place", "base", "bonus_entered", "bonus", "deductions", "total", "grade", "vetoed", "lines")
Pair = list[int]
"""A numerator and a denominator that are being added up."""


@dataclass(frozen=True)
class Found:
    """The score of one subject as it is now, and the row it replaces if readers see another one."""

    member: int | None
    organization: int
    peers: str
    values: Stored
    replaces: int | None
    same: bool


@dataclass(frozen=True)
class Gone:
    """A row that readers see of a subject that is scored no more."""

    pk: int
    member: int | None
    organization: int
    sheet: int
    place: str


@dataclass(frozen=True)
class Passed:
    """What an organization adds to one figure of those above it (see `ScoreTally`)."""

    organization: int
    above: int
    metric: str
    own: Figure
    up: Figure

    @property
    def values(self) -> tuple[int, int, int, int]:
        return (*self.own, *self.up)


class Few:
    """Compute `changed` by `plans`: afterwards `found`, `gone` and `passed` (only what differs from what is stored)."""

    def __init__(self, changed: Changed, plans: Plans) -> None:
        self.changed, self.plans = changed, plans
        self.period = changed.period
        self.places: list[Place] = roll.lines_up(changed)
        self.marked = changed.places
        self.members: list[Enrolled] = roll.members_in(self.period, self.marked) if plans.asks_members else []
        self.figures: dict[tuple[Any, Audience], dict[int, Figure]] = {}
        self.own: dict[tuple[int, str], Pair] = defaultdict(lambda: [0, 0])
        self.below: dict[tuple[int, str], Pair] = defaultdict(lambda: [0, 0])
        self.found: list[Found] = []
        self.gone: list[Gone] = []
        self.passed: list[Passed] = []

    @cached_property
    def summed(self) -> list[Metric]:
        """The metrics that come from below."""
        return self.plans.summed

    def run(self) -> "Few":
        """Raises DomainError for a figure that cannot be computed exactly, and for a ceiling that no sheet knows."""
        self._shown = self._read_shown()
        self._entered = self._read_entries()
        self._stored = self._read_tallies()
        self._score_members()
        self._add_members()
        for place in sorted(self.places, key=lambda place: -len(place.path)):
            self._score_organization(place)
        done = {(one.member, 0 if one.member else one.organization) for one in self.found}
        self.gone = [row for subject, row in self._leaving.items() if subject not in done]
        return self

    @property
    def outdated(self) -> list[int]:
        """The stored tallies (keys) that something else takes the place of."""
        again = ((one.organization, one.metric) for one in self.passed)
        return [self._stored[key][0] for key in again if key in self._stored]

    @property
    def differs(self) -> bool:
        return bool(self.gone or self.passed or any(not one.same for one in self.found))

    # -- what is there ----------------------------------------------------------------------------------------------

    def _read_shown(self) -> dict[Subject, tuple[int, Stored]]:
        """Read what readers see of everybody concerned, and note whose rows may have to go."""
        self._leaving: dict[Subject, Gone] = {}
        shown: dict[Subject, tuple[int, Stored]] = {}
        current = PeriodScore.objects.current().filter(period=self.period).order_by()
        asked = {member.id for member in self.members} | self.changed.members
        of_members = current.of_members()
        for rows in (
            current.of_organizations().filter(organization__in=listed(place.id for place in self.places)),
            # Two questions: for either or other SQLite would read the scores of everybody.
            of_members.filter(member__in=listed(asked)),
            of_members.filter(organization__in=listed(self.marked)),
        ):
            for pk, member, organization, *values in rows.values_list("pk", "member", "organization", *COMPARED):
                subject = (member, 0 if member else organization)
                shown[subject] = (pk, tuple(values))
                if member or organization in self.marked:
                    self._leaving[subject] = Gone(pk, member, organization, values[0], values[1])
        return shown

    def _read_entries(self) -> dict[Subject, Entries]:
        """Read what was entered for everybody concerned and counts in the period."""
        whose = Q(member__in=listed(member.id for member in self.members))
        whose |= Q(member=None, organization__in=listed(place.id for place in self.places))
        rows = ScoreEntry.objects.counting(self.period, self.changed.as_of).filter(whose).order_by()
        found: dict[Subject, list[tuple[Any, ...]]] = defaultdict(list)
        for member, organization, *entry in rows.values_list(
            "member", "organization", "kind", "points", "grade", "work"
        ):
            found[member, 0 if member else organization].append(tuple(entry))
        return {subject: entries_of(rows) for subject, rows in found.items()}

    def _read_tallies(self) -> dict[tuple[int, str], tuple[int, Stored]]:
        """Read what the places passed on, and add up what the organizations right below them do that are not computed now."""
        if not self.summed:
            return {}
        ids, keys = {place.id for place in self.places}, {metric.key for metric in self.summed}
        stored, others = {}, {}
        names = ("own_numerator", "own_denominator", "numerator", "denominator")
        near = Q(above__in=listed(ids)) | Q(organization__in=listed(ids))
        rows = ScoreTally.objects.finished(self.period).filter(near).order_by("run_id")
        # Of one organization's figure there may be several for a while: the last one counts.
        for pk, organization, above, metric, *values in rows.values_list(
            "pk", "organization", "above", "metric", *names
        ):
            if metric in keys and organization in ids:
                stored[organization, metric] = (pk, tuple(values))
            elif metric in keys:
                others[organization, metric] = (above, (values[2], values[3]))
        for (_organization, metric), (above, passed) in others.items():
            add(self.below[above, metric], passed)
        return stored

    # -- figures ----------------------------------------------------------------------------------------------------

    def _figures(self, metric: Metric, audience: Audience) -> dict[int, Figure]:
        """Ask a metric once for everybody concerned."""
        key = (metric.figures, audience)
        if key not in self.figures:
            if metric.figures is None:
                raise TypeError(f"the metric {metric.key} has no figures of its own")
            subjects: Iterable[Enrolled | Place] = self.members if audience == Audience.MEMBER else self.places
            asked = metric.figures(MetricScope(self.period, audience, self.changed.as_of))
            rows = asked.filter(whose__in=listed(one.id for one in subjects))
            self.figures[key] = {whose: (n, d) for whose, n, d in rows.values_list("whose", "numerator", "denominator")}
        return self.figures[key]

    def _add_members(self) -> None:
        """Add up, for the marked organizations, the figures and the totals of their own members."""
        totals = {one.member: one.values[COMPARED.index("total")] for one in self.found}
        active = {place.id for place in self.places if place.active}
        for metric in self.summed:
            if Audience.MEMBER in metric.adds_up:
                figures = self._figures(metric, Audience.MEMBER)
                for member in self.members:
                    add(self.own[member.organization, metric.key], figures.get(member.id, arithmetic.NOTHING))
            elif metric.rollup == Rollup.MEMBERS:
                for member in self.members:
                    if totals.get(member.id) is not None:
                        add(self.own[member.organization, metric.key], (totals[member.id], FULL_SHEET))
            elif metric.rollup == Rollup.COUNT:
                for member in self.members:
                    if member.organization in active:
                        add(self.own[member.organization, metric.key], (1, 0))

    # -- scores -----------------------------------------------------------------------------------------------------

    def _score_members(self) -> None:
        plan, homes = self.plans.members, {place.id: place for place in self.places if place.active}
        if plan is None:
            return
        for member in sorted(
            self.members,
            key=lambda one: (homes[one.organization].path, one.code) if one.organization in homes else ("", ""),
        ):
            if home := homes.get(member.organization):
                figures = [self._figures(metric, Audience.MEMBER).get(member.id) for metric in plan.measured]
                self._score(plan, (member.id, 0), home, figures)

    def _score_organization(self, place: Place) -> None:
        plan = self.plans.by_type.get(place.type)
        sums = {metric.key: self._sum(place, metric) for metric in self.summed}
        total = None
        if plan and place.active:
            figures = [
                sums[metric.key] if metric.of_subtree else self._figures(metric, Audience.ORGANIZATION).get(place.id)
                for metric in plan.measured
            ]
            total = self._score(plan, (None, place.id), place, figures)
        for metric in self.summed:
            weight = sums[HEADS.key][0] if metric.rollup == Rollup.WEIGHTED else 1
            scored = arithmetic.NOTHING if total is None else (total * weight, FULL_SHEET * weight)
            self._pass_on(place, metric, sums[metric.key], scored)

    def _sum(self, place: Place, metric: Metric) -> Figure:
        """Return the figure of an organization with everything below it."""
        if place.id not in self.marked:
            _pk, stored = self._stored.get((place.id, metric.key), (0, (0, 0, 0, 0)))
            self.own[place.id, metric.key] = list(stored[:2])
        (n, d), (more, of) = self.own[place.id, metric.key], self.below[place.id, metric.key]
        return n + more, d + of

    def _pass_on(self, place: Place, metric: Metric, figure: Figure, scored: Figure) -> None:
        itself = arithmetic.NOTHING
        if metric.of_children:
            figure, itself = arithmetic.NOTHING, scored
        elif Audience.ORGANIZATION in metric.adds_up and place.active:
            itself = self._figures(metric, Audience.ORGANIZATION).get(place.id, arithmetic.NOTHING)
        up = (figure[0] + itself[0], figure[1] + itself[1])
        add(self.below[place.above, metric.key], up)
        n, d = self.own[place.id, metric.key]
        passed = Passed(place.id, place.above, metric.key, (n, d), up)
        if self._stored.get((place.id, metric.key), (0, None))[1] != passed.values:
            self.passed.append(passed)

    def _score(self, plan: Plan, subject: Subject, place: Place, figures: Iterable[Figure | None]) -> int | None:
        given = [figure or arithmetic.NOTHING for figure in figures]
        for key, item, figure in zip(plan.keys, plan.rules.items, given, strict=True):
            if not all(0 <= value <= formulas.limit(item.method, item.full) for value in figure):
                raise inexact(key)
        entries = self._entered.get(subject, arithmetic.NO_ENTRIES)
        for ceiling in entries.ceilings:
            if ceiling.grade is not None and ceiling.grade not in {grade.name for grade in plan.rules.grades}:
                raise unknown_grade(ceiling.grade)
        score = arithmetic.score_of(plan.rules, given, entries)
        values = stored(plan, place, score)
        pk, shown = self._shown.get(subject, (None, ()))
        peers = place.path[: -roll.STEP] if plan.tier == Tier.SIBLINGS and subject[0] is None else ""
        self.found.append(Found(subject[0], place.id, peers, values, pk, shown == values))
        return score.total


def stored(plan: Plan, place: Place, score: Score) -> Stored:
    """Return what is kept of a score; without a total, nothing of what was entered counts."""
    applies = score.total is not None
    entered = (score.bonus_entered, score.bonus, score.deductions) if applies else (0, 0, 0)
    return (
        plan.sheet_id, place.path, score.base, *entered, score.total, score.grade, score.vetoed, lines.pack(score.lines)
    )  # fmt: skip


def entries_of(rows: Collection[tuple[Any, ...]]) -> Entries:
    """Return what was entered for one subject, from (kind, points, grade, work)."""
    return Entries(
        bonuses=tuple(Bonus(work, points) for kind, points, _grade, work in rows if kind == EntryKind.BONUS),
        deductions=tuple(points for kind, points, _grade, _work in rows if kind == EntryKind.DEDUCTION),
        ceilings=tuple(
            Ceiling(grade if kind == EntryKind.CEILING else None)
            for kind, _points, grade, _work in rows
            if kind in (EntryKind.CEILING, EntryKind.VETO)
        ),
    )


def add(pair: Pair, figure: Figure) -> None:
    pair[0] += figure[0]
    pair[1] += figure[1]


def listed(ids: Iterable[int]) -> RawSQL:
    """Return ids as the right side of `__in`: written out, since a statement takes only so many parameters."""
    return RawSQL(numbers(ids), ())  # noqa: S611 — whole numbers alone
