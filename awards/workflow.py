"""The states of batches and nominations as tables (2-domain b.10)."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from awards.models import DECIDED, AwardBatch, BatchState, Nomination, NominationState
from awards.selectors import is_eligible, standing_in, undecided
from campaign.audit.selectors import done_for
from campaign.common import clock
from campaign.common.access import actor_ids, own_member_ids
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.workflow import Step, Workflow
from campaign.models import Action, Campaign, CampaignState
from campaign.selectors import action_allowed


def _allows(campaign: Campaign, action: Action) -> bool:
    return campaign.state == CampaignState.RUNNING and action_allowed(campaign, action)


# --- batches ------------------------------------------------------------------------------------------------------------


def window_not_over(batch: AwardBatch, actor: Any) -> None:
    if batch.closes_on < clock.today():
        raise DomainError(_("The last day of nominations is over. Set a later one first."))


def nothing_decided(batch: AwardBatch, actor: Any) -> None:
    if batch.nominations.filter(state__in=DECIDED).exists():
        raise DomainError(_("Decisions have been taken, so nominations cannot be opened again."))


def all_decided(batch: AwardBatch, actor: Any) -> None:
    if waiting := undecided(batch):
        raise DomainError(_("%(n)s nominations wait for a decision of the award committee.") % {"n": waiting})
    if not batch.nominations.filter(state=NominationState.APPROVED).exists():
        raise DomainError(_("Nobody has been approved, so there is nothing to announce."))


BATCHES: Workflow[AwardBatch] = Workflow(
    AwardBatch,
    [
        Step(
            "batch_open",
            (BatchState.DRAFT,),
            BatchState.OPEN,
            Cap.AWARD_MANAGE,
            _("Open nominations"),
            checks=(window_not_over,),
        ),
        Step("batch_close", (BatchState.OPEN,), BatchState.CLOSED, Cap.AWARD_MANAGE, _("Close nominations")),
        Step(
            "award_announce",
            (BatchState.CLOSED,),
            BatchState.ANNOUNCED,
            Cap.AWARD_MANAGE,
            _("Announce the awards"),
            checks=(all_decided,),
        ),
        Step(
            "batch_reopen",
            (BatchState.CLOSED,),
            BatchState.OPEN,
            Cap.AWARD_MANAGE,
            _("Open nominations again"),
            checks=(window_not_over, nothing_decided),
        ),
    ],
)


# --- nominations --------------------------------------------------------------------------------------------------------


def within_the_window(nomination: Nomination, actor: Any) -> None:
    if not nomination.batch.takes_nominations:
        raise DomainError(_("This award batch takes no nominations now. See the days on its page."))
    if not _allows(nomination.batch.campaign, Action.NOMINATE):
        raise DomainError(_("The present stage of the campaign has no nominations. Ask the campaign office."))


def has_deeds(nomination: Nomination, actor: Any) -> None:
    if not nomination.deeds:
        raise DomainError(_("Please write the account of deeds before nominating."))


def fits(nomination: Nomination, actor: Any) -> None:
    """Only who is eligible, and in one category of a batch only (2-domain b.10, blocking checks)."""
    if not is_eligible(nomination.category, nomination.nominee):
        raise DomainError(_("The nominee does not fit this category any more: full members of normal standing only."))
    if standing_in(nomination.batch, nomination.nominee):
        raise DomainError(_("The nominee is nominated in this award batch already."))


def may_be_decided(nomination: Nomination, actor: Any) -> None:
    if nomination.batch.state != BatchState.CLOSED:
        raise DomainError(_("Decisions are taken after nominations have been closed."))
    if not _allows(nomination.batch.campaign, Action.DECIDE):
        raise DomainError(_("The present stage of the campaign has no decisions on awards. Ask the campaign office."))


def two_people(nomination: Nomination, actor: Any) -> None:
    """Who nominates does not decide, and nobody decides on oneself (2-domain (e)); with a deputy this holds for both."""
    handed_in = nomination.nominated_by_id in actor_ids(actor)
    if (
        handed_in
        or Nomination.objects.filter(done_for(Nomination, actor, "nomination_submit"), pk=nomination.pk).exists()
    ):
        raise DomainError(_("You nominated this yourself, so somebody else has to decide."))
    if nomination.member_id in own_member_ids(actor):
        raise DomainError(_("Nobody decides on a nomination of oneself."))


def place_left(nomination: Nomination, actor: Any) -> None:
    """For the reader; what holds is the conditional update in `nomination_decide`."""
    nomination.category.refresh_from_db(fields=["approved", "quota"])
    if nomination.category.left <= 0:
        raise DomainError(_("The quota of this category is used up."))


NOMINATIONS: Workflow[Nomination] = Workflow(
    Nomination,
    [
        Step(
            "nomination_submit",
            (NominationState.DRAFT,),
            NominationState.NOMINATED,
            Cap.NOMINATE,
            _("Nominate"),
            checks=(within_the_window, has_deeds, fits),
        ),
        Step(
            "nomination_approve",
            (NominationState.NOMINATED,),
            NominationState.APPROVED,
            Cap.AWARD_DECIDE,
            pgettext_lazy("award", "Approve"),
            checks=(may_be_decided, two_people, place_left),
        ),
        Step(
            "nomination_reject",
            (NominationState.NOMINATED,),
            NominationState.REJECTED,
            Cap.AWARD_DECIDE,
            _("Do not approve"),
            needs_reason=True,
            checks=(may_be_decided, two_people),
        ),
        Step(
            "nomination_award",
            (NominationState.APPROVED,),
            NominationState.AWARDED,
            Cap.AWARD_MANAGE,
            _("Award"),
        ),
        Step(
            "nomination_withdraw",
            (NominationState.DRAFT, NominationState.NOMINATED),
            NominationState.WITHDRAWN,
            Cap.NOMINATE,
            _("Withdraw"),
            undoes=True,
        ),
    ],
)
"""Between nomination and approval stand, when they are built: resolution of the branch, recommendation by level,
consultation, public notice."""
