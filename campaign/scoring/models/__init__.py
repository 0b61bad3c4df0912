"""Score sheets, runs, scores, and what is frozen."""

from campaign.scoring.models.entries import (
    MARKED,
    MOST,
    UNDECIDED,
    EntryKind,
    EntryState,
    ScoreEntry,
    ScoreEntryQuerySet,
)
from campaign.scoring.models.freezing import FreezeState, ScoreDrift, ScoreFreeze, ScoreRank, ScoreSeal
from campaign.scoring.models.scores import (
    FINISHED,
    PeriodPlace,
    PeriodScore,
    PeriodScoreQuerySet,
    ScoreMark,
    ScorePart,
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
    "MARKED",
    "MOST",
    "UNDECIDED",
    "EntryKind",
    "EntryState",
    "FreezeState",
    "GradeBand",
    "PeriodPlace",
    "PeriodScore",
    "PeriodScoreQuerySet",
    "ScoreDrift",
    "ScoreEntry",
    "ScoreEntryQuerySet",
    "ScoreFreeze",
    "ScoreMark",
    "ScorePart",
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
