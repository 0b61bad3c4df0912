# ruff: noqa: S608, S611 — statements are put together from the names of our own tables and from whole numbers alone
"""Computing the scores of a period: from the records to `work_score_member` and `work_score_place`, in grouped statements
(see `work`).

    roll → figures → what people entered → members → organizations, from the deepest level up

Nothing that readers see is written here; `services.staging` does that with what stands in those two afterwards.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Case, IntegerField, Q, Value, When
from django.db.models.expressions import RawSQL

from campaign.common.access import under
from campaign.models import Audience
from campaign.scoring import formulas, lines, roll
from campaign.scoring.arithmetic import FULL_SHEET, Figure, Grade, Item, Rules
from campaign.scoring.choices import Tier
from campaign.scoring.models import EntryKind, PeriodPlace, PeriodScore, ScoreEntry
from campaign.scoring.plans import Plan, Plans, inexact, unknown_grade
from campaign.scoring.registry import HEADS, Metric, MetricScope, Rollup
from campaign.scoring.roll import Extent
from campaign.scoring.work import SCORED, Work, numbers, sql_of
from orgs.models import OrganizationType

Source = tuple[str, tuple[Any, ...]]
"""A statement that gives (subject, numerator, denominator), with its parameters."""
Asked = tuple[Any, Audience]
"""A metric's `figures`, and of whom they are asked."""
FIGURE = ("subject", "numerator", "denominator")


