"""Contact points (联系点): a leader looks after a branch and records the visits (seeds 002, 003; 2-domain b.11)."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import Changes, audit_record, audit_record_each, audit_record_many
from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.models import lock
from orgs.models import ContactPoint, ContactVisit, Member, Organization
from orgs.services.changes import differences

BATCH = 500
NAMED = 5
"""So many names an error gives."""


class PointValues(TypedDict):
    starts_on: dt.date
    ends_on: dt.date | None
    task: str


class VisitValues(TypedDict):
    visited_on: dt.date
    mode: str
    summary: str
    problems: str
    follow_up: str


def contact_points_assign(
    *, actor: Any, leader: Member, organizations: Sequence[Organization], starts_on: dt.date, task: str = ""
) -> list[ContactPoint]:
    """Let `leader` look after each of `organizations`, in a constant number of statements. `actor` None is the system.

    Raises NotAllowed, or DomainError for none or deactivated ones, a leader who is no member any more, or branches that
    are this leader's contact points already (they are named).
    """
    keys = {organization.pk for organization in organizations}
    if not keys:
        raise DomainError(_("Choose at least one organization."))
    if not leader.is_present:
        raise DomainError(_("This person is no member of the organization any more."))
    _may_assign(actor, leader, keys)
    with transaction.atomic():
        lock(leader)
        _refuse(_("Deactivated: %(names)s."), Organization.objects.filter(pk__in=keys, is_active=False))
        held = Organization.objects.filter(
            contact_points__in=ContactPoint.objects.filter(leader=leader, ends_on=None), pk__in=keys
        )
        _refuse(_("Contact points of this leader already: %(names)s."), held)
        points = ContactPoint.objects.bulk_create(
            ContactPoint(leader=leader, organization=organization, starts_on=starts_on, task=task.strip())
            for organization in organizations
        )
        audit_record_many(
            action="contact_assign", actor=actor, targets=points, changes={"starts_on": [None, starts_on]}
        )
    return points


def contact_points_write(
    *,
    actor: Any,
    new: Sequence[tuple[Member, Organization, PointValues]] = (),
    changed: Sequence[tuple[ContactPoint, PointValues]] = (),
    gone: Sequence[ContactPoint] = (),
) -> list[ContactPoint]:
    """Assign `new` contact points, change or end those of `changed` and take out `gone` (assigned by mistake, never visited),
    in a constant number of statements; returns the new ones. What is changed or goes is locked by the caller.

    Raises NotAllowed, or DomainError: a last day before the first, a visit outside the days, a leader who looks after the same
    organization twice, one that is deactivated, a leader who is no member any more. Then nothing is written.
    """
    touched = [*(point for point, _values in changed), *gone]
    places = {place.pk for _leader, place, _values in new} | {point.organization_id for point in touched}
    if Organization.objects.allowed(actor, Cap.CONTACT_MANAGE).filter(pk__in=places).count() != len(places):
        raise NotAllowed
    leaders = {leader.pk for leader, _place, _values in new}
    if Member.objects.visible_to(actor).present().filter(pk__in=leaders).count() != len(leaders):
        raise NotAllowed
    made = [ContactPoint(leader=leader, organization=place, **values) for leader, place, values in new]
    written = []
    for point, values in changed:
        written.append((point, differences(point, values)))
        for name, value in values.items():
            setattr(point, name, value)
        point.version += 1
        point.updated_at = clock.now()
    kept = [point for point, _values in changed]
    _check_days([*made, *kept])
    with transaction.atomic():
        _refuse(
            _("Deactivated: %(names)s."),
            Organization.objects.filter(pk__in={p.organization_id for p in made}, is_active=False),
        )
        _check_visits(kept, gone)
        _check_once([*made, *kept])
        ContactPoint.objects.bulk_create(made, batch_size=BATCH)
        ContactPoint.objects.bulk_update(
            kept, [*PointValues.__annotations__, "version", "updated_at"], batch_size=BATCH
        )
        added: list[tuple[ContactPoint, Changes]] = [(point, {"starts_on": [None, point.starts_on]}) for point in made]
        audit_record_each(action="contact_assign", actor=actor, entries=added)
        ended = [(point, found) for point, found in written if "ends_on" in found and point.ends_on]
        others = [(point, found) for point, found in written if (point, found) not in ended]
        audit_record_each(action="contact_end", actor=actor, entries=ended)
        audit_record_each(action="contact_update", actor=actor, entries=others)
        removed: list[tuple[ContactPoint, Changes]] = [
            (point, {"starts_on": [point.starts_on, None]}) for point in gone
        ]
        audit_record_each(action="contact_remove", actor=actor, entries=removed)
        ContactPoint.objects.filter(pk__in=[point.pk for point in gone]).delete()
    return made


def _check_days(points: Iterable[ContactPoint]) -> None:
    if any(point.ends_on and point.ends_on < point.starts_on for point in points):
        raise DomainError(_("The last day lies before the first."))


def _check_visits(kept: Sequence[ContactPoint], gone: Sequence[ContactPoint]) -> None:
    """One query for all: no visit lies outside the days, none of what goes was visited."""
    days = {point.pk: (point.starts_on, point.ends_on) for point in kept}
    visits = ContactVisit.objects.filter(contact_point__in=[*days, *(point.pk for point in gone)])
    for pk, day in visits.order_by().values_list("contact_point", "visited_on"):
        first, last = days.get(pk, (None, None))
        if first is None:
            raise DomainError(_("A contact point that was visited is not taken out; end it instead."))
        if day < first:
            raise DomainError(_("There is a visit before this day."))
        if last and day > last:
            raise DomainError(_("There is a visit after this day."))


def _check_once(points: Sequence[ContactPoint]) -> None:
    """One query for all: nobody looks after an organization twice at a time."""
    going_on = [point for point in points if point.ends_on is None]
    pairs = {(point.leader_id, point.organization_id) for point in going_on}
    others = ContactPoint.objects.filter(leader__in={leader for leader, _place in pairs}, ends_on=None)
    held = others.exclude(pk__in=[point.pk for point in points if point.pk]).values_list("leader", "organization")
    twice = pairs.intersection(held)
    if twice or len(pairs) != len(going_on):
        names = Organization.objects.filter(pk__in={place for _leader, place in twice})
        _refuse(_("Contact points of this leader already: %(names)s."), names)
        raise StateConflict


def _may_assign(actor: Any, leader: Member, keys: set[int]) -> None:
    if actor is None:
        return
    reached = Organization.objects.allowed(actor, Cap.CONTACT_MANAGE).filter(pk__in=keys).count()
    if reached != len(keys) or not Member.objects.visible_to(actor).filter(pk=leader.pk).exists():
        raise NotAllowed


def _refuse(text: Any, organizations: Any) -> None:
    names = list(organizations.values_list("name", flat=True)[: NAMED + 1])
    if names:
        shown = "、".join(names[:NAMED]) + ("……" if len(names) > NAMED else "")
        raise DomainError(text % {"names": shown})


def contact_point_update(
    *, actor: Any, point: ContactPoint, version: int, task: str, starts_on: dt.date
) -> ContactPoint:
    """Change the task or the first day. Raises NotAllowed, EditConflict, or DomainError for a day after the first visit
    or the last day."""
    _may(actor, point, Cap.CONTACT_MANAGE)
    if point.visits.filter(visited_on__lt=starts_on).exists():
        raise DomainError(_("There is a visit before this day."))
    if point.ends_on and point.ends_on < starts_on:
        raise DomainError(_("The last day lies before the first."))
    changes = differences(point, {"task": task, "starts_on": starts_on})
    with transaction.atomic():
        point.save_version(version, task=task, starts_on=starts_on)
        audit_record(action="contact_update", actor=actor, target=point, changes=changes)
    return point


def contact_point_end(
    *, actor: Any, point: ContactPoint, reason: str = "", ends_on: dt.date | None = None
) -> ContactPoint:
    """End a contact point today, or on `ends_on`; its visits stay. Raises NotAllowed, StateConflict when it has ended, or
    DomainError for a day before it began or before its last visit."""
    _may(actor, point, Cap.CONTACT_MANAGE)
    if point.ends_on is not None:
        raise StateConflict
    last = ends_on or max(clock.today(), point.starts_on)
    if last < point.starts_on:
        raise DomainError(_("The last day lies before the first."))
    if point.visits.filter(visited_on__gt=last).exists():
        raise DomainError(_("There is a visit after this day."))
    with transaction.atomic():
        point.save_version(point.version, ends_on=last)
        audit_record(action="contact_end", actor=actor, target=point, reason=reason, changes={"ends_on": [None, last]})
    return point


def contact_visit_record(*, actor: Any, point: ContactPoint, **values: Unpack[VisitValues]) -> ContactVisit:
    """Record a visit. Raises NotAllowed, or DomainError for a day that has not come or lies outside the contact point."""
    _may(actor, point, Cap.CONTACT_VISIT)
    _check_day(point, values["visited_on"])
    with transaction.atomic():
        visit = ContactVisit.objects.create(
            contact_point=point, recorded_by=actor if actor is not None and actor.pk else None, **values
        )
        changes: Changes = {"visited_on": [None, values["visited_on"]], "mode": ["", values["mode"]]}
        audit_record(action="contact_visit_record", actor=actor, target=visit, changes=changes)
    return visit


def contact_visit_update(
    *, actor: Any, visit: ContactVisit, version: int, **values: Unpack[VisitValues]
) -> ContactVisit:
    """Change a recorded visit, for example by what became of its problems. Raises NotAllowed, EditConflict, or DomainError
    as `contact_visit_record`."""
    _may(actor, visit.contact_point, Cap.CONTACT_VISIT)
    _check_day(visit.contact_point, values["visited_on"])
    changes = differences(visit, values)
    with transaction.atomic():
        visit.save_version(version, **values)
        audit_record(action="contact_visit_update", actor=actor, target=visit, changes=changes)
    return visit


def contact_visits_write(
    *,
    actor: Any,
    new: Sequence[tuple[ContactPoint, VisitValues]] = (),
    changed: Sequence[tuple[ContactVisit, VisitValues]] = (),
    gone: Sequence[ContactVisit] = (),
) -> list[ContactVisit]:
    """Record `new` visits, change those of `changed` and take out `gone` (recorded by mistake), in a constant number of
    statements; returns the new ones. What is changed or goes is locked by the caller.

    Raises NotAllowed, or DomainError for a day that has not come or lies outside the contact point. Then nothing is written.
    """
    points = {point.pk for point, _values in new} | {visit.contact_point_id for visit, _values in changed}
    points |= {visit.contact_point_id for visit in gone}
    reached = ContactPoint.objects.allowed(actor, Cap.CONTACT_VISIT).filter(pk__in=points)
    if set(reached.values_list("pk", flat=True)) != points:
        raise NotAllowed
    for point, values in (*new, *((visit.contact_point, values) for visit, values in changed)):
        _check_day(point, values["visited_on"])
    made = [ContactVisit(contact_point=point, recorded_by=actor, **values) for point, values in new]
    written = [(visit, differences(visit, values)) for visit, values in changed]
    for visit, values in changed:
        for name, value in values.items():
            setattr(visit, name, value)
        visit.version, visit.updated_at = visit.version + 1, clock.now()
    added: list[tuple[ContactVisit, Changes]] = [
        (visit, {"visited_on": [None, visit.visited_on], "mode": ["", visit.mode]}) for visit in made
    ]
    removed = [(visit.contact_point, _kept(visit)) for visit in gone]
    with transaction.atomic():
        ContactVisit.objects.bulk_create(made, batch_size=BATCH)
        fields = [*VisitValues.__annotations__, "version", "updated_at"]
        ContactVisit.objects.bulk_update([visit for visit, _values in changed], fields, batch_size=BATCH)
        audit_record_each(action="contact_visit_record", actor=actor, entries=added)
        audit_record_each(action="contact_visit_update", actor=actor, entries=written)
        why = gettext("Taken back with its workbook.")
        audit_record_each(action="contact_visit_remove", actor=actor, entries=removed, reason=why)
        ContactVisit.objects.filter(pk__in=[visit.pk for visit in gone]).delete()
    return made


def contact_visit_remove(*, actor: Any, visit: ContactVisit, reason: str) -> None:
    """Take out a visit that was recorded by mistake; the audit log keeps it. Raises NotAllowed, or DomainError without a
    reason."""
    _may(actor, visit.contact_point, Cap.CONTACT_VISIT)
    if not reason.strip():
        raise DomainError(_("Please give a reason."))
    with transaction.atomic():
        # In the history of the contact point: that of the visit goes with it.
        point = visit.contact_point
        audit_record(action="contact_visit_remove", actor=actor, target=point, reason=reason, changes=_kept(visit))
        visit.delete()


def _kept(visit: ContactVisit) -> Changes:
    """What the audit log keeps of a visit that is taken out."""
    kept = {name: [getattr(visit, name), ""] for name in ("visited_on", "summary", "problems", "follow_up")}
    return {**kept, "mode": [visit.get_mode_display(), ""]}


def _check_day(point: ContactPoint, day: dt.date) -> None:
    if day > clock.today():
        raise DomainError(_("This day has not come yet."))
    if day < point.starts_on or (point.ends_on and day > point.ends_on):
        raise DomainError(_("On this day the branch was not this leader's contact point."))


def _may(actor: Any, point: ContactPoint, capability: Cap) -> None:
    if actor is not None and not ContactPoint.objects.allowed(actor, capability).filter(pk=point.pk).exists():
        raise NotAllowed
