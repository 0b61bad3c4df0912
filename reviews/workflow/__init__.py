from reviews.workflow.leader import LEADER_REVIEWS
from reviews.workflow.rounds import ROUNDS

__all__ = ["LEADER_REVIEWS", "ROUNDS"]
