"""What people do with pledges. Each function checks, locks, writes and audits in one transaction."""

from pledges.drafting import ItemDraft
from pledges.services.adjusting import (
    adjustment_approve,
    adjustment_recall,
    adjustment_refuse,
    adjustment_request,
)
from pledges.services.appraising import Judgement, item_appraise, items_appraise, items_appraise_many
from pledges.services.commenting import comment_add, comment_answer, comment_hide, comment_show
from pledges.services.fulfilling import (
    evidence_add,
    evidence_archive,
    evidence_remove,
    may_be_changed,
    progress_add,
    progress_remove,
)
from pledges.services.importing import (
    Written,
    drafts_submit_many,
    pledges_write_many,
    pledges_write_undo,
)
from pledges.services.publishing import (
    Period,
    boardlink_create,
    boardlink_open,
    boardlink_revoke,
    pledge_display,
    pledge_publish,
    pledge_take_down,
    pledges_publish_many,
)
from pledges.services.reviewing import (
    ItemDecision,
    pledge_approve,
    pledge_return,
    pledges_approve_many,
    pledges_unapprove_many,
)
from pledges.services.ruling import MOST_ITEMS, pledge_rules_update
from pledges.services.supervising import bulletin_publish, bulletin_withdraw, check_add, check_answer, item_explain
from pledges.services.writing import (
    pledge_copy_forward,
    pledge_recall,
    pledge_save,
    pledge_start,
    pledge_submit,
    pledge_withdraw,
)

__all__ = [
    "MOST_ITEMS",
    "ItemDecision",
    "ItemDraft",
    "Judgement",
    "Period",
    "Written",
    "adjustment_approve",
    "adjustment_recall",
    "adjustment_refuse",
    "adjustment_request",
    "boardlink_create",
    "boardlink_open",
    "boardlink_revoke",
    "bulletin_publish",
    "bulletin_withdraw",
    "check_add",
    "check_answer",
    "comment_add",
    "comment_answer",
    "comment_hide",
    "comment_show",
    "drafts_submit_many",
    "evidence_add",
    "evidence_archive",
    "evidence_remove",
    "item_appraise",
    "item_explain",
    "items_appraise",
    "items_appraise_many",
    "may_be_changed",
    "pledge_approve",
    "pledge_copy_forward",
    "pledge_display",
    "pledge_publish",
    "pledge_recall",
    "pledge_return",
    "pledge_rules_update",
    "pledge_save",
    "pledge_start",
    "pledge_submit",
    "pledge_take_down",
    "pledge_withdraw",
    "pledges_approve_many",
    "pledges_publish_many",
    "pledges_unapprove_many",
    "pledges_write_many",
    "pledges_write_undo",
    "progress_add",
    "progress_remove",
]
