"""Contact points by workbook: those that go on, with what their leaders are to do there, and rows that are added."""

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
from campaign.common.excel.values import date, squeezed, text
from campaign.lists.entries import MARK, NOBODY, SEVERAL, Entry, EntryList, Line, ListColumn, parted
from campaign.lists.registry import Ground
from orgs import contacts as reads
from orgs.importers.meant import WHICH_POINT, member_called, members_meant, names_of_point, organizations_meant
from orgs.models import ContactPoint, Member, Organization, User
from orgs.selectors import within
from orgs.services.contacts import PointValues, contact_points_write

FIELDS = ("starts_on", "ends_on", "task")
HELD = mistake(
    "contact.held",
    gettext_lazy("This organization is a contact point of this leader already."),
    gettext_lazy("Delete the row, or take it from a new template."),
    Category.DUPLICATE,
)
SPAN = mistake(
    "contact.span",
    gettext_lazy("The last day lies before the first."),
    gettext_lazy("Correct the day."),
    Category.RULE,
)
VISITED_OUTSIDE = mistake(
    "contact.visited_outside",
    gettext_lazy("The leader was there on %(day)s: the days of the contact point must include it."),
    gettext_lazy("Correct the day."),
    Category.RULE,
)


@dataclass
class ContactGround(Ground):
    """The contact points at and below an organization. `named` is what the added rows may mean: leaders by number and name,
    organizations by name; `held` who looks after what now."""

    place: Organization
    leaders: dict[str, list[Member]] = field(default_factory=dict)
    organizations: dict[str, list[Organization]] = field(default_factory=dict)
    held: set[tuple[int, int]] = field(default_factory=set)


class ContactList(EntryList):
    key = "contact_import"
    heading = gettext_lazy("Contact points by workbook")
    explained = gettext_lazy(
        "The workbook has the contact points that go on. Change them, write a last day to end one, and add a row for each "
        "further one."
    )
    capability = Cap.CONTACT_MANAGE
    adds = True
    sheet = FormSheet(
        name="联系点",
        title="领导干部联系点填报表",
        columns=(),
        freeze=3,
        notes=(
            "注：1.每行填写一名领导的一个联系点，重名时填写人员编号。2.不再联系的填写结束日期。3.最近走访由系统填写，仅供查看。",
        ),
    )
    columns = (
        *WHICH_POINT,
        ListColumn("starts_on", FormColumn("开始日期", Kind.DATE, width=13), date(future=True), needed=True),
        ListColumn("ends_on", FormColumn("结束日期", Kind.DATE, width=13), date(future=True)),
        ListColumn("task", FormColumn("联系任务", width=40), text(200)),
        ListColumn("last_visit", FormColumn("最近走访", Kind.DATE, width=13), date(), told=True),
    )  # fmt: skip

    def open(self, actor: User, place: int) -> ContactGround:
        found = Organization.objects.allowed(actor, self.capability).filter(pk=place).first()
        if found is None:
            raise NotAllowed
        return ContactGround(actor, found.name, _("Contact points"), reverse("contact_list"), found)

    def entries(self, ground: ContactGround, *, locked: bool = False) -> Iterable[Entry]:
        points = within(ContactPoint.objects.allowed(ground.actor, self.capability), ground.place)
        if locked:  # a lock goes with no grouping
            list(points.select_for_update(of=("self",)).order_by("pk"))
        found = list(
            reads.with_visits(points).select_related("leader", "organization").order_by("organization__path", "pk")
        )
        ground.held = {(point.leader_id, point.organization_id) for point in found if point.ends_on is None}
        return [_entry(point) for point in found]

    def prepare(self, ground: ContactGround, rows: Sequence[ParsedRow]) -> None:
        """Find whom and what the added rows mean: three statements, however many rows."""
        added = [row for row in rows if not row[MARK]]
        if not added:
            return
        places = within(Organization.objects.allowed(ground.actor, self.capability).active(), ground.place)
        ground.organizations = organizations_meant(places, (row["organization"] for row in added))
        seen = Member.objects.visible_to(ground.actor).present()
        ground.leaders = members_meant(seen, ((row["personnel_no"], row["name"]) for row in added))

    def fresh(self, ground: ContactGround, table: ParsedTable, row: ParsedRow) -> Entry | None:
        places = ground.organizations.get(squeezed(row["organization"] or ""), [])
        column = "personnel_no" if row["personnel_no"] else "name"
        leaders = member_called(ground.leaders, row["personnel_no"], row["name"])
        for key, found in (("organization", places), (column, leaders)):
            if len(found) != 1:
                table.report(row, key, SEVERAL if found else NOBODY)
                return None
        point = ContactPoint(leader=leaders[0], organization=places[0])
        if (point.leader_id, point.organization_id) in ground.held:
            table.report(row, "name", HELD)
            return None
        ground.held.add((point.leader_id, point.organization_id))
        return Entry(ref="", title=_title(point), names=names_of_point(point), subject=point)

    def check(self, ground: ContactGround, table: ParsedTable, row: ParsedRow, line: Line) -> None:
        first, last = (line.values or {})["starts_on"], (line.values or {})["ends_on"]
        if first and last and last < first:
            table.report(row, "ends_on", SPAN)
        visits: Any = line.entry.record
        if visits and first and visits.first_visit and visits.first_visit < first:
            table.report(row, "starts_on", VISITED_OUTSIDE, day=f"{visits.first_visit:%Y-%m-%d}")
        if visits and last and visits.last_visit and visits.last_visit > last:
            table.report(row, "ends_on", VISITED_OUTSIDE, day=f"{visits.last_visit:%Y-%m-%d}")

    def save(self, ground: ContactGround, lines: Sequence[Line]) -> None:
        new, changed, gone = parted(lines)
        made = contact_points_write(
            actor=ground.actor,
            new=[(line.entry.subject.leader, line.entry.subject.organization, _said(line)) for line in new],
            changed=[(line.entry.record, _said(line)) for line in changed],
            gone=[line.entry.record for line in gone],
        )
        for line, point in zip(new, made, strict=True):
            line.entry.ref, line.values = _ref(point), {**_said(line), "last_visit": None}


def _ref(point: ContactPoint) -> str:
    return f"c{point.pk}"


def _title(point: ContactPoint) -> str:
    return f"{point.leader.name} · {point.organization.display_name}"


def _said(line: Line) -> PointValues:
    values = line.values or {}
    return {"starts_on": values["starts_on"], "ends_on": values["ends_on"], "task": values["task"]}


def _entry(point: Any) -> Entry:
    values = {name: getattr(point, name) for name in FIELDS}
    return Entry(
        ref=_ref(point),
        title=_title(point),
        names=names_of_point(point),
        values={**values, "last_visit": point.last_visit},
        record=point,
        subject=point,
        shown=point.ends_on is None,
    )


CONTACT_LIST = ContactList()
