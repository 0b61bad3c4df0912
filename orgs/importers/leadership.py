"""Leading groups and campaign offices by workbook: who holds which function now, and rows that are added."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.common.capabilities import Cap
from campaign.common.errors import NotAllowed
from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.schema import ParsedRow, ParsedTable
from campaign.common.excel.sheet import FormColumn, FormSheet, Kind
from campaign.common.excel.values import CHOICE_UNKNOWN, date, label, person_name, squeezed, text
from campaign.lists.entries import MARK, NOBODY, SEVERAL, Entry, EntryList, Line, ListColumn, parted
from campaign.lists.registry import Ground
from orgs.importers.meant import member_called, members_meant, organizations_meant
from orgs.models import LeadershipFunction, LeadershipPost, Member, Organization, User
from orgs.models.leadership import SINGLE
from orgs.selectors import within
from orgs.services.leadership import PostValues, leadership_posts_write

FUNCTIONS = {
    LeadershipFunction.FIRST_RESPONSIBLE: ("第一责任人",),
    LeadershipFunction.DIRECTLY_RESPONSIBLE: ("直接责任人",),
    LeadershipFunction.GROUP_HEAD: ("领导小组组长", "组长"),
    LeadershipFunction.GROUP_DEPUTY: ("领导小组副组长", "副组长"),
    LeadershipFunction.GROUP_MEMBER: ("领导小组成员", "小组成员"),
    LeadershipFunction.OFFICE_DIRECTOR: ("办公室主任", "主任"),
    LeadershipFunction.OFFICE_MEMBER: ("办公室成员",),
}
"""How each function stands in the workbook, the usual name first."""
_MEANT = {squeezed(name): function for function, names in FUNCTIONS.items() for name in names}
_USUAL = tuple(names[0] for names in FUNCTIONS.values())

HELD = mistake(
    "leadership.held",
    gettext_lazy("This person holds the function already."),
    gettext_lazy("Delete the row, or take it from a new template."),
    Category.DUPLICATE,
)
OTHER_HOLDER = mistake(
    "leadership.other_holder",
    gettext_lazy("One person holds this function at a time, and somebody else does."),
    gettext_lazy("Write a last day into the row of the former holder."),
    Category.CONFLICT,
)
SPAN = mistake(
    "leadership.span",
    gettext_lazy("The last day lies before the first."),
    gettext_lazy("Correct the day."),
    Category.RULE,
)
NAMESAKES = mistake(
    "leadership.namesakes",
    gettext_lazy("Several members are called so."),
    gettext_lazy("Write the personnel number."),
    Category.UNKNOWN,
)
NO_NAME = mistake(
    "leadership.no_name", gettext_lazy("Nobody is named."), gettext_lazy("Write a name."), Category.MISSING
)


@dataclass
class LeadershipGround(Ground):
    """The functions at and below an organization. `organizations` and `members` are what the added rows may mean by their
    names; `open_now` what goes on, `holders` who is to hold each function when all rows are stored."""

    place: Organization
    organizations: dict[str, list[Organization]] = field(default_factory=dict)
    members: dict[str, list[Member]] = field(default_factory=dict)
    open_now: list[LeadershipPost] = field(default_factory=list)
    holders: dict[tuple[int, str], list[LeadershipPost]] = field(default_factory=dict)


class LeadershipList(EntryList):
    key = "leadership_import"
    heading = gettext_lazy("Leading groups and offices by workbook")
    explained = gettext_lazy(
        "The workbook has everybody who holds a function now, here and below. Change the rows, write a last day where "
        "somebody leaves, and add a row for each further person."
    )
    capability = Cap.LEADERSHIP_MANAGE
    adds = True
    sheet = FormSheet(
        name="领导小组及办公室",
        title="创先争优活动领导小组及办公室人员填报表",
        columns=(),
        freeze=4,
        notes=(
            "注：1.每行填写一人的一项职责，重名时填写人员编号，不在党员库中的人员只填姓名。2.不再担任的填写结束日期；第一责任人、直接责任人、组长和主任同时只能一人担任，更换时先在原任一行填写结束日期，再加一行。",
            "3.加行时职务留空的，按其党内职务填写。",
        ),
    )
    columns = (
        ListColumn("organization", FormColumn("党组织", width=28), label(), whom=True),
        ListColumn("function", FormColumn("职责", width=16, choices=_USUAL), label(), whom=True),
        ListColumn("name", FormColumn("姓名", width=10), person_name(), whom=True),
        ListColumn("personnel_no", FormColumn("人员编号", Kind.CODE, width=13), text(30), aliases=("工号",), whom=True),
        ListColumn("duty", FormColumn("职务", width=20), text(60)),
        ListColumn("starts_on", FormColumn("开始日期", Kind.DATE, width=13), date(future=True), needed=True),
        ListColumn("ends_on", FormColumn("结束日期", Kind.DATE, width=13), date(future=True)),
    )  # fmt: skip

    def open(self, actor: User, place: int) -> LeadershipGround:
        found = Organization.objects.allowed(actor, self.capability).filter(pk=place).first()
        if found is None:
            raise NotAllowed
        back = reverse("leadership_detail", args=[found.pk])
        return LeadershipGround(actor, found.name, _("Leading group and office"), back, found)

    def entries(self, ground: LeadershipGround, *, locked: bool = False) -> Iterable[Entry]:
        posts = within(LeadershipPost.objects.allowed(ground.actor, self.capability), ground.place)
        if locked:  # the organizations first, as everybody who gives a function does
            places = Organization.objects.filter(pk__in=posts.order_by().values("organization"))
            list(places.select_for_update().order_by("pk").values_list("pk"))
            list(posts.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
        found = list(posts.select_related("member", "organization").order_by("organization__path", "pk"))
        order = list(LeadershipFunction.values)
        found.sort(key=lambda post: (post.organization.path, order.index(post.function), post.starts_on, post.pk))
        ground.open_now = [post for post in found if post.ends_on is None]
        return [_entry(post) for post in found]

    def prepare(self, ground: LeadershipGround, rows: Sequence[ParsedRow]) -> None:
        """Find whom and what the added rows mean, and who leaves a function by this workbook."""
        leaving = {row[MARK][0] for row in rows if MARK in row and row[MARK] and "ends_on" in row and row["ends_on"]}
        ground.holders = {}
        for post in ground.open_now:
            if _ref(post) not in leaving:
                ground.holders.setdefault((post.organization_id, post.function), []).append(post)
        added = [row for row in rows if not row[MARK]]
        if added:
            places = within(Organization.objects.allowed(ground.actor, self.capability).active(), ground.place)
            ground.organizations = organizations_meant(places, (row["organization"] for row in added))
            seen = Member.objects.visible_to(ground.actor).present()
            ground.members = members_meant(seen, ((row["personnel_no"], row["name"]) for row in added))

    def fresh(self, ground: LeadershipGround, table: ParsedTable, row: ParsedRow) -> Entry | None:
        if row.wrong:
            return None
        places = ground.organizations.get(squeezed(row["organization"] or ""), [])
        if len(places) != 1:
            table.report(row, "organization", SEVERAL if places else NOBODY)
            return None
        function = _MEANT.get(squeezed(row["function"] or ""))
        if function is None:
            table.report(row, "function", CHOICE_UNKNOWN, allowed="、".join(_USUAL))
            return None
        members = member_called(ground.members, row["personnel_no"], row["name"])
        lacking = _unclear(row, members)
        if lacking is not None:
            table.report(row, "personnel_no" if row["personnel_no"] else "name", lacking)
            return None
        member = members[0] if members else None
        name = member.name if member else row["name"]
        post = LeadershipPost(organization=places[0], function=function, member=member, name=name)
        return Entry(ref="", title=_title(post), names=_names(post), subject=post)

    def check(self, ground: LeadershipGround, table: ParsedTable, row: ParsedRow, line: Line) -> None:
        first, last = (line.values or {})["starts_on"], (line.values or {})["ends_on"]
        if first and last and last < first:
            table.report(row, "ends_on", SPAN)
        post: Any = line.entry.subject
        if last is not None or any(post is holder for holder in ground.open_now):
            return
        others = ground.holders.setdefault((post.organization_id, post.function), [])
        if any((other.member_id, other.name) == (post.member_id, post.name) for other in others):
            table.report(row, "name", HELD)
        elif others and post.function in SINGLE:
            table.report(row, "function", OTHER_HOLDER)
        others.append(post)

    def save(self, ground: LeadershipGround, lines: Sequence[Line]) -> None:
        new, changed, gone = parted(lines)
        leadership_posts_write(
            actor=ground.actor,
            new=[(line.entry.subject, _said(line)) for line in new],
            changed=[(line.entry.record, _said(line)) for line in changed],
            gone=[line.entry.record for line in gone],
        )
        for line in new:
            line.entry.ref, line.values = _ref(line.entry.subject), _values(line.entry.subject)


def _unclear(row: ParsedRow, members: list[Member]) -> Any:
    """Return why it is not clear whom the row means: a name alone is one member, or somebody who is none."""
    if len(members) > 1:
        return NAMESAKES
    if members:
        return None
    if row["personnel_no"]:
        return NOBODY
    return None if row["name"] else NO_NAME


def _ref(post: LeadershipPost) -> str:
    return f"f{post.pk}"


def _title(post: LeadershipPost) -> str:
    number = f"（{post.member.personnel_no}）" if post.member else ""
    return f"{post.organization.display_name} · {post.get_function_display()} {post.name}{number}"


def _names(post: LeadershipPost) -> dict[str, str]:
    return {
        "organization": post.organization.name,
        "function": FUNCTIONS[LeadershipFunction(post.function)][0],
        "name": post.name,
        "personnel_no": post.member.personnel_no if post.member else "",
    }


def _values(post: LeadershipPost) -> dict[str, Any]:
    return {"duty": post.duty, "starts_on": post.starts_on, "ends_on": post.ends_on}


def _said(line: Line) -> PostValues:
    values = line.values or {}
    return {"duty": values["duty"], "starts_on": values["starts_on"], "ends_on": values["ends_on"]}


def _entry(post: LeadershipPost) -> Entry:
    return Entry(
        ref=_ref(post),
        title=_title(post),
        names=_names(post),
        values=_values(post),
        record=post,
        subject=post,
        shown=post.ends_on is None,
    )


LEADERSHIP_LIST = LeadershipList()
