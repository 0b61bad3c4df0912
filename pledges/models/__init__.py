from pledges.models.fulfilling import AppraisalKind, PledgeAppraisal, PledgeProgress
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
from pledges.models.reviewing import Decision, PledgeReview
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
    "Decision",
    "FulfilmentBulletin",
    "ItemKind",
    "ItemResult",
    "Pledge",
    "PledgeAdjustment",
    "PledgeAppraisal",
    "PledgeCheck",
    "PledgeItem",
    "PledgeProgress",
    "PledgeQuerySet",
    "PledgeReview",
    "PledgeRules",
    "PledgeState",
    "PledgeSummary",
    "SummaryMark",
    "SummaryState",
]
