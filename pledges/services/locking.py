"""What every step on a pledge begins with."""

from typing import Any

from campaign.common.capabilities import Cap
from campaign.common.errors import EditConflict, NotAllowed
from pledges.models import Pledge


def locked(pledge: Pledge, version: int | None = None) -> Pledge:
    """Return the pledge as it is now, kept from others until the transaction ends. PostgreSQL locks the row; on SQLite the
    transaction holds the only write lock anyway. Raises EditConflict when it is no longer at `version`."""
    found = (
        Pledge.objects.select_for_update(of=("self",))
        .select_related("campaign", "organization", "member")
        .get(pk=pledge.pk)
    )
    if version is not None and found.version != version:
        raise EditConflict
    return found


def check_writer(pledge: Pledge, actor: Any) -> None:
    """Raise NotAllowed unless `actor` writes this pledge."""
    if not Pledge.objects.allowed(actor, Cap.PLEDGE_WRITE).filter(pk=pledge.pk).exists():
        raise NotAllowed