class Computation:
    """One computation over `extent` by `plans`. `tell` is given the number of steps done so far, of `steps`; `from_below` gives
    (above, key of the metric, numerator, denominator) of organizations below the extent that are computed already. `shared` are
    tables in which somebody has written down the figures of everybody (`measure`)."""

    def __init__(
        self,
        extent: Extent,
        plans: Plans,
        tell: Callable[[int], None] = lambda _done: None,
        from_below: Source | None = None,
        shared: Mapping[Asked, str] | None = None,
    ) -> None:
        self.extent, self.plans, self.tell, self.from_below = extent, plans, tell, from_below
        self.work = Work(alone=extent.span is None)
        self.done = 0
        self.figures: dict[Asked, str] = dict(shared or {})
        """The table of a figure, by what makes it and for whom: a working table, or one that several jobs share."""

    @cached_property
    def summed(self) -> list[Metric]:
        """What comes from below, by the number that it has in the working tables."""
        return self.plans.summed

    def measure(self, name: Callable[[Asked], str]) -> None:
        """Write every figure of the extent down in a table of its own, called `name`, for others to share (PostgreSQL)."""
        if not self.extent.everything:
            roll.fill(self.work, self.extent, members=self.plans.asks_members)
        for metric, audience in all_asked(self.plans):
            self.work.share(name((metric.figures, audience)), FIGURE, *self._asked(metric, audience))
            self._advance()

    @property
    def steps(self) -> int:
        return sum(len(self.plans.metrics_for(audience)) for audience in Audience) + 3

    def run(self) -> None:
        """Fill `work_score_member` and `work_score_place`. Raises DomainError for a figure that cannot be computed exactly."""
        roll.fill(self.work, self.extent, members=self.plans.asks_members)
        self._look()
        self._advance()
        self._measure()
        self._enter()
        self._score_members()
        self._advance()
        self._score_organizations()
        self._check()
        if self.has_ceilings:
            self._check_ceilings()
        self._advance()

    def measured(self, metric: Metric, audience: Audience) -> list[tuple[int, int, int]]:
        """Return (subject, numerator, denominator) of one metric, without scoring anybody."""
        roll.fill(self.work, self.extent, members=self.plans.asks_members)
        self._measure()
        if not metric.of_subtree:
            joined = "work_member" if audience == Audience.MEMBER else "work_place"
            table = self.figures[metric.figures, audience]
            return self.work.rows(
                f"SELECT f.subject, f.numerator, f.denominator FROM {table} f JOIN {joined} p ON p.id = f.subject"
            )
        for depth in self._levels():
            self._sum(depth)
            self._pass_on(depth)
        return self.work.rows("SELECT organization, numerator, denominator FROM work_sum")

    def _levels(self) -> list[int]:
        return [depth for (depth,) in self.work.rows("SELECT DISTINCT depth FROM work_place ORDER BY depth DESC")]

    def _advance(self) -> None:
        self.done += 1
        self.tell(self.done)

    def _look(self) -> None:
        """Take down what readers see now of everybody in the run."""
        self.work.take("work_shown", ("id", "own", *SHOWN), *_shown(self.extent))

    # -- figures ----------------------------------------------------------------------------------------------------

    def _measure(self) -> None:
        """Ask every metric once: a table for what sheets take as it is, sums for what organizations take from below."""
        for audience in Audience:
            for metric in self.plans.metrics_for(audience):
                if not metric.of_subtree:
                    self._keep(metric, audience)
                self._advance()
        for number, metric in enumerate(self.summed):
            if Audience.MEMBER in metric.adds_up:
                self._add_members(number, self._source(metric, Audience.MEMBER))
            if Audience.ORGANIZATION in metric.adds_up:
                self._note_organizations(number, self._source(metric, Audience.ORGANIZATION))
        if HEADS in self.summed:
            self._count_members(self.summed.index(HEADS))
        self.work.filled("work_own")

    def _keep(self, metric: Metric, audience: Audience) -> None:
        key = (metric.figures, audience)
        if key in self.figures:
            return
        name = f"work_figure_{len(self.figures)}"
        self.work.take(name, FIGURE, *self._asked(metric, audience))
        self.figures[key] = name

    def _source(self, metric: Metric, audience: Audience) -> Source:
        """Return the figures of a metric: as they were kept, else by asking."""
        kept = self.figures.get((metric.figures, audience))
        return (f"SELECT subject, numerator, denominator FROM {kept}", ()) if kept else self._asked(metric, audience)

    def _asked(self, metric: Metric, audience: Audience) -> Source:
        if metric.figures is None:
            raise TypeError(f"the metric {metric.key} has no figures of its own")
        found = metric.figures(MetricScope(self.extent.period, audience, self.extent.as_of))
        return sql_of(found.filter(self._of_run(audience, "whose")).values_list("whose", "numerator", "denominator"))

    def _of_run(self, audience: Audience, name: str) -> Q:
        """Return the condition that a subject is one of the run's."""
        if self.extent.everything:
            return Q()
        table = "work_member" if audience == Audience.MEMBER else "work_place"
        return Q(**{f"{name}__in": RawSQL(f"SELECT id FROM {table}", ())})

    def _add_members(self, number: int, source: Source) -> None:
        statement, parameters = source
        self.work.run(
            f"""INSERT INTO work_own (organization, metric, numerator, denominator)
                WITH f (subject, numerator, denominator) AS ({statement})
                SELECT m.organization, {number}, SUM(f.numerator), SUM(f.denominator)
                FROM f JOIN work_member m ON m.id = f.subject GROUP BY m.organization""",
            parameters,
        )

    def _count_members(self, number: int) -> None:
        self.work.run(
            f"""INSERT INTO work_own (organization, metric, numerator, denominator)
                SELECT m.organization, {number}, COUNT(*), 0
                FROM work_member m JOIN work_place p ON p.id = m.organization WHERE p.active = 1 GROUP BY m.organization"""
        )

    def _note_organizations(self, number: int, source: Source) -> None:
        statement, parameters = source
        self.work.run(
            f"""INSERT INTO work_self (organization, metric, numerator, denominator)
                WITH f (subject, numerator, denominator) AS ({statement})
                SELECT p.id, {number}, f.numerator, f.denominator
                FROM f JOIN work_place p ON p.id = f.subject WHERE p.active = 1""",
            parameters,
        )

    # -- what people entered ----------------------------------------------------------------------------------------

    def _entered(self) -> Source:
        """Return what was entered and counts: (member, organization, kind, points, grade, work)."""
        entries = ScoreEntry.objects.counting(self.extent.period, self.extent.as_of)
        return sql_of(entries.order_by().values_list("member", "organization", "kind", "points", "grade", "work"))

    def _enter(self) -> None:
        """Add up what was entered for every subject, by the grades of each sheet."""
        statement, parameters = self._entered()
        subject = "CASE WHEN member IS NULL THEN organization END"
        for plan in self._plans():
            lowest = len(plan.rules.grades) - 1
            grades = " ".join(f"WHEN %s THEN {n}" for n in range(lowest + 1))
            self.work.run(
                f"""INSERT INTO work_entry (sheet, member, organization, entered, deductions, ceiling, vetoed)
                    WITH e (member, organization, kind, points, grade, work) AS ({statement})
                    SELECT {plan.sheet_id}, member, organization, SUM(entered), SUM(deductions), MAX(ceiling), MAX(vetoed)
                    FROM (SELECT member, {subject} AS organization, MAX(points) AS entered, 0 AS deductions, 0 AS ceiling,
                                 0 AS vetoed
                          FROM e WHERE kind = '{EntryKind.BONUS}' GROUP BY member, {subject}, work
                          UNION ALL
                          SELECT member, {subject}, 0, CASE WHEN kind = '{EntryKind.DEDUCTION}' THEN points ELSE 0 END,
                                 CASE WHEN kind = '{EntryKind.VETO}' THEN {lowest}
                                      WHEN kind = '{EntryKind.CEILING}' THEN CASE grade {grades} END ELSE 0 END,
                                 CASE WHEN kind = '{EntryKind.VETO}' THEN 1 ELSE 0 END
                          FROM e WHERE kind <> '{EntryKind.BONUS}') x
                    GROUP BY member, organization""",
                [*parameters, *[grade.name for grade in plan.rules.grades]],
            )

    @property
    def has_ceilings(self) -> bool:
        return bool(self.work.rows("SELECT 1 FROM work_entry WHERE ceiling IS NULL OR ceiling > 0 LIMIT 1"))

    def _check_ceilings(self) -> None:
        """Refuse a ceiling that the subject's sheet does not know: it would be passed over in silence."""
        statement, parameters = self._entered()
        for plan in self._plans():
            known = ", ".join(["%s"] * len(plan.rules.grades))
            unknown = self.work.rows(
                f"""WITH e (member, organization, kind, points, grade, work) AS ({statement})
                    SELECT e.grade FROM e JOIN {SCORED} s ON s.member = e.member
                        OR s.member IS NULL AND e.member IS NULL AND s.organization = e.organization
                    WHERE e.kind = '{EntryKind.CEILING}' AND s.sheet = {plan.sheet_id} AND e.grade NOT IN ({known}) LIMIT 1""",
                [*parameters, *[grade.name for grade in plan.rules.grades]],
            )
            if unknown:
                raise unknown_grade(unknown[0][0])

    def _plans(self) -> list[Plan]:
        return [plan for audience in Audience for plan in self.plans.for_audience(audience)]

    # -- members ----------------------------------------------------------------------------------------------------

    def _score_members(self) -> None:
        plan = self.plans.members
        if plan is None:
            return
        figures = [self._joined(metric, Audience.MEMBER, place) for place, metric in enumerate(plan.measured)]
        self._score(plan, MEMBERS, figures)
        for number, metric in enumerate(self.summed):
            if metric.rollup == Rollup.MEMBERS:
                self.work.run(
                    f"""INSERT INTO work_own (organization, metric, numerator, denominator)
                        SELECT organization, {number}, SUM(total), COUNT(*) * {FULL_SHEET}
                        FROM work_score_member WHERE total IS NOT NULL GROUP BY organization"""
                )

    # -- organizations ----------------------------------------------------------------------------------------------

    def _score_organizations(self) -> None:
        """Level by level from the deepest: the sums of a level are made from those of the one below it."""
        plans = self.plans.for_audience(Audience.ORGANIZATION)
        self._take_up()
        for depth in self._levels():
            self._sum(depth)
            for plan in plans:
                figures = [self._joined(metric, Audience.ORGANIZATION, n) for n, metric in enumerate(plan.measured)]
                self._score(plan, organizations(plan, self.plans.types_of(plan), depth), figures)
            self._pass_on(depth)

    def _take_up(self) -> None:
        if self.from_below is None or not self.summed:
            return
        statement, parameters = self.from_below
        keys = [metric.key for metric in self.summed]
        number = "CASE b.metric " + " ".join(f"WHEN %s THEN {number}" for number in range(len(keys))) + " END"
        self.work.run(
            f"""INSERT INTO work_up (above, metric, numerator, denominator)
                WITH b (above, metric, numerator, denominator) AS ({statement})
                SELECT b.above, {number}, b.numerator, b.denominator FROM b""",
            [*parameters, *keys],
        )

    def _sum(self, depth: int) -> None:
        """The figures of a level: what the own members have, and what the organizations directly below pass on."""
        if not self.summed:
            return
        metrics = " UNION ALL ".join(f"SELECT {number} AS number" for number in range(len(self.summed)))
        self.work.run(
            f"""INSERT INTO work_sum (organization, metric, own_numerator, own_denominator, numerator, denominator)
                SELECT p.id, k.number, COALESCE(o.numerator, 0), COALESCE(o.denominator, 0),
                       COALESCE(o.numerator, 0) + COALESCE(c.numerator, 0),
                       COALESCE(o.denominator, 0) + COALESCE(c.denominator, 0)
                FROM work_place p CROSS JOIN ({metrics}) k
                LEFT JOIN work_own o ON o.organization = p.id AND o.metric = k.number
                LEFT JOIN (SELECT above, metric, SUM(numerator) AS numerator, SUM(denominator) AS denominator
                           FROM work_up GROUP BY above, metric) c ON c.above = p.id AND c.metric = k.number
                WHERE p.depth = {depth}"""
        )

    def _pass_on(self, depth: int) -> None:
        """What a level passes on to the one above it: its figure, and what counts of each organization itself."""
        if not self.summed:
            return
        children = [number for number, metric in enumerate(self.summed) if metric.of_children]
        for number in children:
            weight, heads = "1", ""
            if self.summed[number].rollup == Rollup.WEIGHTED:
                weight = "h.numerator"
                heads = f"JOIN work_sum h ON h.organization = s.organization AND h.metric = {self.summed.index(HEADS)}"
            self.work.run(
                f"""INSERT INTO work_self (organization, metric, numerator, denominator)
                    SELECT s.organization, {number}, s.total * {weight}, {FULL_SHEET} * {weight}
                    FROM work_score_place s {heads} WHERE s.level = {depth} AND s.total IS NOT NULL"""
            )
        passed = f"CASE WHEN s.metric IN ({numbers([-1, *children])}) THEN 0 ELSE 1 END"
        self.work.run(
            f"""INSERT INTO work_up (organization, above, metric, numerator, denominator)
                SELECT p.id, p.above, s.metric, {passed} * s.numerator + COALESCE(f.numerator, 0),
                       {passed} * s.denominator + COALESCE(f.denominator, 0)
                FROM work_sum s JOIN work_place p ON p.id = s.organization
                LEFT JOIN work_self f ON f.organization = s.organization AND f.metric = s.metric
                WHERE p.depth = {depth}"""
        )

    # -- one sheet --------------------------------------------------------------------------------------------------

    def _joined(self, metric: Metric, audience: Audience, place: int) -> str:
        """Return the join that brings a figure as f0, f1 …"""
        subject = "m.id" if audience == Audience.MEMBER else "p.id"
        if metric.of_subtree:
            number = self.summed.index(metric)
            return f"LEFT JOIN work_sum f{place} ON f{place}.organization = {subject} AND f{place}.metric = {number}"
        table = self.figures[metric.figures, audience]
        return f"LEFT JOIN {table} f{place} ON f{place}.subject = {subject}"

    def _score(self, plan: Plan, group: "Group", joins: Sequence[str]) -> None:
        """Score everybody of a group by one sheet: one statement, each layer computed from the one inside it."""
        rules = plan.rules
        items, numbered = rules.items, range(len(rules.items))
        figures = ", ".join(
            f"COALESCE(f{n}.numerator, 0) AS n{n}, COALESCE(f{n}.denominator, 0) AS d{n}" for n in numbered
        )
        entries = ", ".join(
            f"COALESCE(e.{name}, 0) AS {name}" for name in ("entered", "deductions", "ceiling", "vetoed")
        )
        query = f"""SELECT {group.member} AS member, p.id AS organization, p.path AS place, {group.peers} AS peers,
                           {group.code} AS code, {entries}, {figures}
                    FROM {group.source} {" ".join(joins)} LEFT JOIN work_entry e ON e.sheet = {plan.sheet_id} AND {group.entered}
                    WHERE {group.where} {self.work.fence}"""
        bands = " ".join(f"WHEN total >= {grade.at_least} THEN {n}" for n, grade in enumerate(rules.grades))
        for columns in (
            ", ".join(f"{formulas.item_points(item, f'n{n}', f'd{n}')} AS p{n}" for n, item in enumerate(items)),
            ", ".join(
                (
                    f"{formulas.base([(item, f'p{n}', f'd{n}') for n, item in enumerate(items)])} AS base",
                    f"CASE WHEN entered > {rules.bonus_cap} THEN {rules.bonus_cap} ELSE entered END AS bonus",
                    f"{lines.expression([(item, f'n{n}', f'd{n}', f'p{n}') for n, item in enumerate(items)])} AS lines",
                )
            ),
            "CASE WHEN base + bonus < deductions THEN 0 ELSE base + bonus - deductions END AS total",
            f"CASE {bands} END AS band, CASE WHEN total IS NULL THEN 0 ELSE 1 END AS applies",
        ):
            query = f"SELECT x.*, {columns} FROM ({query}) x {self.work.fence}"
        names = " ".join(f"WHEN {n} THEN %s" for n in range(len(rules.grades)))
        grade = f"CASE CASE WHEN x.ceiling > x.band THEN x.ceiling ELSE x.band END {names} END"
        differs = " AND ".join(
            f"COALESCE(s.{name}, -1) = COALESCE(x.{name}, -1)" if name in ("base", "total") else f"s.{name} = x.{name}"
            for name in SHOWN[2:]
        )
        self.work.run(
            f"""INSERT INTO {group.into} (level, member, organization, place, peers, code, sheet, base, entered, bonus,
                                         deductions, total, grade, vetoed, lines, replaces, same)
                SELECT {group.level}, x.*, s.id, CASE WHEN {differs} THEN 1 ELSE 0 END
                FROM (SELECT x.member, x.organization, x.place, x.peers, x.code, {plan.sheet_id} AS sheet, x.base,
                             x.entered * x.applies AS entered, x.bonus * x.applies AS bonus,
                             x.deductions * x.applies AS deductions, x.total,
                             CASE WHEN x.applies = 1 THEN {grade} ELSE '' END AS grade, x.vetoed * x.applies AS vetoed, x.lines
                      FROM ({query}) x) x
                LEFT JOIN work_shown s ON {group.shown}""",
            [grade.name for grade in rules.grades],
        )

    # -- exactness --------------------------------------------------------------------------------------------------

    def _check(self) -> None:
        """Refuse figures that are no figures, or so large that a product would pass 63 bits."""
        for audience in Audience:
            for plan in self.plans.for_audience(audience):
                for key, item, metric in zip(plan.keys, plan.rules.items, plan.measured, strict=True):
                    if self._outside(metric, audience, item):
                        raise inexact(key)

    def _outside(self, metric: Metric, audience: Audience, item: Item) -> bool:
        if metric.of_subtree:
            source = f"work_sum WHERE metric = {self.summed.index(metric)}"
        else:
            source = self.figures[metric.figures, audience]
        ((*highest, least, lowest),) = self.work.rows(
            f"SELECT MAX(numerator), MAX(denominator), MIN(numerator), MIN(denominator) FROM {source}"
        )
        largest = formulas.limit(item.method, item.full)
        return any(value is not None and not 0 <= value <= largest for value in (*highest, least, lowest))


