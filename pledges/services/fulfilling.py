"""督诺: noting what was done."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.errors import DomainError, StateConflict
from pledges.models import PledgeItem, PledgeProgress, PledgeState
from pledges.services.locking import check_writer, locked
from pledges.workflow import workflow


def progress_add(*, item: PledgeItem, actor: Any, text: str, on: dt.date | None = None) -> PledgeProgress:
    """Note what was done for an item on a day (today) up to now; the first entry begins the fulfilment.

    Raises NotAllowed, StateConflict when the pledge is not on the board or is appraised, DomainError for an empty text or
    a day to come.
    """
    day = on or clock.today()
    if not text.strip():
        raise DomainError(_("Please write what was done."))
    if day > clock.today():
        raise DomainError(_("The day lies in the future. Please enter what has been done already."))
    with transaction.atomic():
        pledge = locked(item.pledge)
        check_writer(pledge, actor)
        if pledge.state == PledgeState.PUBLISHED:
            workflow.take(pledge, "pledge_begin", actor=actor)
        elif pledge.state != PledgeState.IN_PROGRESS:
            raise StateConflict
        entry = PledgeProgress.objects.create(
            item=item, on=day, text=text.strip(), by=actor, by_name=str(actor), created_at=clock.now()
        )
        audit_record(
            action="progress_add",
            actor=actor,
            target=pledge,
            changes={"progress": ["", entry.text], "item": [None, item.order]},
        )
    return entry
