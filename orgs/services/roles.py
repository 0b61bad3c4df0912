"""Roles: granted and ended by the security administrator, never by and for oneself."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import ADMINISTRATORS, Cap, Role
from campaign.common.errors import DomainError, NotAllowed
from orgs.models import Organization, RoleAssignment, User
from orgs.services.accounts import refuse_last_administrator


def role_grant(
    *,
    actor: Any,
    user: User,
    role: str,
    organization: Organization,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> RoleAssignment:
    """Give `user` a role in `organization` from `starts_on` (default today) to `ends_on` (None: open), both included.

    Raises NotAllowed, or DomainError for oneself, membership (which is no grant), a closed account, a role held already,
    and for two of the administrators' roles in one hand at any time (three-role separation, 2-domain section (e)).
    """
    first = starts_on or clock.today()
    _check_grant(actor, user, role, organization)
    if ends_on is not None and ends_on < first:
        raise DomainError(_("The last day lies before the first one."))
    with transaction.atomic():
        # Two grants at once must not both see the other missing.
        User.objects.select_for_update().get(pk=user.pk)
        held = RoleAssignment.objects.filter(Q(ends_on=None) | Q(ends_on__gte=first), user=user)
        if ends_on is not None:
            held = held.filter(starts_on__lte=ends_on)
        if held.filter(role=role, organization=organization).exists():
            raise DomainError(_("This person holds the role already."))
        if role in ADMINISTRATORS and held.filter(role__in=ADMINISTRATORS).exists():
            raise DomainError(_("Nobody may be administrator of two kinds. End the other role first."))
        assignment = RoleAssignment.objects.create(
            user=user, role=role, organization=organization, starts_on=first, ends_on=ends_on
        )
        audit_record(action="role_grant", actor=actor, target=user, changes=_change(assignment))
    return assignment


def _check_grant(actor: Any, user: User, role: str, organization: Organization) -> None:
    if actor is not None:
        known = User.objects.allowed(actor, Cap.ROLE_GRANT).filter(pk=user.pk).exists()
        if not known or not reaches(actor, Cap.ROLE_GRANT, organization.path):
            raise NotAllowed
        if actor.pk == user.pk:
            raise DomainError(_("Nobody grants a role to oneself. Ask another security administrator."))
    if role not in Role.values or role == Role.MEMBER:
        raise DomainError(_("Membership is no role that can be granted; enrol the person as a member."))
    if not user.is_active:
        raise DomainError(_("This account is deactivated. Activate it first."))


def role_end(*, actor: Any, assignment: RoleAssignment, reason: str = "") -> None:
    """End a role at once. One that began today or later is taken back; its trace stays in the audit log.

    Raises NotAllowed, or DomainError for one's own role, one that has ended, and the last administrator of a kind.
    """
    if actor is not None and not reaches(actor, Cap.ROLE_GRANT, assignment.organization.path):
        raise NotAllowed
    if actor is not None and actor.pk == assignment.user_id:
        raise DomainError(_("Nobody ends a role of one's own. Ask another security administrator."))
    today = clock.today()
    last_day = today - dt.timedelta(days=1)
    rows = RoleAssignment.objects.filter(pk=assignment.pk).filter(Q(ends_on=None) | Q(ends_on__gte=today))
    with transaction.atomic():
        if assignment.role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
            refuse_last_administrator(assignment.user, Role(assignment.role))
        ended = rows.filter(starts_on__lt=today).update(ends_on=last_day, updated_at=clock.now())
        if not ended and not rows.filter(starts_on__gte=today).delete()[0]:
            raise DomainError(_("This role has ended already."))
        change = {field: [new, old] for field, (old, new) in _change(assignment).items()}
        audit_record(action="role_end", actor=actor, target=assignment.user, reason=reason, changes=change)


def _change(assignment: RoleAssignment) -> dict[str, list[Any]]:
    given = f"{assignment.role} · {assignment.organization.name}"
    dates = f"{assignment.starts_on} – {assignment.ends_on or ''}".strip()
    return {"role": ["", given], "dates": ["", dates]}
