"""What a change of the structure touches of evaluation rounds (who votes was fixed when a round was opened) and of
appraisals of members (which stay where they were begun)."""

from django.utils.translation import gettext as _

from campaign.common.access import under
from orgs.structure import Change, Touch, TouchSource, structure_touches
from reviews.models.appraisal import BranchAppraisal, BranchState
from reviews.models.rounds import EvaluationRound, RoundState

IN_COURSE = (RoundState.DRAFT, RoundState.OPEN, RoundState.SEALED)


def touches(change: Change) -> list[Touch]:
    """Rounds held in the organization or below, and rounds elsewhere in which it is evaluated."""
    path = change.organization.path
    rounds = EvaluationRound.objects.filter(state__in=IN_COURSE)
    held = rounds.filter(under(path, "organization__path")).count()
    elsewhere = rounds.exclude(under(path, "organization__path"))
    branches = BranchAppraisal.objects.under_way().filter(under(path, "organization__path"))
    appraised = branches.exclude(state__in=(BranchState.CONFIRMED, BranchState.CANCELLED)).count()
    subject = elsewhere.filter(under(path, "ballot__subjects__organization__path")).distinct().count()
    return [
        Touch(_("Evaluation rounds held here"), held, _("go on as they were opened"), "clipboard-check"),
        Touch(_("Evaluation rounds about it"), subject, _("go on as they were opened"), "clipboard-list"),
        Touch(_("Appraisals of members under way"), appraised, _("stay with the branch as it is now"), "user-check"),
    ]


def register() -> None:
    """Called when the app is ready."""
    structure_touches.register(TouchSource("rounds", touches))
