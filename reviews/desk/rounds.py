"""The desk's tile: one's own ballots that are still to be cast. Nobody sees another's."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.ballots.selectors import papers_of
from campaign.common import clock
from campaign.common.access import holds
from campaign.common.capabilities import Cap
from campaign.common.desk import Tile, TileSource, desk

SOON_DAYS = 2


def tiles(user: Any) -> list[Tile]:
    if not holds(user, Cap.VOTE):
        return []
    ends = list(papers_of(user).filter(marked=False).values_list("ballot__closes_at", flat=True))
    soon = any((end - clock.now()).days < SOON_DAYS for end in ends)
    return [Tile(_("Ballots to cast"), len(ends), reverse("vote_list"), "checkbox", "warning" if soon else "primary")]


def register() -> None:
    desk.register(TileSource("ballots", tiles))
