"""What a change of the structure touches of pledges, and who reviews the open ones afterwards."""

from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext as _

from campaign.common import clock
from campaign.common.access import under
from campaign.models import Audience
from orgs.structure import Change, ChangeKind, Touch, TouchSource, structure_touches
from pledges.models import ACTIVE, Pledge, PledgeState

OPEN = tuple(state for state in ACTIVE if state != PledgeState.APPRAISED)


def _going(change: Change) -> Any:
    """The open pledges whose reviewer changes."""
    here, pledges = change.organization, Pledge.objects.filter(state__in=OPEN)
    if change.kind == ChangeKind.MOVE:
        own = {"subject_kind": Audience.ORGANIZATION, "organization": here, "reviewing_organization": change.parent}
        return pledges.filter(**own)
    if change.kind == ChangeKind.MERGE:
        return pledges.filter(reviewing_organization=here)
    if change.kind == ChangeKind.SPLIT:
        of_children = Q(subject_kind=Audience.ORGANIZATION, organization__in=change.children)
        return pledges.filter(Q(member__in=change.members) | of_children, reviewing_organization=here)
    return pledges.none()


def touches(change: Change) -> list[Touch]:
    """Open pledges: those that stay where they were made, and those that somebody else reviews from then on."""
    stays = Pledge.objects.filter(under(change.organization.path, "organization__path"), state__in=OPEN)
    lines = [Touch(_("Open pledges"), stays.count(), _("stay with the organization they were made in"), "writing-sign")]
    if change.kind in (ChangeKind.MOVE, ChangeKind.MERGE, ChangeKind.SPLIT):
        reviewed = _going(change).count()
        lines.append(Touch(_("Pledges under review here"), reviewed, _("are reviewed by the other one"), "checklist"))
    return lines


def follow(change: Change) -> None:
    """Let the open pledges be reviewed where the change leads."""
    if change.target is not None:
        _going(change).update(reviewing_organization=change.target, version=F("version") + 1, updated_at=clock.now())


def register() -> None:
    """Called when the app is ready."""
    structure_touches.register(TouchSource("pledges", touches, follow=follow))
