from reviews.models.appraisal import (
    AppraisalGrade,
    AppraisedMember,
    Attendance,
    BranchAppraisal,
    BranchState,
    MemberAppraisal,
    PeerRemark,
)
from reviews.models.leader import LeaderReview, LeaderReviewQuerySet, ReviewMode, ReviewState
from reviews.models.rounds import EvaluationRound, PublicationScope, RoundQuerySet, RoundState

__all__ = [
    "AppraisalGrade",
    "AppraisedMember",
    "Attendance",
    "BranchAppraisal",
    "BranchState",
    "EvaluationRound",
    "LeaderReview",
    "LeaderReviewQuerySet",
    "MemberAppraisal",
    "PeerRemark",
    "PublicationScope",
    "ReviewMode",
    "ReviewState",
    "RoundQuerySet",
    "RoundState",
]
