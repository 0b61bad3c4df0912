from reviews.workflow.appraisal import APPRAISALS, BRANCHES, FOLLOW_UPS
from reviews.workflow.leader import LEADER_REVIEWS
from reviews.workflow.rounds import ROUNDS
from reviews.workflow.secretaries import PROBLEMS, REPORTS, SECRETARY_APPRAISALS

__all__ = [
    "APPRAISALS",
    "BRANCHES",
    "FOLLOW_UPS",
    "LEADER_REVIEWS",
    "PROBLEMS",
    "REPORTS",
    "ROUNDS",
    "SECRETARY_APPRAISALS",
]
