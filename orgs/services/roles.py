"""Roles: granted and ended by the security administrator, never by and for oneself."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record, audit_record_each
from campaign.common import clock
from campaign.common.access import actor_ids, reaches
from campaign.common.bulk import portions
from campaign.common.capabilities import ADMINISTRATORS, Cap, Role
from campaign.common.errors import DomainError, NotAllowed
from orgs.models import Delegation, Organization, RoleAssignment, User
from orgs.models.roles import RoleAssignmentQuerySet
from orgs.services.accounts import refuse_last_administrator
from orgs.services.separation import lock_accounts, refuse_second_administrator


def role_grant(
    *,
    actor: Any,
    user: User,
    role: str,
    organization: Organization,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    is_interim: bool = False,
) -> RoleAssignment:
    """Give `user` a role in `organization` from `starts_on` (default today) to `ends_on` (None: open), both included.

    `is_interim`: an acting holder (主持工作), shown as such everywhere, with the same rights. Raises NotAllowed, or
    DomainError for oneself and whom one acts for, membership (which is no grant), a closed account, a role held already,
    and for two of the administrators' roles in one hand at any time, a deputyship included (three-role separation,
    2-domain section (e)).
    """
    first = starts_on or clock.today()
    _check_grant(actor, user, role, organization)
    if ends_on is not None and ends_on < first:
        raise DomainError(_("The last day lies before the first one."))
    with transaction.atomic():
        # Two grants at once must not both see the other missing.
        lock_accounts(user.pk)
        held = RoleAssignment.objects.during(first, ends_on).filter(user=user, role=role, organization=organization)
        if held.exists():
            raise DomainError(_("This person holds the role already."))
        if role in ADMINISTRATORS:
            refuse_second_administrator(user, first, ends_on)
        assignment = RoleAssignment.objects.create(
            user=user, role=role, organization=organization, starts_on=first, ends_on=ends_on, is_interim=is_interim
        )
        audit_record(action="role_grant", actor=actor, target=user, changes=_change(assignment))
    return assignment


def _check_grant(actor: Any, user: User, role: str, organization: Organization) -> None:
    if actor is not None:
        known = User.objects.allowed(actor, Cap.ROLE_GRANT).filter(pk=user.pk).exists()
        if not known or not reaches(actor, Cap.ROLE_GRANT, organization.path):
            raise NotAllowed
        if user.pk in actor_ids(actor):
            raise DomainError(_("Nobody grants a role to oneself. Ask another security administrator."))
    if role not in Role.values or role == Role.MEMBER:
        raise DomainError(_("Membership is no role that can be granted; enrol the person as a member."))
    if not user.is_active:
        raise DomainError(_("This account is deactivated. Activate it first."))


def role_end(*, actor: Any, assignment: RoleAssignment, reason: str = "") -> None:
    """End a role at once, and with it what its holder handed to a deputy. One that began today or later is taken back; its
    trace stays in the audit log.

    Raises NotAllowed, or DomainError for one's own role, one that has ended, and the last administrator of a kind.
    """
    if actor is not None and not reaches(actor, Cap.ROLE_GRANT, assignment.organization.path):
        raise NotAllowed
    if actor is not None and assignment.user_id in actor_ids(actor):
        raise DomainError(_("Nobody ends a role of one's own. Ask another security administrator."))
    with transaction.atomic():
        if assignment.role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
            refuse_last_administrator(Role(assignment.role), RoleAssignment.objects.filter(pk=assignment.pk))
        if not _end([assignment], actor, reason):
            raise DomainError(_("This role has ended already."))


def roles_leave(*, left: Mapping[int, int], reason: str) -> list[RoleAssignment]:
    """End, as the system, the roles that members hold in a branch they have left: key of the member → key of the branch.
    Nobody goes on leading a branch that they have left; granting a role in the new one is the security administrator's.

    Administrators' roles go on, since they belong to no branch. Returns the roles as they were before. Call it in the
    transaction of the move.
    """
    ended: list[RoleAssignment] = []
    for keys in portions(sorted(left)):
        held = RoleAssignment.objects.filter(user__member__in=keys).exclude(role__in=ADMINISTRATORS)
        found = _going(held).select_related("user", "organization").order_by("pk")
        ended += [one for one in found if one.organization_id == left[one.user.member_id or 0]]
    _end(ended, None, reason)
    return ended


def _going(assignments: RoleAssignmentQuerySet) -> RoleAssignmentQuerySet:
    """Keep those that have not ended yet, those that begin later included."""
    return assignments.filter(Q(ends_on=None) | Q(ends_on__gte=clock.today()))


def _end(assignments: Sequence[RoleAssignment], actor: Any, reason: str) -> int:
    """End roles with yesterday, take back those that had not begun by then; returns how many there still were to end."""
    today, moment, count = clock.today(), clock.now(), 0
    for keys in portions([one.pk for one in assignments]):
        rows = _going(RoleAssignment.objects.filter(pk__in=keys))
        begun = list(rows.filter(starts_on__lt=today).values_list("pk", flat=True))
        count += rows.filter(pk__in=begun).update(ends_on=today - dt.timedelta(days=1), updated_at=moment)
        Delegation.objects.standing().filter(assignment__in=begun, ends_on__gte=today).update(
            ended_at=moment, ended_by=actor, updated_at=moment
        )
        count += rows.filter(starts_on__gte=today).delete()[1].get(RoleAssignment._meta.label, 0)
    if count:
        taken = [(one.user, {name: [new, old] for name, (old, new) in _change(one).items()}) for one in assignments]
        audit_record_each(action="role_end", actor=actor, entries=taken, reason=reason)
    return count


def _change(assignment: RoleAssignment) -> dict[str, list[Any]]:
    given = f"{assignment.role} · {assignment.organization.name}"
    if assignment.is_interim:
        given = f"{given} · interim"
    dates = f"{assignment.starts_on} – {assignment.ends_on or ''}".strip()
    return {"role": ["", given], "dates": ["", dates]}
