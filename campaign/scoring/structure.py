"""Scores are computed by places in the tree: no place changes while a run reads them."""

from django.utils.translation import gettext as _

from campaign.common.access import ancestors_and_self, under
from campaign.scoring.models import ScoreRun
from orgs.structure import Change, ChangeKind, Touch, TouchSource, structure_touches

PLACING = (ChangeKind.MOVE, ChangeKind.MERGE, ChangeKind.SPLIT)


def touches(_change: Change) -> list[Touch]:
    """Scores stay as they were computed; the next run counts by the new places."""
    return []


def refusal(change: Change) -> str:
    """Refuse while scores are computed in the organization, above it or below it."""
    if change.kind not in PLACING:
        return ""
    path = change.organization.path
    running = ScoreRun.objects.under_way()
    if running.filter(under(path, "place")).exists() or running.filter(place__in=ancestors_and_self(path)).exists():
        return _("Scores are being computed here right now. Please wait until that run is done.")
    return ""


def register() -> None:
    """Called when the app is ready."""
    structure_touches.register(TouchSource("scores", touches, refusal))
