"""评诺: judging what became of each item: oneself, colleagues of the branch, the organization, which makes it the result."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record_each
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Action, Campaign
from campaign.selectors import action_allowed
from pledges.models import FULL_MARK, AppraisalKind, ItemResult, Pledge, PledgeAppraisal, PledgeItem, PledgeState
from pledges.selectors import appraisable, rules_of
from pledges.services.locking import locked
from pledges.workflow import not_own, workflow

ACTIONS = {
    AppraisalKind.SELF: "pledge_appraise_self",
    AppraisalKind.PEER: "pledge_appraise_peer",
    AppraisalKind.ORGANIZATION: "pledge_appraise",
}
MOST = 500
"""How many items are judged in one go."""


@dataclass(frozen=True)
class Judgement:
    """How an item was fulfilled. `mark` in hundredths (0 … 10 000); None takes the campaign's mark for the result."""

    result: str
    mark: int | None = None
    text: str = ""


Judgements = Mapping[int, Judgement]
"""By the item's id."""


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
    judgements: Judgements,
    kind: str = AppraisalKind.ORGANIZATION,
    version: int | None = None,
) -> Pledge:
    """Judge items (by id) of a pledge on the board: of oneself, of a colleague, or for the organization, which makes it the
    items' result.

    The pledge is appraised when its last item is. A later judgement replaces an earlier one; both stay on record.
    Raises NotAllowed, StateConflict (not on the board), EditConflict, or DomainError (one's own pledge, a stage without
    appraisal, a mark beyond 0 … 100, no explanation of what was not kept). Source: 2-domain b.5.
    """
    with transaction.atomic():
        pledge = locked(pledge, version)
        _check_may_appraise(pledge, actor, AppraisalKind(kind))
        items = list(pledge.items.filter(pk__in=judgements))
        if len(items) != len(judgements):
            raise NotAllowed
        _record(pledge.campaign, items, judgements, kind, actor, {pledge.pk: pledge})
        if kind == AppraisalKind.ORGANIZATION:  # what colleagues say stands side by side, so none is in another's way
            pledge.save_version(pledge.version)
        is_open = pledge.state != PledgeState.APPRAISED and kind == AppraisalKind.ORGANIZATION
        if is_open and not pledge.items.filter(result=ItemResult.PENDING).exists():
            workflow.take(pledge, "pledge_finish", actor=actor)
    return pledge


def _check_may_appraise(pledge: Pledge, actor: Any, kind: AppraisalKind) -> None:
    if not appraisable(actor, kind).filter(pk=pledge.pk).exists():
        raise NotAllowed
    if kind == AppraisalKind.ORGANIZATION:
        not_own(pledge, actor)
    if not pledge.is_public:
        raise StateConflict
    _check_stage(pledge.campaign)


def _check_stage(campaign: Campaign) -> None:
    if not action_allowed(campaign, Action.APPRAISE):
        raise DomainError(_("The present stage of the campaign appraises no pledges."))


def items_appraise_many(*, actor: Any, judgements: Judgements) -> int:
    """Judge items of many pledges for the organization at once; returns how many. A constant number of statements.

    Raises NotAllowed when one of them is not the actor's to judge, StateConflict when someone was faster or a pledge is off
    the board, DomainError as `items_appraise`; then none is judged.
    """
    if len(judgements) > MOST:
        raise DomainError(_("At most %(most)s items at once.") % {"most": MOST})
    with transaction.atomic():
        items = list(PledgeItem.objects.filter(pk__in=judgements).order_by("pledge_id", "order"))
        pledges = _locked_many({item.pledge_id for item in items}, actor)
        if len(items) != len(judgements):
            raise NotAllowed
        if any(item.result != ItemResult.PENDING for item in items):
            raise StateConflict
        for campaign, own in _by_campaign(items, pledges).items():
            _check_stage(campaign)
            _record(campaign, own, judgements, AppraisalKind.ORGANIZATION, actor, pledges)
        chosen = Pledge.objects.filter(pk__in=pledges)
        chosen.update(version=F("version") + 1, updated_at=clock.now())
        pending = PledgeItem.objects.filter(pledge=OuterRef("pk"), result=ItemResult.PENDING)
        workflow.take_all(chosen.filter(~Exists(pending)), "pledge_finish", actor=actor)
    return len(items)


def _locked_many(numbers: set[int], actor: Any) -> dict[int, Pledge]:
    """Return the pledges as they are now, kept from others; all of them must be the actor's to judge."""
    chosen = (
        Pledge.objects.select_for_update(of=("self",)).select_related("campaign").filter(pk__in=numbers).order_by("pk")
    )
    found = {pledge.pk: pledge for pledge in chosen}
    allowed = appraisable(actor, AppraisalKind.ORGANIZATION).not_own(actor).filter(pk__in=numbers)
    if set(allowed.values_list("pk", flat=True)) != numbers:
        raise NotAllowed
    if not all(pledge.is_public for pledge in found.values()):
        raise StateConflict
    return found


def _by_campaign(items: Sequence[PledgeItem], pledges: Mapping[int, Pledge]) -> dict[Campaign, list[PledgeItem]]:
    found: dict[Campaign, list[PledgeItem]] = defaultdict(list)
    for item in items:
        found[pledges[item.pledge_id].campaign].append(item)
    return found


def _record(
    campaign: Campaign,
    items: Sequence[PledgeItem],
    judgements: Judgements,
    kind: str,
    actor: Any,
    pledges: Mapping[int, Pledge],
) -> None:
    """Store the judgements of items of one campaign, with an audit entry for each pledge; four statements."""
    now, rules, for_all = clock.now(), rules_of(campaign), kind == AppraisalKind.ORGANIZATION
    rows, changes = [], defaultdict[int, dict[str, list[Any]]](dict)
    for item in items:
        judgement, before = judgements[item.pk], item.result
        _check_judgement(item, judgement)
        mark = judgement.mark
        if mark is None and for_all:
            mark = rules.mark_of(judgement.result)
        item.result, item.appraised_at, item.updated_at = judgement.result, now, now
        item.mark = None if judgement.result == ItemResult.ADJUSTED else mark
        changes[item.pledge_id][f"item {item.order}"] = [before if for_all else "", [item.result, item.mark]]
        rows.append(
            PledgeAppraisal(
                item=item, kind=kind, result=item.result, mark=item.mark, text=judgement.text.strip(), by=actor,
                by_name=str(actor), at=now,
            )
        )  # fmt: skip
    PledgeAppraisal.objects.bulk_create(rows)
    if for_all:
        PledgeItem.objects.bulk_update(items, ("result", "mark", "appraised_at", "updated_at"))
    audit_record_each(
        action=ACTIONS[AppraisalKind(kind)],
        actor=actor,
        entries=((pledges[pk], found) for pk, found in changes.items()),
    )


def _check_judgement(item: PledgeItem, judgement: Judgement) -> None:
    number = {"number": item.order}
    if judgement.result not in ItemResult or judgement.result == ItemResult.PENDING:
        raise DomainError(_("Item %(number)s: choose how it was fulfilled.") % number)
    if judgement.mark is not None and not 0 <= judgement.mark <= FULL_MARK:
        raise DomainError(_("Item %(number)s: a mark lies between 0 and 100.") % number)
    if judgement.result in (ItemResult.UNFULFILLED, ItemResult.ADJUSTED) and not judgement.text.strip():
        raise DomainError(_("Item %(number)s: explain why it was not kept.") % number)
