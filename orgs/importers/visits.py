"""Visits to contact points by workbook: what is recorded, and an empty row for each contact point that goes on."""

import datetime as dt
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
from campaign.lists.entries import NOBODY, SEVERAL, Entry, EntryList, Line, ListColumn, parted
from campaign.lists.registry import Ground
from orgs.importers.meant import WHICH_POINT, names_of_point
from orgs.models import ContactPoint, ContactVisit, Organization, User, VisitMode
from orgs.selectors import within
from orgs.services.contacts import VisitValues, contact_visits_write

MODES = {
    VisitMode.REPORT: ("听取汇报",),
    VisitMode.TALK: ("座谈了解", "座谈"),
    VisitMode.RECORDS: ("查阅资料",),
    VisitMode.SITE: ("基层走访", "走访"),
    VisitMode.LECTURE: ("讲党课",),
}
LONGEST = 2_000
FIELDS = ("visited_on", "mode", "summary", "problems", "follow_up")
OUTSIDE = mistake(
    "visit.outside",
    gettext_lazy("On this day the branch was not this leader's contact point."),
    gettext_lazy("Correct the day."),
    Category.RULE,
)
RECORDED = mistake(
    "visit.recorded",
    gettext_lazy("This visit is recorded already."),
    gettext_lazy("Delete the row, or take it from a new template."),
    Category.DUPLICATE,
)


@dataclass
class VisitGround(Ground):
    """The contact points at and below an organization that are the person's to visit or to keep; `recorded` says what is
    there, so that a row sent twice is found."""

    place: Organization
    called: dict[str, list[ContactPoint]] = field(default_factory=dict)
    recorded: set[tuple[Any, ...]] = field(default_factory=set)


