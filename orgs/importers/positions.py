"""Party positions from a workbook: who held which position where, from when to when."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.common.bulk import portions
from campaign.common.capabilities import Cap
from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.schema import Column, ParsedRow, ParsedTable, parse
from campaign.common.excel.values import date, label, yes_no
from orgs.importers.names import Names
from orgs.importers.people import PERSON_COLUMNS, People
from orgs.importers.plan import Changed, New, Plan, Sent
from orgs.importers.posts import party_posts
from orgs.models import Member, Organization, Position
from orgs.services.changes import differences

POST_MISSING = mistake(
    "position.missing",
    _("No party position is written here."),
    _("Write one position, or delete the row."),
    Category.MISSING,
)
SEVERAL_POSTS = mistake(
    "position.several",
    _("Several positions stand in one cell."),
    _("Give each position a row of its own, with its dates."),
    Category.FORMAT,
)
ENDS_BEFORE = mistake(
    "position.ends_before",
    _("The last day lies before the first one."),
    _("Check both dates."),
    Category.CONFLICT,
)
POSITION_TWICE = mistake(
    "position.twice",
    _("The same person holds the same position at the same time in row %(first)s."),
    _("Delete one of the rows, or correct the dates."),
    Category.DUPLICATE,
)
POSITION_OVERLAPS = mistake(
    "position.overlaps",
    _("The person holds this position there at the same time already."),
    _("Correct the dates, or end the other one on the page of the member."),
    Category.CONFLICT,
)
HAS_LEFT = mistake(
    "position.has_left",
    _("This member has left and holds no position any more."),
    _("Give the last day."),
    Category.CONFLICT,
)

COLUMNS = (
    *PERSON_COLUMNS,
    Column(
        "organization",
        "任职党组织",
        ("所在党组织", "党组织", "党组织名称", "所在党支部", "党支部", "任职组织", "任职单位"),
        required=True,
        converter=label(150),
        in_title=True,
    ),
    Column("post", "党内职务", ("职务", "党内任职", "任职"), required=True, converter=party_posts()),
    Column("is_acting", "是否代理", ("代理", "主持工作"), converter=yes_no()),
    Column(
        "starts_on", "任职时间", ("任职日期", "任职起始时间", "开始时间", "起始时间", "任现职时间"), converter=date()
    ),
    Column(
        "ends_on",
        "免职时间",
        ("免职日期", "任职结束时间", "结束时间", "离任时间", "卸任时间"),
        converter=date(),
        clears=True,
    ),
)
SHOWN = ("post", "organization", "starts_on", "ends_on", "is_acting")
_DATED = frozenset({"starts_on", "ends_on", "is_acting"})
Key = tuple[int, int, str]


def positions_plan(sent: Sent) -> Plan[Position]:
    """Compare a workbook of positions with the database.

    A row means the position of the same person, organization and kind that began on the same day, else the one that goes on.
    Of a complete list, those are missing that go on below `sent.base` and that no row means.
    Raises WorkbookError when a sheet cannot be read.
    """
    scope = Organization.objects.active()
    if sent.actor is not None:
        scope = scope.allowed(sent.actor, Cap.MEMBER_IMPORT)
    names = Names(scope.only("code", "name", "short_name", "path", "type").iterator(chunk_size=2000))
    table = parse(sent.workbook, COLUMNS, names.in_titles)
    rows = sent.rows(table)
    plan: Plan[Position] = Plan.of(table, len(rows))
    reading = _Reading(table, rows, sent, names)
    reading.into(plan)
    if sent.is_full:
        plan.missing = reading.missing(sent)
    return plan


class _Reading:
    """The checks of one workbook that need other rows or the database."""

    def __init__(self, table: ParsedTable, rows: Sequence[ParsedRow], sent: Sent, names: Names) -> None:
        self._table, self._rows, self._names = table, rows, names
        self._people = People(table, rows, sent.actor, Cap.MEMBER_IMPORT)
        self._known: dict[Key, list[Position]] = defaultdict(list)
        self._meant: set[int] = set()
        self._first: dict[Key, list[tuple[ParsedRow, dict[str, Any]]]] = defaultdict(list)

    def into(self, plan: Plan[Position]) -> None:
        """Report what is wrong, and sort the rows into new, changed and unchanged ones."""
        entries = [(row, values) for row in self._rows if (values := self._values(row))]
        members = sorted({values["member"].pk for _row, values in entries})
        for keys in portions(members):
            for position in Position.objects.filter(member__in=keys).select_related("organization", "member"):
                self._known[position.member_id, position.organization_id, position.post].append(position)
        for row, values in entries:
            self._sort(plan, row, values)

    def _values(self, row: ParsedRow) -> dict[str, Any] | None:
        organization = None
        if "organization" in row:
            organization = self._names.the_one(self._table, row, "organization")
        member = self._people.find(row, organization)
        if "post" in row and len(row["post"]) != 1:
            self._table.report(row, "post", SEVERAL_POSTS if row["post"] else POST_MISSING)
        starts_on, ends_on = row["starts_on"], row["ends_on"]
        if starts_on and ends_on and ends_on < starts_on:
            self._table.report(row, "ends_on", ENDS_BEFORE)
        if member is None or organization is None or row.wrong or len(row["post"]) != 1:
            return None
        if not ends_on and not member.is_present:
            self._table.report(row, "name", HAS_LEFT)
        values: dict[str, Any] = {"name": member.name, "member": member, "organization": organization}
        values |= {"post": row["post"][0].value}
        values |= {name: row[name] for name in ("starts_on", "ends_on", "is_acting") if row[name] is not None}
        return values | dict.fromkeys(row.cleared)

    def _sort(self, plan: Plan[Position], row: ParsedRow, values: dict[str, Any]) -> None:
        member: Member = values["member"]
        key = (member.pk, values["organization"].pk, values["post"])
        for first, other in self._first[key]:
            if _overlap(values, other):
                self._table.report(row, "post", POSITION_TWICE, first=first.seen_from(row))
                return
        self._first[key].append((row, values))
        known = self._known[key]
        same = self._same(known, values)
        if same is None:
            if any(_overlap(values, {"starts_on": one.starts_on, "ends_on": one.ends_on}) for one in known):
                self._table.report(row, "post", POSITION_OVERLAPS)
                return
            plan.add(New(row, values))
            return
        self._meant.add(same.pk)
        given = {name: value for name, value in values.items() if name in _DATED}
        changes = differences(same, given)
        plan.unchanged += not changes
        plan.changed += [Changed(row, same, changes)] if changes else []

    def missing(self, sent: Sent) -> list[Position]:
        """Return the positions of today below the base that no row means."""
        positions = Position.objects.open().select_related("organization", "member")
        if sent.actor is not None:
            positions = positions.allowed(sent.actor, Cap.MEMBER_IMPORT)
        if sent.base is not None:
            positions = positions.in_subtree(sent.base)
        order = positions.order_by("organization__path", "post", "pk")
        return [position for position in order if position.pk not in self._meant]

    @staticmethod
    def _same(known: Sequence[Position], values: dict[str, Any]) -> Position | None:
        begun = [one for one in known if one.starts_on == values.get("starts_on", one.starts_on)]
        going = [one for one in known if one.ends_on is None and (one.starts_on is None or not values.get("ends_on"))]
        ended = [one for one in begun if one.ends_on == values.get("ends_on")]
        still = [one for one in begun if one.ends_on is None]
        return next(iter((*ended, *still, *(begun if "starts_on" in values else ()), *going)), None)


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether two spans share more than the day on which one ends and the other begins."""
    first, last = one.get("starts_on") or dt.date.min, one.get("ends_on") or dt.date.max
    begins, ends = other.get("starts_on") or dt.date.min, other.get("ends_on") or dt.date.max
    return first < ends and begins < last
