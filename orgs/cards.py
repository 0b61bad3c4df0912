"""Cards on an organization's page: each app registers its own, like the sources of `orgs.timeline`.

A card is a template with its context, drawn inside `<div class="card">`; it starts from what the viewer may see and needs
a constant number of queries. None where there is nothing to show to this viewer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from campaign.common.registry import Registry
from orgs.models import Organization


@dataclass(frozen=True)
class Card:
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class CardSource:
    """`of_organization(organization, viewer)` returns the card; cards stand in the order of `order`."""

    key: str
    of_organization: Callable[[Organization, Any], Card | None]
    order: int = 50


cards: Registry[CardSource] = Registry("organization cards")


def cards_of(organization: Organization, viewer: Any) -> list[Card]:
    """Return the cards that `viewer` sees on the page of an organization."""
    found = (source.of_organization(organization, viewer) for source in sorted(cards, key=lambda source: source.order))
    return [card for card in found if card is not None]
