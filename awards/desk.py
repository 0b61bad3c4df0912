"""The desk's tiles: nominations to decide, batches to nominate for, batches to close or announce."""

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from awards.models import AwardBatch, BatchState, Nomination, NominationState
from campaign.common import clock
from campaign.common.access import grants_for, holds
from campaign.common.capabilities import Cap
from campaign.common.desk import Tile, TileSource, desk

SOON_DAYS = 7
"""So many days before the last day, nominating turns urgent."""


def tiles(user: Any) -> list[Tile]:
    return [*_to_decide(user), *_to_nominate(user), *_to_manage(user)]


def _to_decide(user: Any) -> list[Tile]:
    if not holds(user, Cap.AWARD_DECIDE):
        return []
    waiting = Nomination.objects.allowed(user, Cap.AWARD_DECIDE).filter(
        state=NominationState.NOMINATED, batch__state=BatchState.CLOSED
    )
    return _tile(_("Nominations to decide"), list(waiting.values_list("batch", flat=True)[:1000]), "gavel", "warning")


def _to_nominate(user: Any) -> list[Tile]:
    own = [grant.organization_id for _reach, grant in grants_for(user, Cap.NOMINATE)]
    if not own:
        return []
    made = Nomination.objects.filter(batch=OuterRef("pk"), organization__in=own).exclude(
        state__in=(NominationState.DRAFT, NominationState.WITHDRAWN)
    )
    open_now = AwardBatch.objects.visible_to(user).open_on(clock.today()).filter(~Exists(made))
    found = list(open_now.order_by("closes_on").values_list("pk", "closes_on")[:100])
    late = any((closes_on - clock.today()).days < SOON_DAYS for _pk, closes_on in found)
    hint = _("until %(day)s") % {"day": found[0][1].isoformat()} if found else ""
    urgency = "warning" if late else "primary"
    return _tile(_("Award batches to nominate for"), [pk for pk, _closes_on in found], "award", urgency, hint)


def _to_manage(user: Any) -> list[Tile]:
    if not holds(user, Cap.AWARD_MANAGE):
        return []
    waiting = Nomination.objects.filter(batch=OuterRef("pk"), state=NominationState.NOMINATED)
    approved = Nomination.objects.filter(batch=OuterRef("pk"), state=NominationState.APPROVED)
    due = AwardBatch.objects.allowed(user, Cap.AWARD_MANAGE).filter(
        Q(state=BatchState.OPEN, closes_on__lt=clock.today())
        | Q(~Exists(waiting), Exists(approved), state=BatchState.CLOSED)
    )
    found = list(due.values_list("pk", "state")[:100])
    over = [pk for pk, state in found if state == BatchState.OPEN]
    ready = [pk for pk, state in found if state == BatchState.CLOSED]
    return [
        *_tile(_("Award batches to close"), over, "calendar-off", "warning"),
        *_tile(_("Award batches to announce"), ready, "speakerphone", "primary"),
    ]


def _tile(label: Any, batches: list[int], icon: str, urgency: str, hint: Any = "") -> list[Tile]:
    """Lead to the batch where all of it is in one, else to the list."""
    one = len(set(batches)) == 1
    url = reverse("batch_detail", args=[batches[0]]) if one else reverse("batch_list")
    return [Tile(label, len(batches), url, icon, urgency, hint)]


def register() -> None:
    desk.register(TileSource("awards", tiles))
