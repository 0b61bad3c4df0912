"""Deputies as the tests need them."""

import datetime as dt
from typing import Any

from campaign.common import clock
from orgs.models import Delegation, RoleAssignment, User
from orgs.services import delegation_give
from tests.world import World


def role_of(world: World, who: str) -> RoleAssignment:
    """Return the role of "role@key"."""
    return RoleAssignment.objects.select_related("user", "organization").get(
        user=world.users[who], role=who.split("@", maxsplit=1)[0]
    )


def handed(world: World, who: str, deputy: str, days: int = 14, **options: Any) -> Delegation:
    """Let "role@key" hand the role to another of the cast for `days` days from today."""
    given = {"ends_on": clock.today() + dt.timedelta(days=days - 1), "reason": "出差", **options}
    return delegation_give(
        actor=world.user(*who.split("@")), assignment=role_of(world, who), deputy=world.users[deputy], **given
    )


def acting(world: World, delegation: Delegation) -> User:
    """Return the deputy as it is in the request of somebody who acts through `delegation`."""
    user = User.objects.get(pk=delegation.deputy_id)
    user.act(delegation.pk)
    return user
