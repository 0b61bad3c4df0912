"""Members' pledges by workbook: one row an item, several rows a member (form d.3 as far as the branch writes it)."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.excel.problems import Category, Severity, mistake
from campaign.common.excel.reader import Workbook
from campaign.common.excel.schema import ParsedRow, ParsedTable
from campaign.common.excel.sheet import FormColumn, FormSheet, Kind, Row
from campaign.common.excel.values import date, label, person_name, squeezed, text
from campaign.lists.entries import MARK, Entry, EntryPlan, Line, ListColumn, RowList
from campaign.lists.registry import Ground
from campaign.models import Audience, Campaign, Standard
from campaign.selectors import current_campaign
from orgs.models import Member, Organization, User
from pledges import services
from pledges.drafting import ItemDraft, drafted
from pledges.models import TEXT_LENGTH, ItemKind, Pledge, PledgeItem
from pledges.selectors import active_pledges_of, members_written_for, rules_of
from pledges.services.importing import Written
from pledges.services.writing import check_fits

KINDS = {
    ItemKind.COMMON: ("共性", "共性承诺"),
    ItemKind.POST: ("岗位", "岗位承诺", "工作承诺"),
    ItemKind.PRACTICAL: ("实事", "实事承诺"),
}
FIELDS = ("kind", "text", "target", "baseline", "due_on", "standard", "production_task")
MEMBER_UNKNOWN = mistake(
    "pledge.member_unknown",
    gettext_lazy("No member of this name, for whom you write, is enrolled in the branch."),
    gettext_lazy("Take the names from the template, or correct the personnel number."),
    Category.UNKNOWN,
)
MEMBER_AMBIGUOUS = mistake(
    "pledge.member_ambiguous",
    gettext_lazy("Several members of the branch have this name."),
    gettext_lazy("Write the personnel number."),
    Category.UNKNOWN,
)
HANDED_IN = mistake(
    "pledge.handed_in",
    gettext_lazy("The pledge of this member has been handed in already."),
    gettext_lazy("Delete the rows, or take the pledge back first."),
    Category.CONFLICT,
)
ELSEWHERE = mistake(
    "pledge.elsewhere",
    gettext_lazy("The member has made this year's pledge in another organization."),
    gettext_lazy("Delete the rows: the pledge stays where it was made."),
    Category.CONFLICT,
)
TOO_MANY = mistake(
    "pledge.too_many_items",
    gettext_lazy("A pledge has at most %(most)s items."),
    gettext_lazy("Delete the rows that are too many."),
    Category.RULE,
)
STANDARD_UNKNOWN = mistake(
    "pledge.standard_unknown",
    gettext_lazy("The campaign has no such standard for members."),
    gettext_lazy("Choose one of: %(standards)s."),
    Category.UNKNOWN,
)
INCOMPLETE = mistake(
    "pledge.incomplete",
    gettext_lazy("Without it the pledge cannot be handed in."),
    gettext_lazy("Fill in the cell now, or later on the page."),
    Category.MISSING,
    Severity.WARNING,
)
NOTHING_PROMISED = mistake(
    "pledge.nothing_promised",
    gettext_lazy("The row does not say what is promised, and is left out."),
    gettext_lazy("Fill in the cell, or delete the row."),
    Category.MISSING,
    Severity.WARNING,
)


@dataclass
class PledgeGround(Ground):
    """What one person writes for the members of an organization in a year of a campaign. `room`: how many items each member
    may still be given; `added`: the rows that each was given beyond those of the template."""

    organization: Organization
    campaign: Campaign
    year: int
    members: list[Member] = field(default_factory=list)
    pledges: dict[int, Pledge] = field(default_factory=dict)
    items: dict[int, list[PledgeItem]] = field(default_factory=dict)
    room: dict[int, int] = field(default_factory=dict)
    added: dict[int, int] = field(default_factory=dict)

    def look(self, *, locked: bool) -> None:
        """Read members, pledges and items as they are now: three queries."""
        members = members_written_for(self.actor, self.organization)
        found = active_pledges_of(members, self.campaign, self.year, locked=locked)
        self.members = list(members)
        self.pledges = {pledge.member_id: pledge for pledge in found if pledge.member_id}
        self.items = {pledge.member_id: list(pledge.items.all()) for pledge in found if pledge.member_id}

    def begin(self, rows: Sequence[ParsedRow]) -> None:
        """Count how many items each member may be given when the rows that take one away have done so."""
        refs = {row[MARK][0] for row in rows if row[MARK] and "text" in row.cleared}
        self.added = {}
        self.room = {
            member.pk: self.most - sum(_ref(member, item.order) not in refs for item in self.items.get(member.pk, ()))
            for member in self.members
        }

    @cached_property
    def most(self) -> int:
        return rules_of(self.campaign).bounds(Audience.MEMBER)[1]

    @cached_property
    def standards(self) -> dict[str, Standard]:
        """The standards that an item may answer to, by name."""
        found = Standard.objects.filter(campaign=self.campaign, audience=Audience.MEMBER, parent__isnull=False)
        return {squeezed(standard.name): standard for standard in found}

    @cached_property
    def owing(self) -> int:
        """How many members still owe a pledge."""
        self.look(locked=False)
        return sum(member.pk not in self.pledges and not member.is_exempt for member in self.members)

    def called(self, row: ParsedRow) -> list[Member]:
        """Return the members whom an added row may mean: number and name are compared where they are written."""
        number = row["personnel_no"]
        return [each for each in self.members if each.name == row["name"] and number in ("", each.personnel_no)]


@dataclass
class PledgePlan(EntryPlan):
    """The whole of one workbook, member by member."""

    @cached_property
    def drafts(self) -> list[tuple[Member, Pledge | None, list[Line]]]:
        """Return whose pledge is written, the draft that there is, and what becomes of its items."""
        found: dict[int, tuple[Member, Pledge | None, list[Line]]] = {}
        for line in self.lines:
            member = line.entry.subject
            found.setdefault(member.pk, (member, line.entry.record, []))[2].append(line)
        return list(found.values())

    @property
    def fingerprint(self) -> str:
        """With the versions of the drafts: what somebody writes into one meanwhile is looked at first."""
        over = [(pledge.pk, pledge.version) for _member, pledge, _lines in self.drafts if pledge is not None]
        return hashlib.sha256(f"{super().fingerprint}{over}".encode()).hexdigest()

    @property
    def new_drafts(self) -> int:
        return sum(pledge is None for _member, pledge, _lines in self.drafts)

    @property
    def changed_drafts(self) -> int:
        return len(self.drafts) - self.new_drafts


class PledgeList(RowList):
    key = "pledge_import"
    heading = gettext_lazy("Pledges by workbook")
    explained = gettext_lazy(
        "The workbook has the drafts as they are and the members who still owe a pledge, one row for each item. What you fill "
        "in becomes a draft, for members without an account too; — in place of what is promised takes an item away."
    )
    capability = Cap.PLEDGE_WRITE
    preview = "pledges/list_preview.html"
    after = "pledges/list_after.html"
    adds = True
    sheet = FormSheet(
        name="党员公开承诺",
        title="党员公开承诺填报表",
        columns=(),
        freeze=2,
        notes=(
            "注：1.每行填一项承诺，同一名党员有几项就填几行，姓名照写。2.承诺类别填共性、岗位或实事，不填按岗位承诺。",
            "3.衡量标准写清数字或事实，完成时限写到日。4.没有填写承诺事项的行不导入；承诺事项填“—”即删去该项。",
        ),
    )
    columns = (
        ListColumn("name", FormColumn("姓名", width=10), person_name(), whom=True),
        ListColumn("personnel_no", FormColumn("人员编号", Kind.CODE, width=14), text(30), aliases=("工号",), whom=True),
        ListColumn.of_choices(
            "kind", "承诺类别", KINDS, width=10, align="center", aliases=("承诺类别(共性/岗位/实事)", "类别")
        ),
        ListColumn("text", FormColumn("承诺事项", width=44), text(TEXT_LENGTH), aliases=("承诺内容",), expected=True),
        ListColumn(
            "target",
            FormColumn("衡量标准", width=30),
            text(TEXT_LENGTH),
            aliases=("衡量标准(基数/目标)", "目标"),
        ),
        ListColumn("baseline", FormColumn("现状基数", width=22), text(TEXT_LENGTH), aliases=("基数",)),
        ListColumn("due_on", FormColumn("完成时限", Kind.DATE, width=13), date(future=True), aliases=("完成时间",)),
        ListColumn("standard", FormColumn("对应标准", width=16), label(), aliases=("争创标准",)),
        ListColumn("production_task", FormColumn("服务的生产任务", width=24), text(TEXT_LENGTH)),
    )

    def open(self, actor: User, place: int) -> PledgeGround:
        organization = Organization.objects.filter(pk=place).first()
        if organization is None or not reaches(actor, Cap.PLEDGE_WRITE, organization.path):
            raise NotAllowed
        campaign, year = current_campaign(actor), clock.today().year
        if campaign is None:
            raise DomainError(_("No campaign is running."))
        check_fits(campaign, organization, year)
        back = reverse("pledge_mine")
        return PledgeGround(actor, organization.name, _("My pledges"), back, organization, campaign, year)

    # -- out

    def form(self, ground: PledgeGround) -> tuple[FormSheet, Iterable[Row]]:
        sheet, rows = super().form(ground)
        standards = tuple(standard.name for standard in ground.standards.values())
        columns = (replace(each, choices=standards) if each.header == "对应标准" else each for each in sheet.columns)
        return replace(sheet, columns=tuple(columns)), rows

    def entries(self, ground: PledgeGround, *, locked: bool = False) -> Iterable[Entry]:
        ground.look(locked=locked)
        return [entry for member in ground.members for entry in _entries(ground, member)]

    # -- back

    def plan(self, ground: PledgeGround, workbook: Workbook, *, locked: bool = False) -> PledgePlan:
        return PledgePlan(**vars(super().plan(ground, workbook, locked=locked)))

    def prepare(self, ground: PledgeGround, rows: Sequence[ParsedRow]) -> None:
        ground.begin(rows)

    def fresh(self, ground: PledgeGround, table: ParsedTable, row: ParsedRow) -> Entry | None:
        found = ground.called(row)
        if len(found) != 1:
            table.report(row, "name", MEMBER_AMBIGUOUS if found else MEMBER_UNKNOWN)
            return None
        member = found[0]
        items = ground.items.get(member.pk, [])
        for item in items:
            if row["text"] and item.text == row["text"]:
                return _entry(ground, member, item.order, item)
        ground.added[member.pk] = ground.added.get(member.pk, 0) + 1
        return _entry(ground, member, (len(items) or 1) + ground.added[member.pk])

    def check(self, ground: PledgeGround, table: ParsedTable, row: ParsedRow, line: Line) -> None:
        values = line.values or {}
        if "text" in row and not values["text"]:
            if line.entry.values is None:
                table.report(row, "text", NOTHING_PROMISED)
            line.values = None
            return
        for key in ("target", "due_on"):
            if key in row and table.has(key) and not values[key]:
                table.report(row, key, INCOMPLETE)
        before = (line.entry.values or {}).get("standard", "")
        if values["standard"] not in ("", before) and squeezed(values["standard"]) not in ground.standards:
            table.report(row, "standard", STANDARD_UNKNOWN, standards="、".join(ground.standards))
        if line.entry.values is None:
            self._given(ground, table, row, line.entry.subject)

    @staticmethod
    def _given(ground: PledgeGround, table: ParsedTable, row: ParsedRow, member: Member) -> None:
        ground.room[member.pk] -= 1
        if ground.room[member.pk] < 0:
            table.report(row, "text", TOO_MANY, most=ground.most)

    # -- storing

    def store(self, ground: PledgeGround, plan: PledgePlan) -> list[dict[str, Any]]:
        return services.pledges_write_many(
            actor=ground.actor,
            organization=ground.organization,
            campaign=ground.campaign,
            year=ground.year,
            written=[
                Written(member, pledge, list(_items(ground, member, lines))) for member, pledge, lines in plan.drafts
            ],
        )

    def undo(self, ground: PledgeGround, made: list[dict[str, Any]]) -> tuple[int, int]:
        return services.pledges_write_undo(actor=ground.actor, organization=ground.organization, made=made)


def _ref(member: Member, order: int) -> str:
    return f"{member.pk}.{order}"


def _entries(ground: PledgeGround, member: Member) -> Iterator[Entry]:
    """The items of a member's pledge; where there are none, the empty row that goes out instead."""
    items = ground.items.get(member.pk)
    for item in items or ():
        yield _entry(ground, member, item.order, item)
    if not items:
        yield _entry(ground, member, 1)


