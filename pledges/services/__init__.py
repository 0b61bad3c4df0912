"""What people do with pledges. Each function checks, locks, writes and audits in one transaction."""

from pledges.services.adjusting import (
    adjustment_approve,
    adjustment_recall,
    adjustment_refuse,
    adjustment_request,
)
from pledges.services.appraising import Judgement, item_appraise, items_appraise, items_appraise_many
from pledges.services.fulfilling import progress_add
from pledges.services.publishing import pledge_publish, pledge_take_down, pledges_publish_many
from pledges.services.reviewing import pledge_approve, pledge_return, pledges_approve_many
from pledges.services.supervising import bulletin_publish, bulletin_withdraw, check_add, check_answer, item_explain
from pledges.services.writing import (
    ItemDraft,
    pledge_copy_forward,
    pledge_recall,
    pledge_save,
    pledge_start,
    pledge_submit,
    pledge_withdraw,
)

__all__ = [
    "ItemDraft",
    "Judgement",
    "adjustment_approve",
    "adjustment_recall",
    "adjustment_refuse",
    "adjustment_request",
    "bulletin_publish",
    "bulletin_withdraw",
    "check_add",
    "check_answer",
    "item_appraise",
    "item_explain",
    "items_appraise",
    "items_appraise_many",
    "pledge_approve",
    "pledge_copy_forward",
    "pledge_publish",
    "pledge_recall",
    "pledge_return",
    "pledge_save",
    "pledge_start",
    "pledge_submit",
    "pledge_take_down",
    "pledge_withdraw",
    "pledges_approve_many",
    "pledges_publish_many",
    "progress_add",
]
