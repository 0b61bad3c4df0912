"""What people do with pledges. Each function checks, locks, writes and audits in one transaction."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, EditConflict, NotAllowed, StateConflict
from campaign.models import Action, Audience, Campaign, CampaignState, Standard
from campaign.selectors import action_allowed
from orgs.models import Member, Organization
from pledges.models import (
    FULL_MARK,
    TEXT_LENGTH,
    AppraisalKind,
    Decision,
    ItemKind,
    ItemResult,
    Pledge,
    PledgeAppraisal,
    PledgeItem,
    PledgeProgress,
    PledgeReview,
    PledgeState,
)
from pledges.selectors import place_of_review, rules_of, submission_problems
from pledges.workflow import not_own, workflow

BATCH = 500


@dataclass(frozen=True)
class ItemDraft:
    """An item as it is written: `due_on` and `target` may be missing until the pledge is submitted."""

    kind: str
    text: str
    target: str = ""
    due_on: dt.date | None = None
    baseline: str = ""
    standard: Standard | None = None
    production_task: str = ""


@dataclass(frozen=True)
class Judgement:
    """How an item was fulfilled. `mark` in hundredths (0 … 10 000); None takes the campaign's mark for the result."""

    result: str
    mark: int | None = None
    text: str = ""


def pledge_start(
    *,
    campaign: Campaign,
    actor: Any,
    organization: Organization | None = None,
    member: Member | None = None,
    year: int | None = None,
) -> Pledge:
    """Begin the pledge of a member or of an organization (exactly one is given) for `year` (the present one).

    Raises NotAllowed, or DomainError when the campaign is not running, does not reach the subject or the year, or there is
    a pledge already.
    """
    if (organization is None) == (member is None):
        raise ValueError("a pledge is that of a member or of an organization")
    place = organization if organization is not None else member.organization  # type: ignore[union-attr]
    _check_may_start(actor, place, member)
    wanted = year or clock.today().year
    _check_fits(campaign, place, wanted)
    with transaction.atomic():
        try:
            with transaction.atomic():
                pledge = Pledge.objects.create(
                    campaign=campaign,
                    subject_kind=Audience.ORGANIZATION if member is None else Audience.MEMBER,
                    organization=place,
                    member=member,
                    year=wanted,
                    reviewing_organization=place_of_review(place, member, actor),
                    **_names(place, member),
                )
        except IntegrityError:
            raise DomainError(_("There is already a pledge for this year. Please go on with that one.")) from None
        audit_record(action="pledge_start", actor=actor, target=pledge, changes={"year": [None, wanted]})
    return pledge


def _check_may_start(actor: Any, place: Organization, member: Member | None) -> None:
    own = member is not None and actor.member_id == member.pk
    capability = Cap.PLEDGE_WRITE_ORG if member is None else Cap.PLEDGE_WRITE
    if not own and not reaches(actor, capability, place.path):
        raise NotAllowed


def _check_fits(campaign: Campaign, place: Organization, year: int) -> None:
    if campaign.state != CampaignState.RUNNING:
        raise DomainError(_("The campaign is not running."))
    if not campaign.organizations().filter(pk=place.pk).exists():
        raise DomainError(_("This organization does not take part in the campaign."))
    if not campaign.starts_on.year <= year <= campaign.ends_on.year:
        raise DomainError(_("The campaign does not reach into this year."))


def _names(place: Organization, member: Member | None) -> dict[str, str]:
    """Return the names as they are now: the pledge keeps them."""
    if member is None:
        return {"subject_name": place.name, "organization_name": place.name}
    posts = (member.get_party_post_display(), member.admin_post or member.job)
    return {
        "subject_name": member.name,
        "organization_name": place.name,
        "post": "、".join(post for post in posts if post)[:60],
    }


def _locked(pledge: Pledge, version: int | None = None) -> Pledge:
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


def _check_writer(pledge: Pledge, actor: Any) -> None:
    if not Pledge.objects.allowed(actor, Cap.PLEDGE_WRITE).filter(pk=pledge.pk).exists():
        raise NotAllowed


