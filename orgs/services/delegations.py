"""Deputies: a holder hands one of the own roles to another account for some days, and takes it back when wanted."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import ADMINISTRATORS, Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from orgs.models import Delegation, RoleAssignment, User
from orgs.oversight import deputies_possible
from orgs.services.separation import lock_accounts, refuse_second_administrator


def delegation_give(
    *,
    actor: Any,
    assignment: RoleAssignment,
    deputy: User,
    ends_on: dt.date,
    reason: str,
    starts_on: dt.date | None = None,
) -> Delegation:
    """Hand the role `assignment` of `actor` to `deputy` from `starts_on` (default today) to `ends_on`, both included.

    Raises NotAllowed for a role of somebody else, or DomainError: for what was handed to oneself (no chains), oneself, an
    account out of reach, a span before today, longer than DELEGATION_MAX_DAYS or beyond the role's own end, a second
    deputy at the same time, somebody who holds the role anyway, and for administrators' roles in the hand of another
    administrator (three-role separation, 2-domain section (e)).
    """
    if actor.acting_for is not None:
        raise DomainError(_("You act for somebody else now. What was handed to you cannot be handed on."))
    if assignment.user_id != actor.pk:
        raise NotAllowed
    first = starts_on or clock.today()
    reason = reason.strip()
    _check_span(assignment, first, ends_on)
    if not reason:
        raise DomainError(_("Please give a reason."))
    if deputy.pk == actor.pk:
        raise DomainError(_("Nobody is the deputy of oneself."))
    if not deputies_possible(assignment).filter(pk=deputy.pk).exists():
        raise DomainError(_("This account cannot stand in here: it is closed, or belongs to another organization."))
    with transaction.atomic():
        lock_accounts(actor.pk, deputy.pk)
        _check_meanwhile(assignment, deputy, first, ends_on)
        delegation = Delegation.objects.create(
            assignment=assignment, deputy=deputy, starts_on=first, ends_on=ends_on, reason=reason[:200]
        )
        audit_record(
            action="delegation_give", actor=actor, target=assignment.user, reason=reason, changes=_change(delegation)
        )
    return delegation


def _check_span(assignment: RoleAssignment, first: dt.date, last: dt.date) -> None:
    today, longest = clock.today(), settings.DELEGATION_MAX_DAYS
    if assignment.has_ended or assignment.starts_on > first or (assignment.ends_on and last > assignment.ends_on):
        raise DomainError(_("You do not hold this role on all of these days."))
    if first < today:
        raise DomainError(_("The first day lies in the past."))
    if last < first:
        raise DomainError(_("The last day lies before the first one."))
    if (last - first).days + 1 > longest:
        raise DomainError(
            _("A deputy stands in for at most %(days)s days. Choose an earlier last day.") % {"days": longest}
        )


def _check_meanwhile(assignment: RoleAssignment, deputy: User, first: dt.date, last: dt.date) -> None:
    """What another grant or deputyship may have changed: asked with both accounts locked."""
    if not RoleAssignment.objects.during(first, last).filter(pk=assignment.pk).exists():
        raise DomainError(_("This role has ended already."))
    if Delegation.objects.during(first, last).filter(assignment=assignment).exists():
        raise DomainError(_("Somebody stands in for this role on these days already. Take that back first."))
    same = {"user": deputy, "role": assignment.role, "organization": assignment.organization_id}
    if RoleAssignment.objects.during(first, last).filter(**same).exists():
        raise DomainError(_("This person holds the role already."))
    if assignment.role in ADMINISTRATORS:
        refuse_second_administrator(deputy, first, last)


def delegation_end(*, actor: Any, delegation: Delegation, reason: str = "") -> None:
    """Take a deputyship back at once: the holder, the deputy, or the security administrator of the place.

    Raises NotAllowed for anybody else, StateConflict when it is over.
    """
    assignment = delegation.assignment
    party = actor.acting_for is None and actor.pk in (assignment.user_id, delegation.deputy_id)
    if not party and not reaches(actor, Cap.ROLE_GRANT, assignment.organization.path):
        raise NotAllowed
    if not delegation.is_open:
        raise StateConflict
    moment = clock.now()
    with transaction.atomic():
        open_ = Delegation.objects.standing().filter(pk=delegation.pk)
        if open_.update(ended_at=moment, ended_by=actor, updated_at=moment) != 1:
            raise StateConflict
        change = {field: [new, old] for field, (old, new) in _change(delegation).items()}
        audit_record(action="delegation_end", actor=actor, target=assignment.user, reason=reason, changes=change)


def delegation_act(*, actor: Any, delegation: Delegation) -> None:
    """Begin to act through a deputyship: `actor` has its role alone until `delegation_rest`. Raises StateConflict when it
    is not in force for this person today."""
    in_force = Delegation.objects.in_force(clock.today()).filter(pk=delegation.pk, deputy=actor.pk)
    if not in_force.exists():
        raise StateConflict
    actor.act(delegation.pk)
    audit_record(action="delegation_act", actor=actor, target=delegation.assignment.user)


def delegation_rest(*, actor: Any) -> None:
    """Act as oneself again. Does nothing for somebody who does so already."""
    if actor.acting_for is None:
        return
    principal = User.objects.get(pk=actor.acting_for.person_id)
    audit_record(action="delegation_rest", actor=actor, target=principal)
    actor.act(None)


def _change(delegation: Delegation) -> dict[str, list[Any]]:
    assignment = delegation.assignment
    return {
        "role": ["", f"{assignment.role} · {assignment.organization.name}"],
        "deputy": ["", delegation.deputy.name],
        "dates": ["", f"{delegation.starts_on} – {delegation.ends_on}"],
    }
