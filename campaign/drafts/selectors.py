"""Reading one's own drafts."""

from typing import Any

from campaign.drafts.models import Draft


def draft_of(user: Any, key: str) -> Draft | None:
    """Return what `user` typed into the form `key` and has not stored yet."""
    return Draft.objects.filter(user=user.pk, key=key).first()
