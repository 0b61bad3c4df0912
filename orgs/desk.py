"""What lies on the desk of those who look after organizations."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common.access import holds
from campaign.common.capabilities import Cap
from campaign.common.desk import Tile
from campaign.common.listing import BOUND
from orgs.models import Organization, RoleAssignment, User
from orgs.oversight import ending_soon, of_people_who_left, vacancies
from orgs.selectors import users_by_state, without_secretary


def tiles(user: Any) -> list[Tile]:
    """Branches without a secretary, for those who may enter members (one query)."""
    if not (holds(user, Cap.MEMBER_IMPORT) and holds(user, Cap.ORG_VIEW)):
        return []
    missing = without_secretary(Organization.objects.allowed(user, Cap.MEMBER_IMPORT)).count()
    return [
        Tile(
            label=_("Branches without a secretary"),
            count=missing,
            url=f"{reverse('organization_list')}?missing=secretary",
            icon="user-question",
            urgency="warning",
            hint=_("Enter the party position “secretary” with one of the members."),
        )
    ]


def role_tiles(user: Any) -> list[Tile]:
    """Vacancies, roles that end soon, and those of people who left, for who grants roles (three queries)."""
    if not holds(user, Cap.ROLE_GRANT):
        return []
    vacant = vacancies(user).order_by().values("pk")[: BOUND + 1].count()
    roles = RoleAssignment.objects.visible_to(user)
    ending, left = ending_soon(roles).count(), of_people_who_left(roles).count()
    return [
        Tile(_("Vacant roles"), vacant, reverse("role_vacancies"), "user-question", "warning"),
        Tile(_("Roles that end within two weeks"), ending, reverse("role_list"), "calendar-due", "warning"),
        Tile(_("Roles of people who have left"), left, reverse("role_list"), "user-off", "warning"),
    ]


def deputy_tiles(user: Any) -> list[Tile]:
    """The roles that were handed to this person (no query of its own)."""
    offered = () if user.acting_for else user.held.offered
    hint = _("Choose “Act for …” there, and what is to be done for them lies on this desk.")
    return [Tile(_("Roles handed to you"), len(offered), reverse("delegation_list"), "user-share", "primary", hint)]


def account_tiles(user: Any) -> list[Tile]:
    """Accounts whose one-time code has not been used, for the system administrator (one query, counted to 10 000)."""
    if not holds(user, Cap.ACCOUNT_MANAGE):
        return []
    unused = users_by_state(User.objects.allowed(user, Cap.ACCOUNT_MANAGE), "unused")
    return [
        Tile(
            label=_("Accounts not used yet"),
            count=unused[: BOUND + 1].count(),
            url=f"{reverse('code_sheet_create')}?purpose=again",
            icon="user-off",
            hint=_("Remind the branches, or print new codes where the old ones are lost or too old."),
        )
    ]
