"""Objects of this part whose readers and history can be looked at."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.common.capabilities import Cap
from campaign.common.oversight import ObjectKind, kinds
from reviews.models import EvaluationRound, LeaderReview


def writer_of_a_draft(review: LeaderReview) -> list[int] | None:
    """Nobody but its writer meets a draft."""
    return [review.reviewer_id] if review.is_draft else None


def results_and_papers(_round: EvaluationRound) -> list[str | Promise]:
    return [
        _("This is about the round itself. Nobody can see who voted what; results are seen once they are published.")
    ]


kinds.register(ObjectKind("review", LeaderReview, "review_detail", (Cap.REVIEW_OWN,), only=writer_of_a_draft))
kinds.register(ObjectKind("round", EvaluationRound, "round_detail", (Cap.ROUND_MANAGE,), also=results_and_papers))
