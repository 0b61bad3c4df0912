"""Cards on an organization's page: each app registers its own, like the sources of `orgs.timeline`.

A card is a template (a whole `<div class="card">`) with its context, to which `organization` is added; it starts from what
the viewer may see and needs a constant number of queries. None where there is nothing to show to this viewer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.template.loader import render_to_string

from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.registry import Registry
from orgs import contacts, leadership
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


def cards_of(organization: Organization, viewer: Any) -> list[str]:
    """Return the cards, drawn, that `viewer` sees on the page of an organization."""
    found = (source.of_organization(organization, viewer) for source in sorted(cards, key=lambda source: source.order))
    return [
        render_to_string(card.template, {"organization": organization, **card.context})
        for card in found
        if card is not None
    ]


def _leadership(organization: Organization, _viewer: Any) -> Card:
    return Card("orgs/parts/leadership.html", {"rows": leadership.leadership_rows(organization)})


def _contacts(organization: Organization, viewer: Any) -> Card | None:
    if not organization.is_branch or not reaches(viewer, Cap.CONTACT_VIEW, organization.path):
        return None
    return Card("orgs/parts/contacts.html", {"points": contacts.points_of(organization, viewer)})


def register() -> None:
    """Called when the app is ready."""
    cards.register(CardSource("leadership", _leadership, order=10))
    cards.register(CardSource("contacts", _contacts, order=20))
