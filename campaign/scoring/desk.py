"""What waits for a second person's word."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common.access import holds
from campaign.common.capabilities import Cap
from campaign.common.desk import Tile, TileSource, desk
from campaign.scoring.models import ScoreEntry, ScoreFreeze


def tiles(user: Any) -> list[Tile]:
    """Entries and freezes that somebody else asked for: one query each, none for whom it does not concern."""
    found = []
    if holds(user, Cap.SCORE_RUN):
        waiting = ScoreEntry.objects.allowed(user, Cap.SCORE_RUN).undecided().of_others(user).order_by()
        label = _("Bonuses and deductions to confirm")
        found.append(Tile(label, waiting.count(), reverse("entry_list"), "plus-minus", "warning"))
    if holds(user, Cap.SCORE_FREEZE):
        asked = ScoreFreeze.objects.allowed(user, Cap.SCORE_FREEZE).waiting().of_others(user).order_by()
        found.append(Tile(_("Periods to be frozen"), asked.count(), reverse("freeze_list"), "lock", "warning"))
    return found


def register() -> None:
    desk.register(TileSource("scoring", tiles))
