"""Organizations from a workbook: form d.2 and what offices make of it. Parents may come later in the file."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.excel.problems import Category, Mistake, Severity, mistake
from campaign.common.excel.schema import CELL_MISSING, Column, ParsedRow, ParsedTable, parse
from campaign.common.excel.values import Convert, choice, date, label, mail, person_name, phone, squeezed, text
from orgs.importers.names import ORGANIZATION_AMBIGUOUS, ORGANIZATION_SIMILAR, ORGANIZATION_UNKNOWN, Names, name_key
from orgs.importers.plan import Changed, New, Plan, Sent
from orgs.models import Category as OrgCategory
from orgs.models import Organization, OrganizationType, UnitKind
from orgs.rules import organization_breaches, place_findings
from orgs.services.changes import differences
from orgs.services.organizations import may_manage_below

CODE_TWICE = mistake(
    "organization.code_twice",
    _("This code stands in row %(first)s too."),
    _("Give each organization a code of its own, or leave the cells empty."),
    Category.DUPLICATE,
)
NAME_TWICE = mistake(
    "organization.name_twice",
    _("The same organization stands in row %(first)s too."),
    _("Delete one of the rows."),
    Category.DUPLICATE,
)
CODE_TAKEN = mistake(
    "organization.code_taken",
    _("This code belongs to an organization that you may not change."),
    _("Leave the cell empty; a code is made."),
    Category.CONFLICT,
)
CIRCLE = mistake(
    "organization.circle",
    _("The organizations above it lead back to itself."),
    _("Correct the organization above."),
    Category.CONFLICT,
)
SECOND_ROOT = mistake(
    "organization.second_root",
    _("Only one organization can be at the top; row %(first)s is it already."),
    _("Write the organization above."),
    Category.MISSING,
)
OTHER_PARENT = mistake(
    "organization.other_parent",
    _("This organization exists, but below “%(parent)s”."),
    _("An import moves nothing. Correct the organization above, or leave the cell empty."),
    Category.CONFLICT,
)
DEACTIVATED = mistake(
    "organization.deactivated",
    _("This organization is deactivated."),
    _("Activate it on its page, or delete the row."),
    Category.CONFLICT,
)
NOT_YOURS = mistake(
    "organization.not_yours",
    _("You may not make organizations there."),
    _("Ask the office above."),
    Category.CONFLICT,
)
PLACED_BELOW = mistake(
    "organization.placed_below",
    _("No organization above is given; it is placed below “%(parent)s”."),
    _("Write the organization above if it belongs elsewhere."),
    Category.RULE,
    Severity.WARNING,
)
SAME_NAME = mistake(
    "organization.same_name",
    _("There is one of this name below “%(parent)s” already; a second one is made."),
    _("Correct the organization above if the same one is meant."),
    Category.DUPLICATE,
    Severity.WARNING,
)
LEFT_ALONE = mistake(
    "organization.left_alone",
    _("This is the organization you work for; its own particulars stay as they are."),
    _("The office above or the system administrator changes them."),
    Category.RULE,
    Severity.WARNING,
)
UNUSUAL_PLACE = mistake(
    "organization.unusual_place",
    _("“%(type)s” does not usually stand directly below “%(above)s” (%(rule)s)."),
    _("Check the type and the organization above; it is stored as it is written."),
    Category.RULE,
    Severity.WARNING,
)

TYPES = {
    OrganizationType.COMMITTEE: ("党委", "基层党委", "党的委员会", "党委会"),
    OrganizationType.WORKING_COMMITTEE: ("党工委", "工委"),
    OrganizationType.LEADING_PARTY_GROUP: ("党组",),
    OrganizationType.GENERAL_BRANCH: ("党总支", "党总支部", "总支", "总支部"),
    OrganizationType.BRANCH: ("党支部", "支部"),
    OrganizationType.JOINT_BRANCH: ("联合党支部", "联合支部"),
    OrganizationType.CELL: ("党小组", "小组"),
}
ENDINGS = (
    ("联合党支部", OrganizationType.JOINT_BRANCH),
    ("联合支部委员会", OrganizationType.JOINT_BRANCH),
    ("总支部委员会", OrganizationType.GENERAL_BRANCH),
    ("总支委员会", OrganizationType.GENERAL_BRANCH),
    ("总支部", OrganizationType.GENERAL_BRANCH),
    ("总支", OrganizationType.GENERAL_BRANCH),
    ("支部委员会", OrganizationType.BRANCH),
    ("党支部", OrganizationType.BRANCH),
    ("工作委员会", OrganizationType.WORKING_COMMITTEE),
    ("党工委", OrganizationType.WORKING_COMMITTEE),
    ("委员会", OrganizationType.COMMITTEE),
    ("党委", OrganizationType.COMMITTEE),
    ("党组", OrganizationType.LEADING_PARTY_GROUP),
    ("党小组", OrganizationType.CELL),
)
"""What a name says about the type (2-domain b.2: 中共 + unit + type), the longer endings first."""
UNIT_KINDS = {
    UnitKind.SAME_AS_PARENT: ("与上级相同", "与上级党组织相同", "同上级"),
    UnitKind.LEGAL_UNIT: ("法人单位", "独立法人", "法人"),
    UnitKind.JOINT: ("联合党支部", "联合支部", "联合"),
}
CATEGORIES = {
    OrgCategory.INNOVATION: ("创新创效型", "创新创效"),
    OrgCategory.SUPPORT: ("支持保障型", "支持保障"),
    OrgCategory.MANAGEMENT: ("管理服务型", "管理服务"),
}

COLUMNS = (
    Column("name", "党组织名称", ("党组织全称", "组织名称", "组织全称", "名称"), required=True, converter=label(150)),
    Column("short_name", "简称", ("党组织简称", "组织简称"), converter=label(60), clears=True),
    Column(
        "code",
        "党组织编码",
        ("编码", "代码", "组织编码", "组织代码", "党组织代码"),
        converter=Convert(lambda raw, _reading: squeezed(raw)[:30], blank=""),
    ),
    Column("type", "组织类别", ("党组织类别", "组织类型", "党组织类型", "类别", "类型"), converter=choice(TYPES)),
    Column(
        "parent",
        "上级党组织",
        ("上级党组织名称", "上级组织", "隶属党组织", "所属上级党组织", "上级"),
        expected=True,
        converter=label(150),
    ),
    Column("unit_kind", "所在单位情况", ("单位情况", "党组织所在单位情况"), converter=choice(UNIT_KINDS), clears=True),
    Column("covered_units", "覆盖单位", ("涵盖单位", "联合单位", "联合设置单位"), converter=text(500), clears=True),
    Column("category", "三型类别", ("三型", "党组织三型"), converter=choice(CATEGORIES), clears=True),
    Column("established_on", "成立时间", ("成立日期", "建立时间", "批准成立时间"), converter=date(), clears=True),
    Column(
        "term_started_on",
        "本届选举时间",
        ("换届时间", "选举时间", "本届换届时间", "本届时间"),
        converter=date(),
        clears=True,
    ),
    Column(
        "term_ends_on",
        "任期届满时间",
        ("届满时间", "任期届满日期", "到届时间"),
        converter=date(future=True),
        clears=True,
    ),
    Column("contact_name", "联系人", converter=person_name(60), clears=True),
    Column("contact_phone", "联系电话", ("电话",), personal=True, converter=phone(), clears=True),
    Column("contact_email", "联系邮箱", ("邮箱", "电子邮箱"), converter=mail(), clears=True),
    Column("address", "地址", ("通讯地址", "联系地址"), converter=text(200), clears=True),
    Column("guided_by", "属地指导党组织", ("属地党组织", "接受指导的地方党组织"), converter=label(150), clears=True),
)
SHOWN = ("type", "parent")
FIELDS = (
    "name", "short_name", "code", "type", "unit_kind", "covered_units", "category", "established_on", "term_started_on",
    "term_ends_on",
    "contact_name", "contact_phone", "contact_email", "address", "guided_by",
)  # fmt: skip

_DAYS = frozenset({"established_on", "term_started_on", "term_ends_on"})


@dataclass(eq=False)
class Entry:
    """A row on its way into the tree: `above` is the row or the organization it names, `stored` the one it means."""

    row: ParsedRow
    values: dict[str, Any]
    above: "Entry | Organization | None" = None
    stored: Organization | None = None
    wrong: bool = False
    settled: bool = False


def organizations_plan(sent: Sent) -> Plan[Organization]:
    """Compare a workbook of organizations with the database.

    A row without an organization above becomes the root of an empty tree, is found by code or full name, or is placed
    below `sent.base` (the actor's organization; for the system the only root). Of a complete list, organizations below
    `sent.base` that it does not name are missing. `New.values["parent"]` is an Organization, or
    the `New` of the row above, which stands before it. Raises WorkbookError when a sheet cannot be read.
    """
    table = parse(sent.workbook, COLUMNS)
    rows = sent.rows(table)
    plan: Plan[Organization] = Plan.of(table, len(rows))
    reading = _Reading(table, rows, sent.actor, sent.base)
    reading.into(plan)
    if sent.is_full:
        plan.missing = reading.missing()
    return plan


class _Reading:
    """The checks of one workbook that need other rows or the database."""

    def __init__(self, table: ParsedTable, rows: Sequence[ParsedRow], actor: Any, base: Organization | None) -> None:
        self._table, self._actor, self._base = table, actor, base
        scope = Organization.objects.all()
        if actor is not None:
            scope = scope.allowed(actor, Cap.MEMBER_IMPORT)
        stored = list(scope)
        self._names = Names(stored)
        self._paths = {organization.path: organization for organization in stored}
        self._tree_is_empty = not stored and not Organization.objects.exists()
        self._root: Entry | None = None
        self._entries = [Entry(row, self._values(row)) for row in rows]
        self._by_name: dict[str, list[Entry]] = defaultdict(list)
        self._by_short: dict[str, list[Entry]] = defaultdict(list)
        self._by_code: dict[str, Entry] = {}

    def into(self, plan: Plan[Organization]) -> None:
        """Report what is wrong, and sort the rows into new, changed and unchanged ones, parents before children."""
        self._index()
        for entry in self._entries:
            if not entry.wrong and entry.row["parent"] and "parent" in entry.row:
                entry.above = self._find_above(entry)
        self._report_twins()
        news: dict[int, New[Organization]] = {}
        for entry in self._entries:
            self._settle(plan, entry, news)

    def missing(self) -> list[Organization]:
        """Return the active organizations below the base that no row means."""
        found = {entry.stored.pk for entry in self._entries if entry.stored is not None}
        start = self._base.path if self._base is not None else ""
        below = (place for path, place in self._paths.items() if path.startswith(start) and path != start)
        return [place for place in below if place.is_active and place.pk not in found]

    # -- one row on its own ---------------------------------------------------------------------------------------

    def _values(self, row: ParsedRow) -> dict[str, Any]:
        values = {field: value for field, value in row.filled().items() if field in FIELDS}
        values |= {field: None if field in _DAYS else "" for field in row.cleared}
        if "type" not in values and "type" in row and "name" in row:
            if found := type_of(row["name"]):
                values["type"] = found
            else:
                self._table.report(row, "type", CELL_MISSING)
        dates = {field: values.get(field) for field in ("established_on", "term_started_on", "term_ends_on")}
        for breach in organization_breaches(**dates):
            self._table.report(row, breach.field, breach.mistake)
        return values

    def _index(self) -> None:
        taken = self._codes_elsewhere()
        for entry in self._entries:
            row, code = entry.row, entry.values.get("code", "").casefold()
            if "name" not in row:
                entry.wrong = True
                continue
            self._by_name[name_key(row["name"])].append(entry)
            if short_name := entry.values.get("short_name"):
                self._by_short[name_key(short_name)].append(entry)
            if code and (first := self._by_code.setdefault(code, entry)) is not entry:
                self._refuse(entry, "code", CODE_TWICE, first=first.row.seen_from(entry.row))
            elif code in taken:
                self._refuse(entry, "code", CODE_TAKEN)

    def _codes_elsewhere(self) -> set[str]:
        """Return the codes of this file that belong to organizations out of reach."""
        codes = [entry.values["code"] for entry in self._entries if "code" in entry.values]
        unknown = [code for code in codes if not self._names.with_code(code)]
        found: set[str] = set()
        for start in range(0, len(unknown), 500):
            part = Organization.objects.filter(code__in=unknown[start : start + 500])
            found.update(code.casefold() for code in part.values_list("code", flat=True))
        return found

    def _refuse(self, entry: Entry, column: str, kind: Mistake, **params: str | int) -> None:
        entry.wrong = True
        self._table.report(entry.row, column, kind, **params)

    # -- rows among themselves ------------------------------------------------------------------------------------

    def _find_above(self, entry: Entry) -> "Entry | Organization | None":
        written = entry.row["parent"]
        code = squeezed(written).casefold()
        by_code = [self._by_code[code]] if code in self._by_code else []
        in_file = by_code or self._by_name.get(name_key(written), []) or self._by_short.get(name_key(written), [])
        if len(in_file) == 1:
            return in_file[0]
        found = self._names.find(written)
        if in_file or len(found) > 1:
            self._refuse(entry, "parent", ORGANIZATION_AMBIGUOUS, count=max(len(in_file), len(found)))
        elif found:
            return found[0]
        elif self._is_highest_in_reach(entry.row["name"], written):
            return None
        elif similar := self._names.similar(written):
            self._refuse(entry, "parent", ORGANIZATION_SIMILAR, similar=similar)
        else:
            self._refuse(entry, "parent", ORGANIZATION_UNKNOWN)
        return None

    def _is_highest_in_reach(self, name: str, written: str) -> bool:
        """Tell whether a row is the actor's own organization, naming the one above it, which the actor does not reach."""
        highest = [found for found in self._names.called(name) if found.parent_path not in self._paths]
        return any(
            above is not None and name_key(above.name) == name_key(written) for above in (o.higher() for o in highest)
        )

    def _report_twins(self) -> None:
        """Report rows of the same name below the same organization; below others the name may come again."""
        for entries in self._by_name.values():
            first: dict[int, Entry] = {}
            for entry in entries if len(entries) > 1 else ():
                twin = first.setdefault(id(entry.above), entry)
                if twin is not entry and not entry.wrong:
                    self._refuse(entry, "name", NAME_TWICE, first=twin.row.seen_from(entry.row))

    # -- rows against the database --------------------------------------------------------------------------------

    def _settle(self, plan: Plan[Organization], entry: Entry, news: dict[int, New[Organization]]) -> None:
        """Decide what becomes of `entry`, the rows above it first; what hangs below a mistake is passed over."""
        chain: list[Entry] = []
        at: Entry | Organization | None = entry
        while isinstance(at, Entry) and not at.settled:
            if at in chain:
                self._refuse(at, "parent", CIRCLE)
                break
            chain.append(at)
            at = at.above
        for link in reversed(chain):
            link.settled = True
            if isinstance(link.above, Entry) and link.above.wrong:
                link.wrong = True
            if not link.wrong:
                self._place(plan, link, news)

    def _place(self, plan: Plan[Organization], entry: Entry, news: dict[int, New[Organization]]) -> None:
        above: New[Organization] | Organization | None
        if isinstance(entry.above, Entry):
            above = entry.above.stored or news[id(entry.above)]
        else:
            above = entry.above
        entry.stored = self._stored(entry, above)
        if entry.wrong:
            return
        if entry.stored is not None:
            self._compare(plan, entry, entry.stored)
            return
        if above is None:
            above = self._above_of_the_topmost(entry)
        if entry.wrong:
            return
        if not isinstance(above, New) and not may_manage_below(self._actor, above):
            self._refuse(entry, "name", NOT_YOURS)
            return
        if above is not None:
            self._look_at_place(entry, above.values.get("type", "") if isinstance(above, New) else above.type)
        news[id(entry)] = New(entry.row, {**entry.values, "parent": above})
        plan.add(news[id(entry)])

    def _stored(self, entry: Entry, above: "New[Organization] | Organization | None") -> Organization | None:
        """Return the organization of the database that the row means."""
        by_code = self._names.with_code(entry.values["code"]) if "code" in entry.values else []
        found = by_code or self._names.called(entry.row["name"])
        if above is not None:
            path = above.path if isinstance(above, Organization) else None
            here = [organization for organization in found if organization.parent_path == path]
            if not here and found:
                self._tell_other_place(entry, found, is_same=bool(by_code))
            found = here
        if len(found) > 1:
            self._refuse(entry, "name", ORGANIZATION_AMBIGUOUS, count=len(found))
        elif found and not found[0].is_active:
            self._refuse(entry, "name", DEACTIVATED)
        return found[0] if found else None

    def _tell_other_place(self, entry: Entry, found: Sequence[Organization], *, is_same: bool) -> None:
        parent = self._paths.get(found[0].parent_path)
        name = parent.name if parent is not None else "—"
        if is_same:
            self._refuse(entry, "parent", OTHER_PARENT, parent=name)
        else:
            self._table.report(entry.row, "name", SAME_NAME, parent=name)

    def _above_of_the_topmost(self, entry: Entry) -> Organization | None:
        """Return what a row without an organization above hangs below; None for the root of an empty tree."""
        if not self._tree_is_empty:
            if self._base is None:
                self._refuse(entry, "parent", CELL_MISSING)
            else:
                self._table.report(entry.row, "parent", PLACED_BELOW, parent=self._base.name)
            return self._base
        if self._root is not None:
            self._refuse(entry, "parent", SECOND_ROOT, first=self._root.row.seen_from(entry.row))
        self._root = self._root or entry
        return None

    def _compare(self, plan: Plan[Organization], entry: Entry, stored: Organization) -> None:
        changes = differences(stored, entry.values)
        if changes and self._actor is not None and not reaches(self._actor, Cap.ORG_MANAGE, stored.path):
            self._table.report(entry.row, "name", LEFT_ALONE)
            changes = {}
        if "type" in changes and (above := self._paths.get(stored.parent_path)) is not None:
            self._look_at_place(entry, above.type)
        if changes:
            plan.changed.append(Changed(entry.row, stored, changes))
        else:
            plan.unchanged += 1

    def _look_at_place(self, entry: Entry, above: str) -> None:
        """Warn where an organization of this type should not stand directly below one of the type `above`."""
        kind = entry.values.get("type", "")
        if not (kind and above):  # reported already
            return
        names = {"type": str(OrganizationType(kind).label), "above": str(OrganizationType(above).label)}
        for finding in place_findings(kind, above):
            self._table.report(entry.row, "type", UNUSUAL_PLACE, **names, rule=str(finding.rule))


def type_of(name: str) -> OrganizationType | None:
    """Return the type that a full name ends with."""
    return next((found for ending, found in ENDINGS if name.endswith(ending)), None)
