"""Objects of this part whose readers and history can be looked at."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.audit.labels import Noted, noted
from campaign.common.capabilities import Cap
from campaign.common.oversight import ObjectKind, kinds
from reviews.models import (
    AppraisedMember,
    BranchAppraisal,
    EvaluationRound,
    LeaderReview,
    MemberAppraisal,
    ReportProblem,
    SecretaryAppraisal,
    SecretaryReport,
)


def writer_of_a_draft(review: LeaderReview) -> list[int] | None:
    """Nobody but its writer meets a draft."""
    return [review.reviewer_id] if review.is_draft else None


def results_and_papers(_round: EvaluationRound) -> list[str | Promise]:
    return [
        _("This is about the round itself. Nobody can see who voted what; results are seen once they are published.")
    ]


def parts_of(_entry: AppraisedMember) -> list[str | Promise]:
    return [
        _(
            "The member reads grade and measures once they are confirmed. Remarks of colleagues are read by the member and "
            "the secretary alone."
        )
    ]


kinds.register(ObjectKind("review", LeaderReview, "review_detail", (Cap.REVIEW_OWN,), only=writer_of_a_draft))
kinds.register(ObjectKind("round", EvaluationRound, "round_detail", (Cap.ROUND_MANAGE,), also=results_and_papers))
kinds.register(ObjectKind("appraisal", MemberAppraisal, "appraisal_detail", (Cap.APPRAISAL_MANAGE,)))
kinds.register(ObjectKind("branch", BranchAppraisal, "appraisal_branch", (Cap.APPRAISAL_DECIDE, Cap.APPRAISAL_CONFIRM)))
kinds.register(
    ObjectKind(
        "entry", AppraisedMember, "appraisal_member", (Cap.APPRAISAL_DECIDE, Cap.APPRAISAL_CONFIRM), also=parts_of
    )
)
kinds.register(ObjectKind("secretary_appraisal", SecretaryAppraisal, "secretary_detail", (Cap.SECRETARY_MANAGE,)))
kinds.register(ObjectKind("report", SecretaryReport, "secretary_report", (Cap.SECRETARY_GRADE,)))
kinds.register(ObjectKind("problem", ReportProblem, "secretary_problem", (Cap.SECRETARY_GRADE,)))


SET_UP: dict[str, str | Promise] = {
    "basics": _("basics"),
    "subjects": _("who is evaluated"),
    "questions": _("questions"),
    "raters": _("who rates"),
    "roll": _("roll of voters"),
    "pools": _("groups of voters"),
}
"""The parts of a round in preparation, as the log tells them."""


def _set_up(value: Any) -> str:
    return str(SET_UP.get(value, value) or "—")


noted.register(Noted("reviews.evaluationround set_up", _set_up))
