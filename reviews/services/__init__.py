from reviews.services.leader import (
    leader_review_create,
    leader_review_discard,
    leader_review_submit,
    leader_review_update,
    leader_review_withdraw,
)
from reviews.services.rounds import (
    round_cancel,
    round_close,
    round_create,
    round_leave_out,
    round_open,
    round_publish,
    rounds_close_due,
    vote_cast,
)

__all__ = [
    "leader_review_create",
    "leader_review_discard",
    "leader_review_submit",
    "leader_review_update",
    "leader_review_withdraw",
    "round_cancel",
    "round_close",
    "round_create",
    "round_leave_out",
    "round_open",
    "round_publish",
    "rounds_close_due",
    "vote_cast",
]
