"""Changing an item that is on the board: asked for by whoever wrote it, decided where the pledge is reviewed."""

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.errors import DomainError, StateConflict
from pledges.models import TEXT_LENGTH, ItemResult, Pledge, PledgeAdjustment, PledgeItem, PledgeState
from pledges.services.locking import check_writer, locked
from pledges.workflow import adjustments

RUNNING = (PledgeState.PUBLISHED, PledgeState.IN_PROGRESS)


def adjustment_request(
    *,
    item: PledgeItem,
    actor: Any,
    reason: str,
    text: str,
    target: str,
    due_on: dt.date,
    version: int | None = None,
) -> PledgeAdjustment:
    """Ask that an item be changed: another text, target or day, for a reason.

    Raises NotAllowed, StateConflict (the pledge is not on the board), EditConflict (it is no longer at `version`: what was
    changed meanwhile would be undone unseen), or DomainError (appraised already, nothing changed,
    something missing or too long, a day outside the campaign, another request waiting). Source: 2-domain b.5, `adjusted`.
    """
    if not reason.strip():
        raise DomainError(_("Please give a reason."))
    wanted = (text.strip(), target.strip(), due_on)
    with transaction.atomic():
        pledge = locked(item.pledge, version)
        check_writer(pledge, actor)
        if pledge.state not in RUNNING:
            raise StateConflict
        item = pledge.items.get(pk=item.pk)
        _check(pledge, item, wanted)
        try:
            with transaction.atomic():
                made = PledgeAdjustment.objects.create(
                    pledge=pledge, item=item, reason=reason.strip(), old_text=item.text, old_target=item.target,
                    old_due_on=item.due_on, new_text=wanted[0], new_target=wanted[1], new_due_on=due_on,
                    requested_by=actor, requested_by_name=str(actor), requested_at=clock.now(),
                )  # fmt: skip
        except IntegrityError:
            raise DomainError(_("A change of this item is waiting for a decision already.")) from None
        audit_record(
            action="adjustment_request",
            actor=actor,
            target=pledge,
            reason=reason,
            changes={f"item {item.order}": [[item.text, item.target, str(item.due_on)], [*wanted[:2], str(due_on)]]},
        )
    return made


def _check(pledge: Pledge, item: PledgeItem, wanted: tuple[str, str, dt.date]) -> None:
    text, target, due_on = wanted
    if item.result != ItemResult.PENDING:
        raise DomainError(_("This item has been appraised already and stays as it is."))
    if not text or not target:
        raise DomainError(_("Please say what is promised and what result can be measured."))
    if max(len(text), len(target)) > TEXT_LENGTH:
        raise DomainError(_("At most %(length)s characters each.") % {"length": TEXT_LENGTH})
    if wanted == (item.text, item.target, item.due_on):
        raise DomainError(_("Nothing is changed. Please write what is to be different."))
    campaign = pledge.campaign
    if not campaign.starts_on <= due_on <= campaign.ends_on:
        raise DomainError(
            _("The day must lie within the campaign (%(first)s to %(last)s).")
            % {"first": campaign.starts_on, "last": campaign.ends_on}
        )


def adjustment_approve(*, adjustment: PledgeAdjustment, actor: Any, reason: str = "") -> PledgeAdjustment:
    """Agree: the item reads as was asked for from now on; the old version stays beside it.

    Raises NotAllowed, StateConflict (decided already, or the item was appraised or changed meanwhile), DomainError (one's own).
    """
    with transaction.atomic():
        pledge = locked(adjustment.pledge)
        adjustment = adjustments.take(
            adjustment, "adjustment_approve", actor=actor, reason=reason, **_decided(actor, reason)
        )
        changed = PledgeItem.objects.filter(
            pk=adjustment.item_id,
            result=ItemResult.PENDING,
            text=adjustment.old_text,
            target=adjustment.old_target,
            due_on=adjustment.old_due_on,
        ).update(
            text=adjustment.new_text,
            target=adjustment.new_target,
            due_on=adjustment.new_due_on,
            updated_at=clock.now(),
        )
        if changed != 1 or pledge.state not in RUNNING:
            raise StateConflict
        pledge.save_version(pledge.version)
    return adjustment


def adjustment_refuse(*, adjustment: PledgeAdjustment, actor: Any, reason: str) -> PledgeAdjustment:
    """Refuse, with a reason; the item stays as it is. Raises NotAllowed, StateConflict, DomainError (no reason; one's own)."""
    with transaction.atomic():
        locked(adjustment.pledge)
        return adjustments.take(adjustment, "adjustment_refuse", actor=actor, reason=reason, **_decided(actor, reason))


def adjustment_recall(*, adjustment: PledgeAdjustment, actor: Any) -> PledgeAdjustment:
    """Take a request back before it is decided. Raises NotAllowed, StateConflict."""
    with transaction.atomic():
        locked(adjustment.pledge)
        return adjustments.take(adjustment, "adjustment_recall", actor=actor)


def _decided(actor: Any, reason: str) -> dict[str, Any]:
    return {
        "decided_by": actor,
        "decided_by_name": str(actor)[:60],
        "decided_at": clock.now(),
        "decision_reason": reason.strip(),
    }
