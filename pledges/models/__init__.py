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

__all__ = [
    "ACTIVE",
    "EDITABLE",
    "FULL_MARK",
    "KEPT",
    "PUBLIC",
    "TEXT_LENGTH",
    "AppraisalKind",
    "Decision",
    "ItemKind",
    "ItemResult",
    "Pledge",
    "PledgeAppraisal",
    "PledgeItem",
    "PledgeProgress",
    "PledgeQuerySet",
    "PledgeReview",
    "PledgeRules",
    "PledgeState",
]