def all_asked(plans: Plans) -> list[tuple[Metric, Audience]]:
    """Return everything that a computation asks, each figure once, in an order that depends on the sheets alone."""
    asked: dict[Asked, tuple[Metric, Audience]] = {}
    for audience in Audience:
        direct = (metric for metric in plans.metrics_for(audience) if not metric.of_subtree)
        added = (metric for metric in plans.summed if audience in metric.adds_up)
        asked |= {(metric.figures, audience): (metric, audience) for metric in (*direct, *added)}
    return list(asked.values())


def figures_of(metric: Metric, extent: Extent, audience: Audience) -> dict[int, Figure]:
    """Return the figures of one metric by subject, as the sheets take them; those with nothing to measure are missing.

    Not for the figures that a run makes of its own scores (`Metric.rollup`).
    """
    only = Plan(0, "", Tier.KIND, (), (metric,), Rules(items=(), grades=(Grade(0, ""),)))
    of_members = audience == Audience.MEMBER
    plans = Plans({} if of_members else dict.fromkeys(OrganizationType.values, only), only if of_members else None)
    computation = Computation(extent, plans)
    try:
        return {subject: (top, bottom) for subject, top, bottom in computation.measured(metric, audience) if bottom}
    finally:
        computation.work.drop()


@dataclass(frozen=True)
class Group:
    """Whom a sheet scores: where they are taken from, and the columns that differ between members and organizations."""

    into: str
    source: str
    member: str
    code: str
    peers: str
    entered: str
    shown: str
    where: str
    level: int = 0


