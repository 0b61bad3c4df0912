"""Reads about who holds what: roles, vacancies, deputies."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import ancestors_and_self, under
from campaign.common.bulk import portions
from campaign.common.capabilities import Cap, Role
from orgs.models import (
    BRANCH_TYPES,
    Delegation,
    Member,
    Organization,
    OrganizationQuerySet,
    OrganizationType,
    PartyPost,
    RoleAssignment,
    User,
)
from orgs.models.members import PRESENT
from orgs.models.roles import ENDS_SOON

DUTIES: dict[Role, str | Promise] = {
    Role.SECRETARY: _("Leads a branch: writes its pledge, reviews those of its members, nominates."),
    Role.STAFF: _("Party-affairs work of a committee: checks, returns, evaluates and exports for all branches below."),
    Role.OFFICE: _("Runs the campaign: stages, templates, quotas, rounds, scores and all reports."),
    Role.LEADER: _("Writes leader reviews of the organizations and members below."),
    Role.COMMITTEE: _("Reads nominations and decides on awards."),
    Role.SYSTEM_ADMIN: _("Looks after accounts and organizations. Sees neither the campaign's contents nor the log."),
    Role.SECURITY_ADMIN: _("Grants and ends roles. Has no accounts to make and no contents to change."),
    Role.AUDIT_ADMIN: _("Reads and exports the audit log. Changes nothing."),
}
"""What each role is for, in a sentence (2-domain section (e))."""
EXPECTED: dict[Role, tuple[str, ...]] = {
    Role.SECRETARY: tuple(BRANCH_TYPES),
    Role.STAFF: (
        OrganizationType.COMMITTEE,
        OrganizationType.WORKING_COMMITTEE,
        OrganizationType.LEADING_PARTY_GROUP,
        OrganizationType.GENERAL_BRANCH,
    ),
}
"""The role that an organization of a type should have a holder of. Campaign office counts as staff of its organization."""
INSTEAD: dict[Role, tuple[Role, ...]] = {Role.STAFF: (Role.STAFF, Role.OFFICE)}


# -- roles ---------------------------------------------------------------------------------------------------------


def ending_soon(roles: "QuerySet[RoleAssignment, RoleAssignment]") -> "QuerySet[RoleAssignment, RoleAssignment]":
    """Keep the roles held today that end within ENDS_SOON."""
    today = clock.today()
    return roles.filter(starts_on__lte=today, ends_on__gte=today, ends_on__lte=today + ENDS_SOON)


def of_people_who_left(roles: "QuerySet[RoleAssignment, RoleAssignment]") -> "QuerySet[RoleAssignment, RoleAssignment]":
    """Keep the roles of today and later whose holder was a member and is none any more."""
    left = roles.exclude(user__member=None).exclude(user__member__status__in=PRESENT)
    return left.exclude(ends_on__lt=clock.today())


def own_roles(user: User) -> "QuerySet[RoleAssignment, RoleAssignment]":
    """Return the roles that `user` holds or will hold, not those handed to them."""
    open_ = Q(ends_on=None) | Q(ends_on__gte=clock.today())
    return RoleAssignment.objects.filter(open_, user=user.pk).select_related("organization").order_by("role", "pk")


def holds_more(account: User) -> bool:
    """Tell whether an account is more than a member's: it holds a role or stands in for its holder, now or later, or
    administers everything."""
    held = RoleAssignment.objects.now_or_later().filter(user=account)
    handed = Delegation.objects.now_or_later().filter(deputy=account)
    return account.is_superuser or held.exists() or handed.exists()


def beyond(actor: Any, accounts: Iterable[int]) -> set[int]:
    """Return those of `accounts` that hold a role, or stand in for its holder, now or later, where `actor` manages no
    accounts: who can sign in as somebody has all their rights. Of none for the system (None)."""
    if actor is None:
        return set()
    found: set[int] = set()
    for keys in portions(sorted(accounts)):
        held: Any = RoleAssignment.objects.now_or_later().filter(user__in=keys)
        handed: Any = Delegation.objects.now_or_later().filter(deputy__in=keys)
        for rights, person in ((held, "user_id"), (handed, "deputy_id")):
            reached = rights.allowed(actor, Cap.ACCOUNT_MANAGE).order_by().values("pk")
            found |= set(rights.exclude(pk__in=reached).values_list(person, flat=True))
    return found


# -- vacancies -----------------------------------------------------------------------------------------------------


def vacancies(user: Any, role: str = "") -> OrganizationQuerySet:
    """Return the organizations in whose scope `user` grants roles that lack a holder of the role they should have.

    Each bears `vacant` (that role), `last_holder` (who held it last, with `last_until`) and, for a branch, `recorded` (the member
    whose party position is secretary, and whose account is `recorded_user`).
    """
    today = clock.today()
    missing = Q(pk__in=())
    for wanted, types in EXPECTED.items():
        if role in ("", wanted):
            held = RoleAssignment.objects.on(today).filter(
                role__in=INSTEAD.get(wanted, (wanted,)), user__is_active=True
            )
            missing |= Q(type__in=types) & ~Q(Exists(held.filter(organization=OuterRef("pk"))))
    places: OrganizationQuerySet = Organization.objects.active().allowed(user, Cap.ROLE_GRANT)
    before = RoleAssignment.objects.filter(organization=OuterRef("pk"), ends_on__lt=today).order_by("-ends_on", "-pk")
    recorded = (
        Member.objects.present().filter(organization=OuterRef("pk"), party_post=PartyPost.SECRETARY).order_by("pk")
    )
    found: OrganizationQuerySet = places.filter(missing).annotate(
        vacant=Case(*(When(type__in=types, then=Value(wanted.value)) for wanted, types in EXPECTED.items())),
        last_holder=Subquery(before.values("user__name")[:1]),
        last_until=Subquery(before.values("ends_on")[:1]),
        recorded=Subquery(recorded.values("name")[:1]),
        recorded_user=Subquery(recorded.filter(user__is_active=True).values("user__pk")[:1]),
    )
    return found


# -- deputies ------------------------------------------------------------------------------------------------------


def deputies_possible(assignment: RoleAssignment) -> "QuerySet[User, User]":
    """Return who may stand in for the holder of a role: active accounts of its organization, of those below and of those
    above, never the holder."""
    path = assignment.organization.path
    near = under(path, "organization__path") | Q(organization__path__in=ancestors_and_self(path))
    found: QuerySet[User, User] = User.objects.filter(near, is_active=True).exclude(pk=assignment.user_id)
    return found


def delegations_of(user: Any) -> "QuerySet[Delegation, Delegation]":
    """Return what `user` handed to deputies, and what was handed to `user`, the latest first."""
    mine = Q(assignment__user=user.pk) | Q(deputy=user.pk)
    return _joined(Delegation.objects.filter(mine))


def delegations_for(user: Any) -> "QuerySet[Delegation, Delegation]":
    """Return the deputyships in the organizations where `user` grants roles."""
    return _joined(Delegation.objects.visible_to(user))


def _joined(found: "QuerySet[Delegation, Delegation]") -> "QuerySet[Delegation, Delegation]":
    return found.select_related("assignment__user", "assignment__organization", "deputy").order_by("-starts_on", "-pk")