def _entry(ground: PledgeGround, member: Member, order: int, item: PledgeItem | None = None) -> Entry:
    pledge = ground.pledges.get(member.pk)
    closed = _closed(ground, pledge)
    title = member.name if item is None else _("%(name)s, item %(number)s") % {"name": member.name, "number": order}
    return Entry(
        ref=_ref(member, order),
        title=title,
        names={"name": member.name, "personnel_no": member.personnel_no},
        values=None if item is None else _values(item),
        record=pledge,
        subject=member,
        closed=closed,
        shown=closed is None and (pledge is not None or not member.is_exempt),
    )


def _closed(ground: PledgeGround, pledge: Pledge | None) -> Any:
    if pledge is None:
        return None
    if pledge.organization_id != ground.organization.pk:
        return ELSEWHERE
    return None if pledge.is_editable else HANDED_IN


def _values(item: PledgeItem) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in FIELDS}
    return values | {"kind": ItemKind(item.kind), "standard": item.standard.name if item.standard else ""}


def _items(ground: PledgeGround, member: Member, lines: Sequence[Line]) -> Iterator[ItemDraft]:
    """What the pledge of a member is to hold: the items that there are, each as its row says, then those that were added."""
    said = {line.entry.ref: line for line in lines}
    for item in ground.items.get(member.pk, ()):
        line = said.pop(_ref(member, item.order), None)
        if line is None:
            yield drafted(item)
        elif line.values is not None:
            yield _item(ground, line.values, item.standard)
    for line in said.values():
        if line.values is not None:
            yield _item(ground, line.values)


def _item(ground: PledgeGround, values: dict[str, Any], before: Standard | None = None) -> ItemDraft:
    same = before is not None and values["standard"] == before.name
    standard = before if same else ground.standards.get(squeezed(values["standard"]))
    return ItemDraft(**values | {"kind": values["kind"] or ItemKind.POST, "standard": standard})


PLEDGE_LIST = PledgeList()
