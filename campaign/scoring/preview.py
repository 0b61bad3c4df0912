"""What a draft of a score sheet would give beside what is in use, by the records of today: computed and forgotten."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from campaign.common import clock
from campaign.common.access import under
from campaign.common.errors import DomainError
from campaign.models import Audience, Period
from campaign.scoring.engine import Computation
from campaign.scoring.explain import Explanation, explain
from campaign.scoring.models import PeriodScore, ScoreSheet
from campaign.scoring.plans import Plans, plans_by
from campaign.scoring.roll import Extent
from campaign.scoring.work import SCORED
from orgs.models import Organization

LARGEST = 300
"""Organizations at most: a page is to come at once. More is a matter for a run."""
LISTED = 50
FEWEST = 5
"""Grades of fewer members than these are not counted out: they would tell on single people."""


@dataclass(frozen=True)
class Result:
    total: int | None
    grade: str


@dataclass(frozen=True)
class Tried:
    """One organization: what it has by the sheet in use (None where none is for it), and by the draft."""

    organization: Organization
    now: Result | None
    then: Result

    @property
    def difference(self) -> int | None:
        if self.now is None or self.now.total is None or self.then.total is None:
            return None
        return self.then.total - self.now.total


@dataclass(frozen=True)
class Preview:
    """`rows` are empty for a sheet of members: of them only the grades are counted."""

    number: int
    rows: list[Tried]
    grades: list[tuple[str, int, int]]
    explanation: Explanation | None
    subject: Organization | None


def preview(*, sheet: ScoreSheet, period: Period, organization: Organization) -> Preview:
    """Try a draft on `organization` and everything below it, as of now; nothing is stored. Needs the sheet's items, grades and
    types.

    Raises DomainError for a part of the tree that is too large, one in which the sheet scores nobody, and too few members.
    """
    below = Organization.objects.filter(under(organization.path)).order_by()
    if len(below.values_list("pk")[: LARGEST + 1]) > LARGEST:
        raise DomainError(
            _("Try it on a part of the tree with at most %(number)s organizations.") % {"number": LARGEST}
        )
    in_use = ScoreSheet.objects.for_period(period).prefetch_related("items", "grades", "types")
    others = [each for each in in_use if each.key != sheet.key]
    extent = Extent(period, organization.path, clock.now())
    now = _computed(extent, plans_by(in_use)) if in_use else {}
    then = {
        whose: row for whose, row in _computed(extent, plans_by([*others, sheet])).items() if row["sheet"] == sheet.pk
    }
    if not then:
        raise DomainError(_("This score sheet is for nobody there. Choose another organization."))
    if sheet.audience == Audience.MEMBER and len(then) < FEWEST:
        raise DomainError(_("Too few members are there to tell of them only together. Choose another organization."))
    return _told(sheet, period, now, then)


Whose = tuple[int | None, int]
Row = dict[str, Any]
COLUMNS = (
    "member",
    "organization",
    "place",
    "sheet",
    "base",
    "entered",
    "bonus",
    "deductions",
    "total",
    "grade",
    "vetoed",
    "lines",
)


def _computed(extent: Extent, plans: Plans) -> dict[Whose, Row]:
    """Return what a run would store, by (member, organization), in the order of the tree."""
    computation = Computation(extent, plans)
    try:
        computation.run()
        rows = computation.work.rows(f"SELECT {', '.join(COLUMNS)} FROM {SCORED} s ORDER BY place, code")  # noqa: S608
    finally:
        computation.work.drop()
    return {(row[0], row[1]): dict(zip(COLUMNS, row, strict=True)) for row in rows}


def _told(sheet: ScoreSheet, period: Period, now: dict[Whose, Row], then: dict[Whose, Row]) -> Preview:
    before = Counter(now[whose]["grade"] for whose in then if whose in now)
    after = Counter(row["grade"] for row in then.values())
    names = [band.name for band in sheet.grades.all()]
    grades = [(name, before[name], after[name]) for name in [*names, *sorted(set(before) - set(names) - {""})]]
    if before[""] or after[""]:
        grades.append((_("Not applicable"), before[""], after[""]))
    if sheet.audience == Audience.MEMBER:
        return Preview(len(then), [], grades, None, None)
    shown = list(then.items())[:LISTED]
    found = Organization.objects.in_bulk([whose[1] for whose, _row in shown])
    rows = [Tried(found[whose[1]], _result(now[whose]) if whose in now else None, _result(row)) for whose, row in shown]
    whose, row = shown[0]
    subject = found[whose[1]]
    present = _score(now[whose], _sheet_of(now[whose]), period, subject) if whose in now else None
    score = _score(row, sheet, period, subject)
    return Preview(len(then), rows, grades, explain(score, present), subject)


def _sheet_of(row: Row) -> ScoreSheet:
    return ScoreSheet.objects.prefetch_related("items", "grades").get(pk=row["sheet"])


def _result(row: Row) -> Result:
    return Result(row["total"], row["grade"])


def _score(row: Row, sheet: ScoreSheet, period: Period, subject: Organization) -> PeriodScore:
    """Return the row as a score that is never stored."""
    return PeriodScore(
        period=period,
        organization=subject,
        sheet=sheet,
        place=row["place"],
        base=row["base"],
        bonus_entered=row["entered"],
        bonus=row["bonus"],
        deductions=row["deductions"],
        total=row["total"],
        grade=row["grade"],
        vetoed=bool(row["vetoed"]),
        lines=row["lines"],
    )
