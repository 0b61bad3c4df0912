# ruff: noqa: S608 — statements are put together from the names of our own tables and from whole numbers alone
"""Who is scored in a period, and where they belong: the one place that says so.

A period keeps the tree and the membership of its last day. While it lasts, those are the present ones; afterwards the membership
is read from the history (`Enrolment`), and the tree from what was kept of it (`PeriodPlace`, services.periods).
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from django.db import connection

from campaign.common import clock
from campaign.common.access import ancestors_and_self, bounds
from campaign.models import Period
from campaign.scoring.models import PeriodPlace
from campaign.scoring.work import Work, numbers
from orgs.models import Enrolment, Member, Organization
from orgs.models.members import PRESENT

STEP = Organization.steplen
SPLIT_FROM = 2_000
"""A run of fewer organizations is over before others would have begun."""
CHOICE = 4
"""So many places to cut at, for each job, make parts of about the same size."""
WITHIN = "o.path >= %s AND o.path < %s AND length(o.path) BETWEEN %s AND %s"
ABOVE = f"a.path = substr(o.path, 1, length(o.path) - {STEP})"


class Span(NamedTuple):
    """The organizations whose path lies from `low` to below `high` and has `least` to `most` characters."""

    low: str
    high: str
    least: int = 0
    most: int = 255


@dataclass(frozen=True)
class Extent:
    """What is computed: everything at or below `place`; or, where a big run is split, what of it lies in `span`."""

    period: Period
    place: str
    as_of: dt.datetime
    span: Span | None = None

    @property
    def whole(self) -> bool:
        """Whether the run is one of the whole campaign."""
        return self.place == self.period.campaign.organization.path

    @property
    def everything(self) -> bool:
        """Whether it is the whole campaign at once: then no query needs to ask who belongs to it."""
        return self.whole and self.span is None

    @property
    def is_top(self) -> bool:
        """Whether it is what stands above the parts of a run that was split."""
        return self.span is not None and self.span.least == 0


@dataclass(frozen=True)
class Changed:
    """What is computed again: the organizations `places` (id → path) with their own members, and everything above them in the
    campaign. `members` (ids) are those whose records were changed: who of them belongs nowhere any more is scored no more."""

    period: Period
    as_of: dt.datetime
    places: Mapping[int, str]
    members: frozenset[int] = frozenset()


class Place(NamedTuple):
    """An organization where the period has it; `above` is 0 at the top."""

    id: int
    code: str
    path: str
    above: int
    type: str
    active: bool


class Enrolled(NamedTuple):
    id: int
    code: str
    organization: int


def is_past(period: Period) -> bool:
    """Tell whether the last day of the period is over, so that its roll stands."""
    return period.ends_on < clock.today()


def has_kept_tree(period: Period) -> bool:
    """Tell whether the tree of the period's last day stands, and not the present one."""
    return is_past(period) and PeriodPlace.objects.filter(period=period).exists()


def fill(work: Work, extent: Extent, *, members: bool) -> None:
    """Fill the working tables with the organizations of the run and, if they are wanted, with its members."""
    places, given = tree(extent.period)
    work.run(
        f"""INSERT INTO work_place (id, code, path, above, type, active, depth)
            SELECT o.id, o.code, o.path, COALESCE(a.id, 0), o.type, o.active, length(o.path) / {STEP}
            FROM ({places}) o LEFT JOIN ({places}) a ON {ABOVE} WHERE {WITHIN}""",
        [*given, *given, *(extent.span or Span(*bounds(extent.place)))],
    )
    work.filled("work_place")
    if members:
        enrolled, asked = _members(extent.period)
        work.run(
            f"""INSERT INTO work_member (id, code, organization)
                SELECT m.id, m.code, m.organization FROM ({enrolled}) m JOIN work_place p ON p.id = m.organization
                ORDER BY p.path {work.collation}""",
            asked,
        )
        work.filled("work_member")


def split(extent: Extent, jobs: int) -> list[Span]:
    """Return `jobs` spans of about as many organizations each, and last what stands above them; none where there is little to
    share. Each is cut between organizations of one level, the first that has enough of them."""
    places, given = tree(extent.period)
    whole = Span(*bounds(extent.place))
    sizes = _rows(
        f"SELECT length(o.path), COUNT(*) FROM ({places}) o WHERE {WITHIN} GROUP BY 1 ORDER BY 1", [*given, *whole]
    )
    level = next((length for length, count in sizes if count >= CHOICE * jobs), None)
    if jobs < 2 or level is None or sum(count for _length, count in sizes) < SPLIT_FROM:
        return []
    rows = _rows(
        f"SELECT substr(o.path, 1, {level}), COUNT(*) FROM ({places}) o WHERE {WITHIN} GROUP BY 1 ORDER BY 1",
        [*given, *whole._replace(least=level)],
    )
    heads = sorted(rows)
    total, passed, cuts = sum(count for _path, count in heads), 0, [whole.low]
    for path, count in heads:
        if passed * jobs >= total * len(cuts):
            cuts.append(path)
        passed += count
    edges = [*cuts, whole.high]
    return [Span(low, high, level) for low, high in pairwise(edges)] + [whole._replace(most=level - STEP)]


