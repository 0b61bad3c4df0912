"""What changes of organizations and members touch of evaluation rounds (who votes on whom was fixed when a round was
opened) and of appraisals of members (which stay where they were begun)."""

from django.utils.translation import gettext as _

from campaign.common.access import under
from orgs.models import Member
from orgs.structure import Change, Touch, TouchSource, structure_touches
from orgs.takeover import Obstacle, obstacles
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


def against_one_record(one: Member, other: Member) -> str:
    """Say no while both records are voted on at once: whose account goes over to the other could vote on itself."""
    rounds = EvaluationRound.objects.filter(state__in=(RoundState.DRAFT, RoundState.OPEN), ballot__subjects__member=one)
    found = rounds.filter(ballot__subjects__member=other).first()
    if found is None:
        return ""
    text = _(
        "Both records are voted on in “%(round)s”. Keep one of them once its ballots are sealed, or cancel the round."
    )
    return text % {"round": found}


def register() -> None:
    """Called when the app is ready."""
    structure_touches.register(TouchSource("rounds", touches))
    obstacles.register(Obstacle("rounds", against_one_record))
