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
from reviews.models.secretaries import ReportProblem, SecretaryAppraisal, SecretaryGrade, SecretaryReport

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
    "ReportProblem",
    "ReviewMode",
    "ReviewState",
    "RoundQuerySet",
    "RoundState",
    "SecretaryAppraisal",
    "SecretaryGrade",
    "SecretaryReport",
]
