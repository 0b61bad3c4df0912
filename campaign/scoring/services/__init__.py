"""What may be done with score sheets and runs."""

from campaign.scoring.services.deciding import (
    entries_confirm_many,
    entries_withdraw,
    entry_confirm,
    entry_keep,
    entry_recall,
    entry_refuse,
    entry_revoke,
)
from campaign.scoring.services.drafting import definition_apart, sheet_begin, sheet_change, sheet_remove, sheet_use
from campaign.scoring.services.entries import entries_add, entries_change, entry_add, entry_change
from campaign.scoring.services.freezing import (
    correction_request,
    freeze_confirm,
    freeze_request,
    freeze_withdraw,
)
from campaign.scoring.services.merits import merits_propose
from campaign.scoring.services.periods import period_places_keep, periods_end
from campaign.scoring.services.refreshing import score_refresh, scores_fall_due, scores_refresh
from campaign.scoring.services.runs import (
    KIND,
    score_run_check,
    score_run_perform,
    score_run_request,
    score_runs_nightly,
)
from campaign.scoring.services.sheets import definition_of, ensure_builtin_sheets, first_free, sheet_save

__all__ = [
    "KIND",
    "correction_request",
    "definition_apart",
    "definition_of",
    "ensure_builtin_sheets",
    "entries_add",
    "entries_change",
    "entries_confirm_many",
    "entries_withdraw",
    "entry_add",
    "entry_change",
    "entry_confirm",
    "entry_keep",
    "entry_recall",
    "entry_refuse",
    "entry_revoke",
    "first_free",
    "freeze_confirm",
    "freeze_request",
    "freeze_withdraw",
    "merits_propose",
    "period_places_keep",
    "periods_end",
    "score_refresh",
    "score_run_check",
    "score_run_perform",
    "score_run_request",
    "score_runs_nightly",
    "scores_fall_due",
    "scores_refresh",
    "sheet_begin",
    "sheet_change",
    "sheet_remove",
    "sheet_save",
    "sheet_use",
]
