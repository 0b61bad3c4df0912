"""Choosing organizations: a few as a list, many by a search."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.common.forms import RemoteSelect

FEW = 30
"""So many are listed; more are looked for by typing."""
TYPED = _("Name, pinyin initials or code")
NOT_HERE = _("One of the organizations chosen cannot be taken here. Choose another one.")


class RemoteSelectMultiple(RemoteSelect, forms.SelectMultiple):
    """Several of too many to list."""

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> list[Any]:
        groups = super().optgroups(name, value, attrs)
        return [group for group in groups if all(option["value"] != "" for option in group[1])]


def offer(field: Any, places: Any, search: str = "organization_search", typed: Any = TYPED) -> None:
    """Offer `places` in a field of models, or in one of plain choices whose values are ids (then `places` are its choices)."""
    by_key = hasattr(field, "queryset")
    setattr(field, "queryset" if by_key else "choices", places)
    if len(places[: FEW + 1]) > FEW:
        several = isinstance(field.widget, forms.SelectMultiple)
        field.widget = (RemoteSelectMultiple if several else RemoteSelect)(search, typed)
        field.widget.choices, field.widget.is_required = field.choices, field.required
        field.error_messages |= {"invalid_choice": NOT_HERE}


def offer_organizations(field: Any, places: Any) -> None:
    """Offer the organizations of a person's reach; the highest is there at first."""
    offer(field, places)
    field.initial = places.order_by("depth", "path").first()
