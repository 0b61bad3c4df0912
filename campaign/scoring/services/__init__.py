"""What may be done with score sheets and runs."""

from campaign.scoring.services.runs import (
    KIND,
    score_run_check,
    score_run_perform,
    score_run_request,
    score_runs_nightly,
)
from campaign.scoring.services.sheets import ensure_builtin_sheets, sheet_save

__all__ = [
    "KIND",
    "ensure_builtin_sheets",
    "score_run_check",
    "score_run_perform",
    "score_run_request",
    "score_runs_nightly",
    "sheet_save",
]
