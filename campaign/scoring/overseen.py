"""Objects of this engine whose readers and history can be looked at."""

from campaign.common.capabilities import Cap
from campaign.common.oversight import ObjectKind, kinds
from campaign.scoring.models import PeriodScore, ScoreEntry, ScoreFreeze, ScoreRun, ScoreSheet
from campaign.scoring.selectors import published_scores


def of_score(score: PeriodScore) -> tuple[Cap, ...]:
    """Members' scores are seen by a capability of their own."""
    return (Cap.SCORE_VIEW if score.member_id is None else Cap.SCORE_VIEW_MEMBER,)


def of_sheet(sheet: ScoreSheet) -> tuple[Cap, ...]:
    """What is in use is open to everybody in the campaign; a draft to those who set it up."""
    return (Cap.CAMPAIGN_MANAGE,) if sheet.is_draft else (Cap.CAMPAIGN_VIEW, Cap.CAMPAIGN_MANAGE)


kinds.register(
    ObjectKind("score", PeriodScore, "score_detail", (Cap.SCORE_RUN,), seen_by=of_score, queryset=published_scores)
)
kinds.register(ObjectKind("sheet", ScoreSheet, "sheet_detail", (Cap.CAMPAIGN_MANAGE,), seen_by=of_sheet))
kinds.register(ObjectKind("run", ScoreRun, "run_detail", (Cap.SCORE_RUN,)))
kinds.register(ObjectKind("freeze", ScoreFreeze, "freeze_detail", (Cap.SCORE_FREEZE,)))
kinds.register(ObjectKind("score_entry", ScoreEntry, "entry_detail", (Cap.SCORE_RUN,)))
