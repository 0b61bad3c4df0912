"""The states of a leader review as a table."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.workflow import Step, Workflow
from campaign.models import Action, CampaignState
from campaign.selectors import action_allowed
from reviews.models.leader import LeaderReview, ReviewState

WITHDRAW_WITHIN = dt.timedelta(days=1)
"""A review handed over by mistake can be taken back for a day; after that it is part of the record."""


def stage_allows(review: LeaderReview, actor: Any) -> None:
    running = review.campaign.state == CampaignState.RUNNING
    if not running or not action_allowed(review.campaign, Action.REVIEW):
        raise DomainError(_("The present stage of the campaign has no leader reviews. Ask the campaign office."))


def complete(review: LeaderReview, actor: Any) -> None:
    """Source: seed 002 (affirm achievements, name problems and directions)."""
    if not all((review.achievements, review.problems, review.direction)):
        raise DomainError(_("Please fill in all three: achievements, problems and direction."))


def within_a_day(review: LeaderReview, actor: Any) -> None:
    if review.submitted_at is None or clock.now() > review.submitted_at + WITHDRAW_WITHIN:
        raise DomainError(_("A review can be taken back within one day only. Write another one to correct it."))


LEADER_REVIEWS: Workflow[LeaderReview] = Workflow(
    LeaderReview,
    [
        Step(
            "leader_review_submit",
            (ReviewState.DRAFT,),
            ReviewState.SUBMITTED,
            Cap.REVIEW_OWN,
            _("Hand over"),
            checks=(stage_allows, complete),
        ),
        Step(
            "leader_review_withdraw",
            (ReviewState.SUBMITTED,),
            ReviewState.DRAFT,
            Cap.REVIEW_OWN,
            _("Take back"),
            checks=(within_a_day,),
        ),
    ],
)