class VisitList(EntryList):
    key = "contact_visit_import"
    heading = gettext_lazy("Visits by workbook")
    explained = gettext_lazy(
        "The workbook has the visits that are recorded, and an empty row for each contact point to fill in the next one. "
        "For several visits copy the row."
    )
    capability = Cap.CONTACT_VISIT
    adds = True
    sheet = FormSheet(
        name="联系点走访",
        title="领导干部联系点走访情况填报表",
        columns=(),
        freeze=4,
        notes=(
            "注：1.每行填写一次走访，不填写的行留空。2.联系方式填听取汇报、座谈了解、查阅资料、基层走访或讲党课。3.联系日期应在联系起止日期之内。",
        ),
    )
    columns = (
        *WHICH_POINT,
        ListColumn(
            "visited_on", FormColumn("联系日期", Kind.DATE, width=13), date(), aliases=("走访日期",), needed=True
        ),
        ListColumn.of_choices("mode", "联系方式", MODES, width=11, align="center", aliases=("走访方式",), needed=True),
        ListColumn("summary", FormColumn("联系情况", width=36), text(LONGEST), aliases=("走访情况",), needed=True),
        ListColumn("problems", FormColumn("反映的问题", width=30), text(LONGEST), aliases=("存在问题",)),
        ListColumn("follow_up", FormColumn("办理结果", width=30), text(LONGEST), aliases=("解决情况",)),
    )

    def open(self, actor: User, place: int) -> VisitGround:
        found = Organization.objects.filter(pk=place).first()
        if found is None:
            raise NotAllowed
        ground = VisitGround(actor, found.name, _("Contact points"), reverse("contact_list"), found)
        reached = Organization.objects.allowed(actor, self.capability).filter(pk=place)
        if not reached.exists() and not self._points(ground).exists():
            raise NotAllowed
        return ground

    def _points(self, ground: VisitGround) -> Any:
        return within(ContactPoint.objects.allowed(ground.actor, self.capability), ground.place)

    def entries(self, ground: VisitGround, *, locked: bool = False) -> Iterable[Entry]:
        points = self._points(ground)
        visits = ContactVisit.objects.filter(contact_point__in=points.order_by().values("pk"))
        if locked:
            list(points.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
            list(visits.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
        made: dict[int, list[ContactVisit]] = {}
        for visit in visits.order_by("visited_on", "pk"):
            made.setdefault(visit.contact_point_id, []).append(visit)
        found: list[Entry] = []
        ground.called, ground.recorded = {}, set()
        for point in points.select_related("leader", "organization").order_by("organization__path", "pk"):
            ground.called.setdefault(squeezed(point.organization.name), []).append(point)
            for visit in made.get(point.pk, ()):
                visit.contact_point = point
                ground.recorded.add(_same(point, _values(visit)))
                found.append(_entry(point, visit))
            found.append(_entry(point))
        return found

    def fresh(self, ground: VisitGround, table: ParsedTable, row: ParsedRow) -> Entry | None:
        if row.wrong:
            return None
        places = ground.called.get(squeezed(row["organization"] or ""), [])
        if not places:
            table.report(row, "organization", NOBODY)
            return None
        points = [point for point in places if _is_meant(point, row)]
        points = [point for point in points if _is_within(point, row["visited_on"])] or points
        if len(points) != 1:
            table.report(row, "personnel_no" if row["personnel_no"] else "name", SEVERAL if points else NOBODY)
            return None
        return Entry(ref="", title=_title(points[0]), names=names_of_point(points[0]), subject=points[0])

    def check(self, ground: VisitGround, table: ParsedTable, row: ParsedRow, line: Line) -> None:
        values, point = line.values or {}, line.entry.subject
        if values["visited_on"] and not _is_within(point, values["visited_on"]):
            table.report(row, "visited_on", OUTSIDE)
        said = _same(point, values)
        if line.entry.values is None and said in ground.recorded:
            table.report(row, "visited_on", RECORDED)
        ground.recorded.add(said)

    def save(self, ground: VisitGround, lines: Sequence[Line]) -> None:
        new, changed, gone = parted(lines)
        made = contact_visits_write(
            actor=ground.actor,
            new=[(line.entry.subject, _said(line)) for line in new],
            changed=[(line.entry.record, _said(line)) for line in changed],
            gone=[line.entry.record for line in gone],
        )
        for line, visit in zip(new, made, strict=True):
            line.entry.ref = _ref(visit)


def _is_meant(point: ContactPoint, row: ParsedRow) -> bool:
    leader, name = point.leader, squeezed(row["name"] or "")
    numbered = not row["personnel_no"] or row["personnel_no"] == leader.personnel_no
    return bool(name or row["personnel_no"]) and numbered and (not name or name == squeezed(leader.name))


def _is_within(point: ContactPoint, day: dt.date | None) -> bool:
    return day is not None and point.starts_on <= day and (point.ends_on is None or day <= point.ends_on)


def _same(point: ContactPoint, values: Any) -> tuple[Any, ...]:
    """What makes two records the same visit."""
    return point.pk, values["visited_on"], values["mode"], squeezed(values["summary"] or "")


def _ref(visit: ContactVisit) -> str:
    return f"v{visit.pk}"


def _title(point: ContactPoint, visit: ContactVisit | None = None) -> str:
    day = f" · {visit.visited_on:%Y-%m-%d}" if visit else ""
    return f"{point.leader.name} · {point.organization.display_name}{day}"


def _values(visit: ContactVisit) -> dict[str, Any]:
    return {name: getattr(visit, name) for name in FIELDS}


def _said(line: Line) -> VisitValues:
    values = line.values or {}
    return {
        "visited_on": values["visited_on"],
        "mode": values["mode"],
        "summary": values["summary"],
        "problems": values["problems"],
        "follow_up": values["follow_up"],
    }


def _entry(point: ContactPoint, visit: ContactVisit | None = None) -> Entry:
    """A visit, or the empty row in which the next one is entered."""
    return Entry(
        ref=_ref(visit) if visit else f"p{point.pk}",
        title=_title(point, visit),
        names=names_of_point(point),
        values=_values(visit) if visit else None,
        record=visit,
        subject=point,
        shown=visit is not None or point.ends_on is None,
    )


VISIT_LIST = VisitList()
