"""督诺 and 评诺: progress, and judging what became of each item."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Action
from campaign.selectors import action_allowed
from pledges.models import (
    FULL_MARK,
    AppraisalKind,
    ItemResult,
    Pledge,
    PledgeAppraisal,
    PledgeItem,
    PledgeProgress,
    PledgeState,
)
from pledges.selectors import rules_of
from pledges.services.locking import check_writer, locked
from pledges.workflow import not_own, workflow


@dataclass(frozen=True)
class Judgement:
    """How an item was fulfilled. `mark` in hundredths (0 … 10 000); None takes the campaign's mark for the result."""

    result: str
    mark: int | None = None
    text: str = ""


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


def item_appraise(
    *,
    item: PledgeItem,
    actor: Any,
    result: str,
    kind: str = AppraisalKind.ORGANIZATION,
    mark: int | None = None,
    text: str = "",
    version: int | None = None,
) -> Pledge:
    """Judge one item; see `items_appraise`."""
    return items_appraise(
        pledge=item.pledge, actor=actor, kind=kind, judgements={item.pk: Judgement(result, mark, text)}, version=version
    )


def items_appraise(
    *,
    pledge: Pledge,
    actor: Any,
    judgements: Mapping[int, Judgement],
    kind: str = AppraisalKind.ORGANIZATION,
    version: int | None = None,
) -> Pledge:
    """Judge items (by id) of a pledge on the board: of oneself, or for the organization, which makes it the items' result.

    The pledge is appraised when its last item is. A later judgement replaces an earlier one; both stay on record.
    Raises NotAllowed, StateConflict (not on the board), EditConflict, or DomainError (one's own pledge, a stage without
    appraisal, a mark beyond 0 … 100, no explanation of what was not kept). Source: 2-domain b.5.
    """
    with transaction.atomic():
        pledge = locked(pledge, version)
        if kind == AppraisalKind.ORGANIZATION:
            _check_may_appraise(pledge, actor)
        else:
            check_writer(pledge, actor)
        if not pledge.is_public:
            raise StateConflict
        items = list(pledge.items.filter(pk__in=judgements))
        if len(items) != len(judgements):
            raise NotAllowed
        _record_appraisals(pledge, items, judgements, kind, actor)
        is_open = pledge.state != PledgeState.APPRAISED and kind == AppraisalKind.ORGANIZATION
        if is_open and not pledge.items.filter(result=ItemResult.PENDING).exists():
            workflow.take(pledge, "pledge_finish", actor=actor)
    return pledge


def _check_may_appraise(pledge: Pledge, actor: Any) -> None:
    if not Pledge.objects.allowed(actor, Cap.PLEDGE_APPRAISE).filter(pk=pledge.pk).exists():
        raise NotAllowed
    not_own(pledge, actor)
    if not action_allowed(pledge.campaign, Action.APPRAISE):
        raise DomainError(_("The present stage of the campaign appraises no pledges."))


def _record_appraisals(
    pledge: Pledge, items: list[PledgeItem], judgements: Mapping[int, Judgement], kind: str, actor: Any
) -> None:
    now, rules, before = clock.now(), rules_of(pledge.campaign), {item.order: item.result for item in items}
    rows = []
    for item in items:
        judgement = judgements[item.pk]
        _check_judgement(item, judgement)
        mark = judgement.mark
        if mark is None and kind == AppraisalKind.ORGANIZATION:
            mark = rules.mark_of(judgement.result)
        item.result, item.appraised_at, item.updated_at = judgement.result, now, now
        item.mark = None if judgement.result == ItemResult.ADJUSTED else mark
        rows.append(
            PledgeAppraisal(
                item=item,
                kind=kind,
                result=item.result,
                mark=item.mark,
                text=judgement.text.strip(),
                by=actor,
                by_name=str(actor),
                at=now,
            )
        )
    PledgeAppraisal.objects.bulk_create(rows)
    if kind == AppraisalKind.ORGANIZATION:
        PledgeItem.objects.bulk_update(items, ("result", "mark", "appraised_at", "updated_at"))
    pledge.save_version(pledge.version)
    audit_record(
        action="pledge_appraise" if kind == AppraisalKind.ORGANIZATION else "pledge_appraise_self",
        actor=actor,
        target=pledge,
        changes={f"item {row.item.order}": [before[row.item.order], [row.result, row.mark]] for row in rows},
    )


def _check_judgement(item: PledgeItem, judgement: Judgement) -> None:
    number = {"number": item.order}
    if judgement.result not in ItemResult or judgement.result == ItemResult.PENDING:
        raise DomainError(_("Item %(number)s: choose how it was fulfilled.") % number)
    if judgement.mark is not None and not 0 <= judgement.mark <= FULL_MARK:
        raise DomainError(_("Item %(number)s: a mark lies between 0 and 100.") % number)
    if judgement.result in (ItemResult.UNFULFILLED, ItemResult.ADJUSTED) and not judgement.text.strip():
        raise DomainError(_("Item %(number)s: explain why it was not kept.") % number)
