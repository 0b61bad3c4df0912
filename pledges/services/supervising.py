"""督诺: checks of a pledge and their answers, what is said about an item that was not kept, and the quarter's publication."""

import datetime as dt
import hashlib
import json
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Campaign
from orgs.models import Organization
from pledges.models import FulfilmentBulletin, Pledge, PledgeCheck, PledgeItem
from pledges.selectors import bulletin_entries, bulletin_quarters
from pledges.services.locking import check_writer, locked
from pledges.workflow import not_own


def check_add(
    *,
    pledge: Pledge,
    actor: Any,
    found: str,
    on: dt.date | None = None,
    request: str = "",
    answer_by: dt.date | None = None,
) -> PledgeCheck:
    """Note what was found when a pledge on the board was looked at; `request` asks for something, `answer_by` until when.

    Raises NotAllowed, StateConflict (not on the board), or DomainError (one's own pledge, nothing found, a day to come, an
    answer until a day that is over or without a request). Source: 2-domain b.5, supervision.
    """
    day = on or clock.today()
    if not found.strip():
        raise DomainError(_("Please write what was found."))
    if day > clock.today():
        raise DomainError(_("The day lies in the future. Please enter what has been done already."))
    if answer_by is not None and not request.strip():
        raise DomainError(_("Please write what is to be answered until that day."))
    if answer_by is not None and answer_by < clock.today():
        raise DomainError(_("The day of the answer is over already. Please choose a later one."))
    with transaction.atomic():
        pledge = locked(pledge)
        if not Pledge.objects.allowed(actor, Cap.PLEDGE_CHECK).filter(pk=pledge.pk).exists():
            raise NotAllowed
        not_own(pledge, actor)
        if not pledge.is_public:
            raise StateConflict
        check = PledgeCheck.objects.create(
            pledge=pledge,
            on=day,
            found=found.strip(),
            request=request.strip(),
            answer_by=answer_by,
            by=actor,
            by_name=str(actor),
            created_at=clock.now(),
        )
        audit_record(action="pledge_check", actor=actor, target=pledge, changes={"found": ["", check.found]})
    return check


def check_answer(*, check: PledgeCheck, actor: Any, text: str) -> PledgeCheck:
    """Answer what a check asked for. Raises NotAllowed, StateConflict (nothing asked for, or answered already), DomainError."""
    if not text.strip():
        raise DomainError(_("Please write what was done about it."))
    with transaction.atomic():
        pledge = locked(check.pledge)
        check_writer(pledge, actor)
        now = clock.now()
        changed = (
            PledgeCheck.objects.filter(pk=check.pk, answered_at=None)
            .exclude(request="")
            .update(answer=text.strip(), answered_by_name=str(actor), answered_at=now, updated_at=now)
        )
        if changed != 1:
            raise StateConflict
        audit_record(action="pledge_check_answer", actor=actor, target=pledge, changes={"answer": ["", text.strip()]})
    check.refresh_from_db()
    return check


def item_explain(*, item: PledgeItem, actor: Any, text: str, version: int | None = None) -> PledgeItem:
    """Say why an item is late or was not kept: beside the item at once, to everybody with the next publication, which an
    officer approves. An empty text takes it back.

    Raises NotAllowed, EditConflict (the pledge is no longer at `version`: another who writes it was faster), or DomainError
    when there is nothing to explain. Source: 2-domain b.5, "not kept for objective reason".
    """
    with transaction.atomic():
        pledge = locked(item.pledge, version)
        check_writer(pledge, actor)
        item = pledge.items.get(pk=item.pk)
        if not pledge.is_public or not item.needs_explanation:
            raise DomainError(
                _("There is nothing to explain: the item is neither overdue nor was it judged as not kept.")
            )
        before, item.explanation, item.updated_at = item.explanation, text.strip(), clock.now()
        item.save(update_fields=("explanation", "updated_at"))
        pledge.save_version(pledge.version)
        audit_record(
            action="item_explain", actor=actor, target=pledge, changes={"explanation": [before, item.explanation]}
        )
    return item


def bulletin_publish(
    *, organization: Organization, campaign: Campaign, year: int, quarter: int, actor: Any, seen: str | None = None
) -> FulfilmentBulletin:
    """Publish how far an organization and its members are with their pledges, as of now, for a quarter that has begun.

    Raises NotAllowed, or DomainError (no such quarter, nothing on the board, published already, or not what was `seen`: the
    `fingerprint` of the entries that somebody looked at).
    """
    if not reaches(actor, Cap.PLEDGE_PUBLISH, organization.path):
        raise NotAllowed
    if (year, quarter) not in bulletin_quarters(campaign):
        raise DomainError(_("This quarter is not one of the campaign that has begun."))
    entries = bulletin_entries(organization, campaign, year, quarter)
    if not entries:
        raise DomainError(_("There is no pledge on the board whose fulfilment could be published."))
    if seen is not None and seen != fingerprint(entries):
        raise DomainError(_("What is to be published has changed meanwhile. Look at it again, then publish it."))
    with transaction.atomic():
        try:
            with transaction.atomic():
                bulletin = FulfilmentBulletin.objects.create(
                    organization=organization,
                    campaign=campaign,
                    year=year,
                    quarter=quarter,
                    organization_name=organization.name,
                    entries=entries,
                    published_by=actor,
                    published_by_name=str(actor),
                    published_at=clock.now(),
                )
        except IntegrityError:
            raise DomainError(_("This quarter is published already. Withdraw it first to publish it anew.")) from None
        audit_record(action="bulletin_publish", actor=actor, target=bulletin)
    return bulletin


def fingerprint(entries: list[dict[str, Any]]) -> str:
    """Return what tells the entries of a publication from any others."""
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


def bulletin_withdraw(*, bulletin: FulfilmentBulletin, actor: Any, reason: str) -> FulfilmentBulletin:
    """Take a publication off the board; it stays on record. Raises NotAllowed, StateConflict, DomainError without a reason."""
    if not reaches(actor, Cap.PLEDGE_PUBLISH, bulletin.organization.path):
        raise NotAllowed
    if not reason.strip():
        raise DomainError(_("Please give a reason."))
    with transaction.atomic():
        changed = FulfilmentBulletin.objects.filter(pk=bulletin.pk, withdrawn_at=None).update(
            withdrawn_at=clock.now(), withdrawn_reason=reason.strip()
        )
        if changed != 1:
            raise StateConflict
        audit_record(action="bulletin_withdraw", actor=actor, target=bulletin, reason=reason)
    bulletin.refresh_from_db()
    return bulletin
