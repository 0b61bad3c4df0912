"""What a change of the structure touches of awards: batches and nominations go on where they were begun."""

from django.utils.translation import gettext as _

from awards.models import STANDING, AwardBatch, BatchState, Nomination, NominationState
from campaign.common.access import under
from orgs.structure import Change, Touch, TouchSource, structure_touches


def touches(change: Change) -> list[Touch]:
    """Batches held in the organization or below, and nominations made there that wait for a decision."""
    below = under(change.organization.path, "organization__path")
    batches = AwardBatch.objects.filter(below).exclude(state=BatchState.ANNOUNCED).count()
    waiting = [state for state in STANDING if state != NominationState.AWARDED]
    nominations = Nomination.objects.filter(below, state__in=waiting).count()
    return [
        Touch(_("Award batches held here"), batches, _("go on here"), "award"),
        Touch(_("Nominations made here"), nominations, _("stay in their batch"), "file-certificate"),
    ]


def register() -> None:
    """Called when the app is ready."""
    structure_touches.register(TouchSource("awards", touches))
