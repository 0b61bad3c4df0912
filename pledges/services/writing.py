"""承诺: beginning a pledge, putting its items down, handing it in, taking it back."""

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Action, Audience, Campaign, CampaignState
from campaign.selectors import action_allowed
from orgs.models import Member, Organization
from pledges.drafting import ItemDraft, drafted, names_of, stored_item
from pledges.models import (
    TEXT_LENGTH,
    ItemKind,
    Pledge,
    PledgeItem,
)
from pledges.selectors import earlier_pledge, place_of_review, rules_of, submission_problems
from pledges.services.locking import check_writer, locked
from pledges.workflow import workflow


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
    check_fits(campaign, place, wanted)
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
                    **names_of(place, member),
                )
        except IntegrityError:
            raise DomainError(_("There is already a pledge for this year. Please go on with that one.")) from None
        audit_record(action="pledge_start", actor=actor, target=pledge, changes={"year": [None, wanted]})
    return pledge


def _check_may_start(actor: Any, place: Organization, member: Member | None) -> None:
    own = member is not None and actor.acting_for is None and actor.member_id == member.pk
    capability = Cap.PLEDGE_WRITE_ORG if member is None else Cap.PLEDGE_WRITE
    if not own and not reaches(actor, capability, place.path):
        raise NotAllowed


def check_fits(campaign: Campaign, place: Organization, year: int) -> None:
    """Raise DomainError unless the campaign runs, and reaches the organization and the year."""
    if campaign.state != CampaignState.RUNNING:
        raise DomainError(_("The campaign is not running."))
    if not campaign.organizations().filter(pk=place.pk).exists():
        raise DomainError(_("This organization does not take part in the campaign."))
    if not campaign.starts_on.year <= year <= campaign.ends_on.year:
        raise DomainError(_("The campaign does not reach into this year."))


def pledge_copy_forward(*, pledge: Pledge, actor: Any, version: int) -> Pledge:
    """Put the items of the subject's last pledge into one that has none yet, for the writer to go on from.

    The days move by the years between both, and stay empty where the campaign does not reach; standards come along where
    both pledges belong to one campaign. Raises NotAllowed, StateConflict, EditConflict, or DomainError without an earlier
    pledge or with items already written.
    """
    earlier = earlier_pledge(pledge)
    if earlier is None:
        raise DomainError(_("There is no earlier pledge to take over."))
    if pledge.items.exists():
        raise DomainError(_("Something is written here already. Remove it first, or go on with it."))
    years, same = pledge.year - earlier.year, earlier.campaign_id == pledge.campaign_id
    drafts = [
        replace(
            drafted(item),
            due_on=_moved(item.due_on, years, pledge.campaign),
            standard=item.standard if same else None,
        )
        for item in earlier.items.select_related("standard").order_by("order")
    ]
    most = rules_of(pledge.campaign).bounds(pledge.subject_kind)[1]
    return pledge_save(pledge=pledge, actor=actor, version=version, items=drafts[:most])


def _moved(day: dt.date | None, years: int, campaign: Campaign) -> dt.date | None:
    """Return the same day so many years later (29 February: the 28th), if it lies within the campaign."""
    if day is None:
        return None
    year = day.year + years
    last = calendar.monthrange(year, day.month)[1]
    moved = dt.date(year, day.month, min(day.day, last))
    return moved if campaign.starts_on <= moved <= campaign.ends_on else None


def pledge_save(*, pledge: Pledge, actor: Any, version: int, items: Sequence[ItemDraft]) -> Pledge:
    """Replace the items of a draft or returned pledge as a whole; returns the pledge with its new version.

    Raises NotAllowed, StateConflict when it can no longer be edited, EditConflict when someone saved after `version`, or
    DomainError for an item that cannot be kept (what is merely missing is asked for when it is submitted).
    """
    with transaction.atomic():
        pledge = locked(pledge)
        check_writer(pledge, actor)
        if not pledge.is_editable:
            raise StateConflict
        _check_items(pledge, items)
        before = list(pledge.items.values_list("text", flat=True))
        pledge.save_version(version)
        pledge.items.all().delete()
        PledgeItem.objects.bulk_create(stored_item(pledge, order, item) for order, item in enumerate(items, start=1))
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
        pledge = locked(pledge, version)
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
        return workflow.take(locked(pledge), "pledge_recall", actor=actor, version=F("version") + 1)


def pledge_withdraw(*, pledge: Pledge, actor: Any, reason: str = "") -> Pledge:
    """Give a pledge up before it is on the board; a new one may be begun. Raises NotAllowed, StateConflict."""
    with transaction.atomic():
        return workflow.take(locked(pledge), "pledge_withdraw", actor=actor, reason=reason, version=F("version") + 1)
