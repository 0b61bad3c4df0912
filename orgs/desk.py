"""What lies on the desk of those who look after organizations."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common.access import holds
from campaign.common.capabilities import Cap
from campaign.common.desk import Tile
from orgs.models import Organization
from orgs.selectors import without_secretary


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
