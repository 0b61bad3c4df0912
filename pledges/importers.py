"""Members' pledges from a workbook: one row an item, several rows a member (form d.3 as far as the branch writes it)."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.common.capabilities import Cap
from campaign.common.excel.problems import Category, ProblemList, Severity, mistake
from campaign.common.excel.reader import Workbook
from campaign.common.excel.schema import Column, ParsedRow, ParsedTable, parse
from campaign.common.excel.sheet import FormColumn, FormSheet, Kind
from campaign.common.excel.values import choice, date, person_name, text
from campaign.models import Campaign
from orgs.models import Member, Organization
from pledges.drafting import ItemDraft
from pledges.models import ACTIVE, TEXT_LENGTH, ItemKind, Pledge, PledgeItem
from pledges.selectors import rules_of

KINDS = {
    ItemKind.COMMON: ("共性", "共性承诺"),
    ItemKind.POST: ("岗位", "岗位承诺", "工作承诺"),
    ItemKind.PRACTICAL: ("实事", "实事承诺"),
}
COLUMNS = (
    Column("name", "姓名", required=True, converter=person_name()),
    Column("personnel_no", "人员编号", aliases=("工号",), converter=text(30)),
    Column(
        "kind", "承诺类别", aliases=("承诺类别(共性/岗位/实事)", "类别"), converter=choice(KINDS, blank=ItemKind.POST)
    ),
    Column("text", "承诺事项", aliases=("承诺内容",), expected=True, converter=text(2000)),
    Column("target", "衡量标准", aliases=("衡量标准(基数/目标)", "目标"), converter=text(2000)),
    Column("baseline", "现状基数", aliases=("基数",), converter=text(2000)),
    Column("due_on", "完成时限", aliases=("完成时间",), converter=date(future=True)),
    Column("production_task", "服务的生产任务", converter=text(2000)),
)
TEXTS = ("text", "target", "baseline", "production_task")
SHEET = FormSheet(
    name="党员公开承诺",
    title="党员公开承诺填报表",
    freeze=2,
    columns=(
        FormColumn("姓名", width=10),
        FormColumn("人员编号", Kind.CODE, width=14),
        FormColumn("承诺类别", width=10, align="center"),
        FormColumn("承诺事项", width=44),
        FormColumn("衡量标准", width=30),
        FormColumn("现状基数", width=22),
        FormColumn("完成时限", Kind.DATE, width=13),
        FormColumn("服务的生产任务", width=24),
    ),
    notes=(
        "注：1.每行填一项承诺，同一名党员有几项就填几行，姓名照写。2.承诺类别填共性、岗位或实事，不填按岗位承诺。",
        "3.衡量标准写清数字或事实，完成时限写到日。4.没有填写承诺事项的行不导入。",
    ),
)

MEMBER_UNKNOWN = mistake(
    "pledge.member_unknown",
    _("No member of this name, for whom you write, is enrolled in the branch."),
    _("Take the names from the template, or correct the personnel number."),
    Category.UNKNOWN,
)
MEMBER_AMBIGUOUS = mistake(
    "pledge.member_ambiguous",
    _("Several members of the branch have this name."),
    _("Write the personnel number."),
    Category.UNKNOWN,
)
HANDED_IN = mistake(
    "pledge.handed_in",
    _("The pledge of this member has been handed in already."),
    _("Delete the rows, or take the pledge back first."),
    Category.CONFLICT,
)
TOO_MANY = mistake(
    "pledge.too_many_items",
    _("A pledge has at most %(most)s items."),
    _("Delete the rows that are too many."),
    Category.RULE,
)
TOO_LONG = mistake("pledge.too_long", _("At most %(most)s characters each."), _("Shorten the text."), Category.RULE)
INCOMPLETE = mistake(
    "pledge.incomplete",
    _("Without it the pledge cannot be handed in."),
    _("Fill in the cell now, or later on the page."),
    Category.MISSING,
    Severity.WARNING,
)


@dataclass
class Written:
    """What a workbook says of one member; `pledge` is the draft that it replaces."""

    member: Member
    pledge: Pledge | None
    items: list[ItemDraft] = field(default_factory=list)


@dataclass
class Plan:
    """The whole of one workbook. With errors in `problems` nothing is stored."""

    problems: ProblemList
    heading_rows: dict[str, int] = field(default_factory=dict)
    written: list[Written] = field(default_factory=list)
    unchanged: int = 0
    """Drafts that read as before; nothing happens to them."""

    @property
    def new(self) -> list[Written]:
        return [each for each in self.written if each.pledge is None]

    @property
    def replaced(self) -> list[Written]:
        return [each for each in self.written if each.pledge is not None]

    @property
    def fingerprint(self) -> str:
        """A digest of what would be stored over what: what is confirmed is what is stored."""
        said = [
            [each.member.pk, each.pledge and (each.pledge.pk, each.pledge.version), [str(item) for item in each.items]]
            for each in self.written
        ]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def template_rows(members: Iterable[Member], drafts: Iterable[Pledge] = ()) -> list[tuple[Any, ...]]:
    """Return the rows of the workbook to fill in: the items of drafts (with `member` and `items` loaded), then each member who
    owes a pledge once. The personnel number is the key by which a row comes back."""
    written = [
        (
            pledge.subject_name,
            pledge.member.personnel_no if pledge.member else "",
            KINDS[ItemKind(item.kind)][0],
            item.text,
            item.target,
            item.baseline,
            item.due_on,
            item.production_task,
        )
        for pledge in drafts
        for item in pledge.items.all()
    ]
    return [*written, *((member.name, member.personnel_no, "", "", "", "", None, "") for member in members)]


def plan(workbook: Workbook, actor: Any, organization: Organization, campaign: Campaign, year: int) -> Plan:
    """Compare a workbook with the database: seven queries, whatever its length."""
    table = parse(workbook, COLUMNS)
    ground = _Ground(actor, organization, campaign, year)
    found: dict[int, Written] = {}
    for row in table:
        if not row["text"] and "text" in row:
            continue
        member = ground.member(table, row)
        if member is not None and not ground.refuses(table, row, member):
            written = found.setdefault(member.pk, Written(member, ground.pledges.get(member.pk)))
            _take(table, row, written, ground.most)
    headings = {sheet: heading.last_row for sheet, heading in table.headings.items()}
    changed = [each for each in found.values() if not ground.reads_the_same(each)]
    return Plan(table.problems, headings, changed, unchanged=len(found) - len(changed))


class _Ground:
    """What is looked up once: the members one writes for, their pledges of the year, the most items."""

    def __init__(self, actor: Any, organization: Organization, campaign: Campaign, year: int) -> None:
        members = Member.objects.allowed(actor, Cap.PLEDGE_WRITE).present().filter(organization=organization)
        self.by_number: dict[str, Member] = {}
        self.by_name: dict[str, list[Member]] = {}
        for member in members.select_related("organization"):
            self.by_number[member.personnel_no] = member
            self.by_name.setdefault(member.name, []).append(member)
        pledges = Pledge.objects.filter(
            campaign=campaign, year=year, state__in=ACTIVE, member__in=members.order_by().values("pk")
        )
        self.pledges = {pledge.member_id: pledge for pledge in pledges}
        self.items: dict[int, list[ItemDraft]] = {}
        for item in (
            PledgeItem.objects.filter(pledge__in=pledges).select_related("standard").order_by("pledge", "order")
        ):
            self.items.setdefault(item.pledge_id, []).append(_draft_of(item))
        self.most = rules_of(campaign).bounds("member")[1]

    def member(self, table: ParsedTable, row: ParsedRow) -> Member | None:
        """Return whose row it is; None, with the mistake reported, where that is not clear."""
        if "name" not in row:
            return None
        if row["personnel_no"]:
            known = self.by_number.get(row["personnel_no"])
            found = [known] if known is not None and known.name == row["name"] else []
        else:
            found = self.by_name.get(row["name"], [])
        if len(found) != 1:
            table.report(row, "name", MEMBER_AMBIGUOUS if found else MEMBER_UNKNOWN)
            return None
        return found[0]

    def reads_the_same(self, written: Written) -> bool:
        """Give items that keep their text the standard they had, which no workbook holds; tell whether the draft is as it was."""
        if written.pledge is None:
            return False
        before = self.items.get(written.pledge.pk, [])
        standards = {item.text: item.standard for item in before}
        written.items = [replace(item, standard=standards.get(item.text.strip())) for item in written.items]
        return written.items == before

    def refuses(self, table: ParsedTable, row: ParsedRow, member: Member) -> bool:
        """Report that the member's pledge can no longer be written."""
        pledge = self.pledges.get(member.pk)
        refused = pledge is not None and not pledge.is_editable
        if refused:
            table.report(row, "name", HANDED_IN)
        return refused


def _draft_of(item: PledgeItem) -> ItemDraft:
    return ItemDraft(
        kind=item.kind,
        text=item.text,
        target=item.target,
        due_on=item.due_on,
        baseline=item.baseline,
        standard=item.standard,
        production_task=item.production_task,
    )


def _take(table: ParsedTable, row: ParsedRow, written: Written, most: int) -> None:
    """Add the row to what the member promises, with what is wrong with it."""
    for key in TEXTS:
        if key in row and len(row[key]) > TEXT_LENGTH:
            table.report(row, key, TOO_LONG, most=TEXT_LENGTH)
    for key in ("target", "due_on"):
        if key in row and not row[key] and table.has(key):
            table.report(row, key, INCOMPLETE)
    if len(written.items) == most:
        table.report(row, "text", TOO_MANY, most=most)
        return
    values = {key: row[key] for key in (*TEXTS, "due_on")}
    written.items.append(ItemDraft(kind=row["kind"] or ItemKind.POST, **values))
