# ruff: noqa: S608 — statements are put together from the names of our own tables and from whole numbers alone
"""Who is scored in a period, and where they belong: the one place that says so.

A period keeps the tree and the membership of its last day. While it lasts, those are the present ones; afterwards the membership
is read from the history (`Enrolment`), and the tree from what was kept of it (`PeriodPlace`, services.periods).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection

from campaign.common import clock
from campaign.common.access import ancestors_and_self, bounds
from campaign.models import Period
from campaign.scoring.models import PeriodPlace
from campaign.scoring.work import Work, numbers
from orgs.models import Enrolment, Member, Organization
from orgs.models.members import PRESENT

STEP = Organization.steplen


@dataclass(frozen=True)
class Extent:
    """What a run computes: everything at or below `place`; or, where `marked` is given, these organizations (ids) with their
    own members, and the organizations above them up to `place`."""

    period: Period
    place: str
    as_of: dt.datetime
    marked: frozenset[int] | None = None

    @property
    def everything(self) -> bool:
        """Whether it is the whole campaign: then no query needs to ask who belongs to the run."""
        return self.marked is None and self.place == self.period.campaign.organization.path


def is_past(period: Period) -> bool:
    """Tell whether the last day of the period is over, so that its roll stands."""
    return period.ends_on < clock.today()


def has_kept_tree(period: Period) -> bool:
    """Tell whether the tree of the period's last day stands, and not the present one."""
    return is_past(period) and PeriodPlace.objects.filter(period=period).exists()


def fill(work: Work, extent: Extent, *, members: bool) -> None:
    """Fill the working tables with the organizations of the run and, if they are wanted, with its members."""
    places, given = _places(extent.period)
    chosen, parameters = _chosen(work, extent, places, given)
    whole = "1" if extent.marked is None else f"CASE WHEN o.id IN ({numbers(extent.marked)}) THEN 1 ELSE 0 END"
    work.run(
        f"""INSERT INTO work_place (id, code, path, above, type, active, depth, whole)
            SELECT o.id, o.code, o.path, COALESCE(a.id, 0), o.type, o.active, length(o.path) / {STEP}, {whole}
            FROM ({places}) o LEFT JOIN ({places}) a ON a.path = substr(o.path, 1, length(o.path) - {STEP})
            WHERE {chosen}""",
        [*given, *given, *parameters],
    )
    work.filled("work_place")
    if members:
        enrolled, asked = _members(extent.period)
        work.run(
            f"""INSERT INTO work_member (id, code, organization)
                SELECT m.id, m.code, m.organization FROM ({enrolled}) m
                JOIN work_place p ON p.id = m.organization WHERE p.whole = 1""",
            asked,
        )
        work.filled("work_member")


def _places(period: Period) -> tuple[str, list[Any]]:
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


def _chosen(work: Work, extent: Extent, places: str, given: list[Any]) -> tuple[str, list[Any]]:
    low, high = bounds(extent.place)
    within: list[Any] = [low, high]
    if extent.marked is None:
        return "o.path >= %s AND o.path < %s", within
    marked = work.rows(f"SELECT o.path FROM ({places}) o WHERE o.id IN ({numbers(extent.marked)})", given)
    paths = {above for (path,) in marked for above in ancestors_and_self(path, STEP)}
    marks = ", ".join(["%s"] * len(paths)) or "''"
    return f"o.path IN ({marks}) AND o.path >= %s AND o.path < %s", [*sorted(paths), *within]


def _members(period: Period) -> tuple[str, list[Any]]:
    """Return the membership of the period as a subquery with id, code and organization."""
    table = Member._meta.db_table
    if not is_past(period):
        states = ", ".join(f"'{status}'" for status in PRESENT)
        return (
            f"SELECT id, personnel_no AS code, organization_id AS organization FROM {table} WHERE status IN ({states})",
            [],
        )
    spans = Enrolment._meta.db_table
    # Two spans may share a day: who moved on it belongs to where the later one is.
    return (
        f"""SELECT m.id, m.personnel_no AS code, e.organization_id AS organization
            FROM (SELECT MAX(id) AS id FROM {spans} WHERE (starts_on IS NULL OR starts_on <= %s)
                  AND (ends_on IS NULL OR ends_on >= %s) GROUP BY member_id) last
            JOIN {spans} e ON e.id = last.id JOIN {table} m ON m.id = e.member_id""",
        [period.ends_on, period.ends_on],
    )


def homes(period: Period, members: frozenset[int]) -> frozenset[int]:
    """Return the organizations in which `members` (ids) belong in the period."""
    if not members:
        return frozenset()
    enrolled, asked = _members(period)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT m.organization FROM ({enrolled}) m WHERE m.id IN ({numbers(members)})", asked or None
        )
        return frozenset(organization for (organization,) in cursor.fetchall())
