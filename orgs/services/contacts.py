"""Contact points (联系点): a leader looks after a branch and records the visits (seeds 002, 003; 2-domain b.11)."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypedDict, Unpack

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import Changes, audit_record, audit_record_many
from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.models import lock
from orgs.models import ContactPoint, ContactVisit, Member, Organization
from orgs.services.changes import differences

NAMED = 5
"""So many names an error gives."""


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


def contact_visit_remove(*, actor: Any, visit: ContactVisit, reason: str) -> None:
    """Take out a visit that was recorded by mistake; the audit log keeps it. Raises NotAllowed, or DomainError without a
    reason."""
    _may(actor, visit.contact_point, Cap.CONTACT_VISIT)
    if not reason.strip():
        raise DomainError(_("Please give a reason."))
    kept = {name: [getattr(visit, name), ""] for name in ("visited_on", "summary", "problems", "follow_up")}
    kept["mode"] = [visit.get_mode_display(), ""]
    with transaction.atomic():
        # In the history of the contact point: that of the visit goes with it.
        point = visit.contact_point
        audit_record(action="contact_visit_remove", actor=actor, target=point, reason=reason, changes=kept)
        visit.delete()


def _check_day(point: ContactPoint, day: dt.date) -> None:
    if day > clock.today():
        raise DomainError(_("This day has not come yet."))
    if day < point.starts_on or (point.ends_on and day > point.ends_on):
        raise DomainError(_("On this day the branch was not this leader's contact point."))


def _may(actor: Any, point: ContactPoint, capability: Cap) -> None:
    if actor is not None and not ContactPoint.objects.allowed(actor, capability).filter(pk=point.pk).exists():
        raise NotAllowed
