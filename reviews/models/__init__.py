from reviews.models.leader import LeaderReview, LeaderReviewQuerySet, ReviewMode, ReviewState
from reviews.models.rounds import EvaluationRound, PublicationScope, RoundQuerySet, RoundState

__all__ = [
    "EvaluationRound",
    "LeaderReview",
    "LeaderReviewQuerySet",
    "PublicationScope",
    "ReviewMode",
    "ReviewState",
    "RoundQuerySet",
    "RoundState",
]
