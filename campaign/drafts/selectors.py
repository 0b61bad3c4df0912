"""Reading one's own drafts."""

from typing import Any

from campaign.drafts.models import Draft


def draft_of(user: Any, key: str) -> Draft | None:
    """Return what `user` typed into the form `key` and has not stored yet."""
    return Draft.objects.filter(user=user.pk, key=key).first()


def drafts_of(user: Any, kind: str) -> list[Draft]:
    """Return what `user` typed into all forms of a kind (`kind:…`) and has not stored yet, the latest last."""
    return list(Draft.objects.filter(user=user.pk, key__startswith=f"{kind}:").order_by("saved_at", "pk"))