def located(period: Period, organizations: Collection[int], members: Collection[int]) -> dict[int, str]:
    """Return the paths of `organizations` (ids) and of those in which `members` (ids) belong, within the campaign."""
    ids = {*organizations, *(home for (home,) in _rows(*_homes(period, members)))}
    if not ids:
        return {}
    places, given = tree(period)
    within = [*given, *bounds(period.campaign.organization.path)]
    return dict(
        _rows(
            f"SELECT o.id, o.path FROM ({places}) o WHERE o.id IN ({numbers(ids)}) AND o.path >= %s AND o.path < %s",
            within,
        )
    )


def lines_up(changed: Changed) -> list[Place]:
    """Return the places of `changed` and everything above them, within the campaign."""
    places, given = tree(changed.period)
    top = changed.period.campaign.organization.path
    paths = {above for path in changed.places.values() for above in ancestors_and_self(path, STEP)}
    wanted = sorted(path for path in paths if path.startswith(top))
    marks = ", ".join(["%s"] * len(wanted)) or "''"
    rows = _rows(
        f"""SELECT o.id, o.code, o.path, COALESCE(a.id, 0), o.type, o.active
            FROM ({places}) o LEFT JOIN ({places}) a ON {ABOVE} WHERE o.path IN ({marks})""",
        [*given, *given, *wanted],
    )
    return [Place(*row)._replace(active=bool(row[-1])) for row in rows]


def members_in(period: Period, organizations: Collection[int]) -> list[Enrolled]:
    """Return the members who belong to `organizations` (ids) in the period."""
    where = f"organization_id IN ({numbers(organizations)})"
    enrolled, asked = _members(period, where)
    return [
        Enrolled(*row)
        for row in _rows(
            f"SELECT m.id, m.code, m.organization FROM ({enrolled}) m WHERE m.organization IN ({numbers(organizations)})",
            asked,
        )
    ]


def tree(period: Period) -> tuple[str, list[Any]]:
    """Return the tree of the period as a subquery with id, code, path, type (with its category: `plans.group`) and active."""
    table = Organization._meta.db_table
    if not has_kept_tree(period):
        return (
            f"""SELECT id, code, path, type || ':' || category AS type, CASE WHEN is_active THEN 1 ELSE 0 END AS active
                FROM {table}""",
            [],
        )
    return (
        f"""SELECT k.organization_id AS id, o.code, k.path, k.type || ':' || k.category AS type,
                   CASE WHEN k.is_active THEN 1 ELSE 0 END AS active
            FROM {PeriodPlace._meta.db_table} k JOIN {table} o ON o.id = k.organization_id WHERE k.period_id = %s""",
        [period.pk],
    )


def _members(period: Period, touching: str = "") -> tuple[str, list[Any]]:
    """Return the membership of the period as a subquery with id, code and organization; of those alone of whom a row of members
    (or, afterwards, of enrolments) meets the condition `touching`."""
    table, spans = Member._meta.db_table, Enrolment._meta.db_table
    if not is_past(period):
        states = ", ".join(f"'{status}'" for status in PRESENT)
        only = f" AND {touching}" if touching else ""
        return (
            f"SELECT id, personnel_no AS code, organization_id AS organization FROM {table} WHERE status IN ({states}){only}",
            [],
        )
    only = f" AND member_id IN (SELECT member_id FROM {spans} WHERE {touching})" if touching else ""
    # Two spans may share a day: who moved on it belongs to where the later one is.
    return (
        f"""SELECT m.id, m.personnel_no AS code, e.organization_id AS organization
            FROM (SELECT MAX(id) AS id FROM {spans} WHERE (starts_on IS NULL OR starts_on <= %s)
                  AND (ends_on IS NULL OR ends_on >= %s){only} GROUP BY member_id) last
            JOIN {spans} e ON e.id = last.id JOIN {table} m ON m.id = e.member_id""",
        [period.ends_on, period.ends_on],
    )


def _homes(period: Period, members: Collection[int]) -> tuple[str, list[Any]]:
    key = "member_id" if is_past(period) else "id"
    enrolled, asked = _members(period, f"{key} IN ({numbers(members)})")
    return f"SELECT DISTINCT m.organization FROM ({enrolled}) m", asked


def _rows(statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)
        return list(cursor.fetchall())
