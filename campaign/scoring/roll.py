# ruff: noqa: S608 — statements are put together from the names of our own tables and from whole numbers alone
"""Who is scored in a period, and where they belong: the one place that says so.

A period keeps the tree and the membership of its last day. While it lasts, those are the present ones; afterwards the membership
is read from the history (`Enrolment`), and the tree from what was kept of it (`PeriodPlace`, services.periods).
"""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
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
ABOVE = f"a.path = substr(o.path, 1, length(o.path) - {STEP})"


@dataclass(frozen=True)
class Extent:
    """What a run computes: everything at or below `place`."""

    period: Period
    place: str
    as_of: dt.datetime

    @property
    def everything(self) -> bool:
        """Whether it is the whole campaign: then no query needs to ask who belongs to the run."""
        return self.place == self.period.campaign.organization.path


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
    places, given = _places(extent.period)
    work.run(
        f"""INSERT INTO work_place (id, code, path, above, type, active, depth)
            SELECT o.id, o.code, o.path, COALESCE(a.id, 0), o.type, o.active, length(o.path) / {STEP}
            FROM ({places}) o LEFT JOIN ({places}) a ON {ABOVE} WHERE o.path >= %s AND o.path < %s""",
        [*given, *given, *bounds(extent.place)],
    )
    work.filled("work_place")
    if members:
        enrolled, asked = _members(extent.period)
        work.run(
            f"""INSERT INTO work_member (id, code, organization)
                SELECT m.id, m.code, m.organization FROM ({enrolled}) m JOIN work_place p ON p.id = m.organization""",
            asked,
        )
        work.filled("work_member")


def located(period: Period, organizations: Collection[int], members: Collection[int]) -> dict[int, str]:
    """Return the paths of `organizations` (ids) and of those in which `members` (ids) belong, within the campaign."""
    ids = {*organizations, *(home for (home,) in _rows(*_homes(period, members)))}
    if not ids:
        return {}
    places, given = _places(period)
    within = [*given, *bounds(period.campaign.organization.path)]
    return dict(
        _rows(
            f"SELECT o.id, o.path FROM ({places}) o WHERE o.id IN ({numbers(ids)}) AND o.path >= %s AND o.path < %s",
            within,
        )
    )


def lines_up(changed: Changed) -> list[Place]:
    """Return the places of `changed` and everything above them, within the campaign."""
    places, given = _places(changed.period)
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


def _places(period: Period) -> tuple[str, list[Any]]:
    """Return the tree of the period as a subquery with id, code, path, type and active."""
    table = Organization._meta.db_table
    if not has_kept_tree(period):
        return f"SELECT id, code, path, type, CASE WHEN is_active THEN 1 ELSE 0 END AS active FROM {table}", []
    return (
        f"""SELECT k.organization_id AS id, o.code, k.path, k.type, CASE WHEN k.is_active THEN 1 ELSE 0 END AS active
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
