"""What lies on a person's desk: each app registers tiles for the home page; a tile with nothing in it is not shown."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from campaign.common.registry import Registry


@dataclass(frozen=True)
class Tile:
    """Something to do: `count` of things behind `url`; `urgency` is a Bootstrap colour (danger, warning, primary …)."""

    label: str | Promise
    count: int
    url: str
    icon: str = "checklist"
    urgency: str = "primary"
    hint: str | Promise = ""


@dataclass(frozen=True)
class TileSource:
    """Gives the tiles of one kind for a user; starts from what the user may see, at most two queries."""

    key: str
    tiles: Callable[[Any], list[Tile]]


desk: Registry[TileSource] = Registry("desk")


def tiles_for(user: Any) -> list[Tile]:
    """Return what is on the desk of `user`, the urgent first."""
    order = {"danger": 0, "warning": 1}
    found = [tile for source in desk for tile in source.tiles(user) if tile.count]
    return sorted(found, key=lambda tile: order.get(tile.urgency, 2))