MEMBERS = Group(
    into="work_score_member",
    source="work_member m JOIN work_place p ON p.id = m.organization",
    member="m.id",
    code="m.code",
    peers="''",
    entered="e.member = m.id",
    shown="s.member = x.member",
    where="p.active = 1",
)


def organizations(plan: Plan, types: Iterable[str], depth: int) -> Group:
    """Return those of a level that a sheet is for; peers are siblings, or all that it is for."""
    named = ", ".join(f"'{kind}'" for kind in types)
    return Group(
        into="work_score_place",
        source="work_place p",
        member="CAST(NULL AS bigint)",
        code="p.code",
        peers=f"substr(p.path, 1, length(p.path) - {roll.STEP})" if plan.tier == Tier.SIBLINGS else "''",
        entered="e.member IS NULL AND e.organization = p.id",
        shown="s.member IS NULL AND s.organization = x.organization",
        where=f"p.depth = {depth} AND p.active = 1 AND p.type IN ({named})",
        level=depth,
    )


SHOWN = (
    "member", "organization", "sheet", "place", "base", "entered", "bonus", "deductions", "total", "grade", "vetoed", "lines"
)  # fmt: skip


def _shown(extent: Extent) -> Source:
    """Return what readers see now: the row, whether the run has to take it away when it scores the subject no more, and SHOWN."""
    whose, own = Q(), Q()
    if not extent.everything:
        own = _reach(extent)
        of_members = Q(member__in=RawSQL("SELECT id FROM work_member", ()))
        whose = own | of_members | Q(member=None, organization__in=RawSQL("SELECT id FROM work_place", ()))
    scores = PeriodScore.objects.current().filter(whose, period=extent.period).order_by()
    names = ("pk", "own", *SHOWN[:5], "bonus_entered", *SHOWN[6:10], "veto", "lines")
    veto = Case(When(vetoed=True, then=1), default=0, output_field=IntegerField())
    taken = Case(When(own, then=1), default=0, output_field=IntegerField()) if own else Value(1)
    return sql_of(scores.annotate(veto=veto, own=taken).values_list(*names))


def _reach(extent: Extent) -> Q:
    """Return which scores are the run's to take away: those of whom belongs to it by the tree and the roll of the period."""
    here = RawSQL("SELECT id FROM work_place", ())
    if roll.has_kept_tree(extent.period):
        reach = Q(organization__in=here)
        outside = ~Q(organization__in=PeriodPlace.objects.filter(period=extent.period).values("organization"))
    else:
        reach = Q(member=None, organization__in=here) | Q(member__isnull=False, member__organization__in=here)
        outside = Q(member=None) & ~under(extent.place, "organization__path")
        outside |= Q(member__isnull=False) & ~under(extent.place, "member__organization__path")
    return reach | outside if extent.whole and extent.is_top else reach