def pledge_save(*, pledge: Pledge, actor: Any, version: int, items: Sequence[ItemDraft]) -> Pledge:
    """Replace the items of a draft or returned pledge as a whole; returns the pledge with its new version.

    Raises NotAllowed, StateConflict when it can no longer be edited, EditConflict when someone saved after `version`, or
    DomainError for an item that cannot be kept (what is merely missing is asked for when it is submitted).
    """
    with transaction.atomic():
        pledge = _locked(pledge)
        _check_writer(pledge, actor)
        if not pledge.is_editable:
            raise StateConflict
        _check_items(pledge, items)
        before = list(pledge.items.values_list("text", flat=True))
        pledge.save_version(version)
        pledge.items.all().delete()
        PledgeItem.objects.bulk_create(
            PledgeItem(
                pledge=pledge,
                order=order,
                kind=item.kind,
                text=item.text.strip(),
                baseline=item.baseline.strip(),
                target=item.target.strip(),
                due_on=item.due_on,
                standard=item.standard,
                production_task=item.production_task.strip(),
            )
            for order, item in enumerate(items, start=1)
        )
        audit_record(
            action="pledge_save", actor=actor, target=pledge, changes={"items": [before, [item.text for item in items]]}
        )
    return pledge


def _check_items(pledge: Pledge, items: Sequence[ItemDraft]) -> None:
    most = rules_of(pledge.campaign).bounds(pledge.subject_kind)[1]
    if len(items) > most:
        raise DomainError(_("A pledge has at most %(most)s items.") % {"most": most})
    for number, item in enumerate(items, start=1):
        if not item.text.strip():
            raise DomainError(_("Item %(number)s: write what is promised, or remove the item.") % {"number": number})
        texts = (item.text, item.baseline, item.target, item.production_task)
        if any(len(text.strip()) > TEXT_LENGTH for text in texts):
            raise DomainError(
                _("Item %(number)s: at most %(length)s characters each.") % {"number": number, "length": TEXT_LENGTH}
            )
        if item.kind not in ItemKind:
            raise DomainError(_("Item %(number)s: choose what kind of promise it is.") % {"number": number})
        standard = item.standard
        if standard and (standard.campaign_id, standard.audience) != (pledge.campaign_id, pledge.subject_kind):
            raise DomainError(_("Item %(number)s: this standard is not one of this pledge.") % {"number": number})


def pledge_submit(*, pledge: Pledge, actor: Any, version: int | None = None) -> Pledge:
    """Hand the pledge in for review; where it is reviewed depends on who pledges and who hands it in.

    Raises NotAllowed, StateConflict, EditConflict, or DomainError when the present stage takes no pledges or something is
    missing (every problem is named).
    """
    with transaction.atomic():
        pledge = _locked(pledge, version)
        if pledge.is_editable:
            _check_complete(pledge)
        return workflow.take(
            pledge,
            "pledge_submit",
            actor=actor,
            submitted_by=actor,
            submitted_at=clock.now(),
            reviewing_organization=place_of_review(pledge.organization, pledge.member, actor),
            version=F("version") + 1,
        )


def _check_complete(pledge: Pledge) -> None:
    if not action_allowed(pledge.campaign, Action.PLEDGE):
        raise DomainError(_("The present stage of the campaign takes no pledges."))
    if problems := submission_problems(pledge, pledge.items.order_by("order")):
        raise DomainError(" ".join(problems))


def pledge_recall(*, pledge: Pledge, actor: Any) -> Pledge:
    """Take a submitted pledge back into the draft, before anyone has decided. Raises NotAllowed, StateConflict."""
    with transaction.atomic():
        return workflow.take(_locked(pledge), "pledge_recall", actor=actor, version=F("version") + 1)


def pledge_withdraw(*, pledge: Pledge, actor: Any, reason: str = "") -> Pledge:
    """Give a pledge up before it is on the board; a new one may be begun. Raises NotAllowed, StateConflict."""
    with transaction.atomic():
        return workflow.take(_locked(pledge), "pledge_withdraw", actor=actor, reason=reason, version=F("version") + 1)


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
        pledge = _locked(pledge, version)
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
        pledge = workflow.take(
            _locked(pledge, version), "pledge_approve", actor=actor, reason=reason, **_decided(actor)
        )
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


def pledge_publish(*, pledge: Pledge, actor: Any) -> Pledge:
    """Put an approved pledge on the board. Raises NotAllowed, StateConflict."""
    with transaction.atomic():
        return workflow.take(
            _locked(pledge), "pledge_publish", actor=actor, published_at=clock.now(), version=F("version") + 1
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
            _locked(pledge), "pledge_take_down", actor=actor, reason=reason, published_at=None, version=F("version") + 1
        )


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
        pledge = _locked(item.pledge)
        _check_writer(pledge, actor)
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
        pledge = _locked(pledge, version)
        if kind == AppraisalKind.ORGANIZATION:
            _check_may_appraise(pledge, actor)
        else:
            _check_writer(pledge, actor)
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
