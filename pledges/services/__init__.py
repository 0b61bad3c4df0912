"""What people do with pledges. Each function checks, locks, writes and audits in one transaction."""

from pledges.services.fulfilling import Judgement, item_appraise, items_appraise, progress_add
from pledges.services.publishing import pledge_publish, pledge_take_down, pledges_publish_many
from pledges.services.reviewing import pledge_approve, pledge_return, pledges_approve_many
from pledges.services.writing import ItemDraft, pledge_recall, pledge_save, pledge_start, pledge_submit, pledge_withdraw

__all__ = [
    "ItemDraft",
    "Judgement",
    "item_appraise",
    "items_appraise",
    "pledge_approve",
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
