"""审诺: returning and approving."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.errors import StateConflict
from pledges.models import (
    Decision,
    Pledge,
    PledgeReview,
)
from pledges.services.locking import locked
from pledges.services.publishing import pledge_publish, pledges_publish_many
from pledges.workflow import workflow

BATCH = 500


def pledge_return(
    *,
    pledge: Pledge,
    actor: Any,
    reason: str,
    item_reasons: Mapping[int, str] | None = None,
    version: int | None = None,
) -> Pledge:
    """Return a submitted pledge for revision. `item_reasons` maps an item's order to what is wrong with it.

    Raises NotAllowed, StateConflict, EditConflict, or DomainError (no reason; one's own pledge).
    """
    with transaction.atomic():
        pledge = locked(pledge, version)
        texts = dict(pledge.items.values_list("order", "text"))
        remarks = [
            {"order": order, "text": texts[order], "reason": remark.strip()}
            for order, remark in sorted((item_reasons or {}).items())
            if remark.strip() and order in texts
        ]
        workflow.take(pledge, "pledge_return", actor=actor, reason=reason, **_decided(actor))
        PledgeReview.objects.create(
            pledge=pledge,
            decision=Decision.RETURNED,
            reason=reason.strip(),
            item_reasons=remarks,
            by=actor,
            by_name=str(actor),
            at=clock.now(),
        )
    return pledge


def _decided(actor: Any) -> dict[str, Any]:
    return {"reviewed_by": actor, "reviewed_at": clock.now(), "version": F("version") + 1}


def pledge_approve(
    *, pledge: Pledge, actor: Any, reason: str = "", publish: bool = False, version: int | None = None
) -> Pledge:
    """Approve a submitted pledge; with `publish` it goes on the board at once.

    Raises NotAllowed, StateConflict, EditConflict, or DomainError (one's own pledge).
    """
    with transaction.atomic():
        pledge = workflow.take(locked(pledge, version), "pledge_approve", actor=actor, reason=reason, **_decided(actor))
        PledgeReview.objects.create(
            pledge=pledge,
            decision=Decision.APPROVED,
            reason=reason.strip(),
            by=actor,
            by_name=str(actor),
            at=clock.now(),
        )
        return pledge_publish(pledge=pledge, actor=actor) if publish else pledge


def pledges_approve_many(*, queryset: QuerySet[Pledge], actor: Any, publish: bool = False) -> int:
    """Approve those of `queryset` that wait for a decision of `actor`, and put them on the board with `publish`; returns
    how many. A constant number of statements whatever their number. Raises StateConflict when someone was faster."""
    with transaction.atomic():
        ids = list(
            Pledge.objects.allowed(actor, Cap.PLEDGE_REVIEW)
            .filter(pk__in=queryset.order_by().values("pk"))
            .waiting()
            .not_own(actor)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        chosen = Pledge.objects.filter(pk__in=ids)
        if workflow.take_all(chosen, "pledge_approve", actor=actor, **_decided(actor)) != len(ids):
            raise StateConflict
        now = clock.now()
        PledgeReview.objects.bulk_create(
            (
                PledgeReview(pledge_id=pk, decision=Decision.APPROVED, by=actor, by_name=str(actor), at=now)
                for pk in ids
            ),
            batch_size=BATCH,
        )
        if publish:
            pledges_publish_many(queryset=chosen, actor=actor)
    return len(ids)
