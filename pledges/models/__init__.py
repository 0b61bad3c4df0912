from pledges.models.fulfilling import AppraisalKind, PledgeAppraisal, PledgeProgress, ProgressEvidence
from pledges.models.pledges import (
    ACTIVE,
    EDITABLE,
    FULL_MARK,
    KEPT,
    PUBLIC,
    TEXT_LENGTH,
    ItemKind,
    ItemResult,
    Pledge,
    PledgeItem,
    PledgeQuerySet,
    PledgeRules,
    PledgeState,
)
from pledges.models.publishing import BoardLink, CommentKind, CommentState, PledgeComment
from pledges.models.reviewing import Check, Decision, PledgeReview
from pledges.models.statistics import PledgeSummary, SummaryMark, SummaryState
from pledges.models.supervising import AdjustmentState, FulfilmentBulletin, PledgeAdjustment, PledgeCheck

__all__ = [
    "ACTIVE",
    "EDITABLE",
    "FULL_MARK",
    "KEPT",
    "PUBLIC",
    "TEXT_LENGTH",
    "AdjustmentState",
    "AppraisalKind",
    "BoardLink",
    "Check",
    "CommentKind",
    "CommentState",
    "Decision",
    "FulfilmentBulletin",
    "ItemKind",
    "ItemResult",
    "Pledge",
    "PledgeAdjustment",
    "PledgeAppraisal",
    "PledgeCheck",
    "PledgeComment",
    "PledgeItem",
    "PledgeProgress",
    "PledgeQuerySet",
    "PledgeReview",
    "PledgeRules",
    "PledgeState",
    "PledgeSummary",
    "ProgressEvidence",
    "SummaryMark",
    "SummaryState",
]
