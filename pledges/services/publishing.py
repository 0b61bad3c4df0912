"""示诺: on the board and off it."""

from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from campaign.common import clock
from pledges.models import (
    Pledge,
)
from pledges.services.locking import locked
from pledges.workflow import workflow


def pledge_publish(*, pledge: Pledge, actor: Any) -> Pledge:
    """Put an approved pledge on the board. Raises NotAllowed, StateConflict."""
    with transaction.atomic():
        return workflow.take(
            locked(pledge), "pledge_publish", actor=actor, published_at=clock.now(), version=F("version") + 1
        )


def pledges_publish_many(*, queryset: QuerySet[Pledge], actor: Any) -> int:
    """Put those of `queryset` on the board that are approved and `actor` may publish; returns how many."""
    return workflow.take_all(
        queryset, "pledge_publish", actor=actor, published_at=clock.now(), version=F("version") + 1
    )


def pledge_take_down(*, pledge: Pledge, actor: Any, reason: str) -> Pledge:
    """Take a pledge off the board at once; it is approved still. Raises NotAllowed, StateConflict, DomainError."""
    with transaction.atomic():
        return workflow.take(
            locked(pledge), "pledge_take_down", actor=actor, reason=reason, published_at=None, version=F("version") + 1
        )
