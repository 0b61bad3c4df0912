"""Score sheets, runs, scores, and what is frozen."""

from campaign.scoring.models.freezing import FreezeState, ScoreDrift, ScoreFreeze, ScoreRank, ScoreSeal
from campaign.scoring.models.scores import (
    FINISHED,
    PeriodPlace,
    PeriodScore,
    PeriodScoreQuerySet,
    ScoreMark,
    ScoreRun,
    ScoreRunQuerySet,
    ScoreTally,
)
from campaign.scoring.models.sheets import (
    GradeBand,
    ScoreSheet,
    ScoreSheetItem,
    ScoreSheetQuerySet,
    ScoreSheetType,
)

__all__ = [
    "FINISHED",
    "FreezeState",
    "GradeBand",
    "PeriodPlace",
    "PeriodScore",
    "PeriodScoreQuerySet",
    "ScoreDrift",
    "ScoreFreeze",
    "ScoreMark",
    "ScoreRank",
    "ScoreRun",
    "ScoreRunQuerySet",
    "ScoreSeal",
    "ScoreSheet",
    "ScoreSheetItem",
    "ScoreSheetQuerySet",
    "ScoreSheetType",
    "ScoreTally",
]
