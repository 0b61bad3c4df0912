"""The menu: each app registers its entries with the capability that opens them; a person sees only theirs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from campaign.common.access import holds
from campaign.common.capabilities import Cap
from campaign.common.registry import Registry


@dataclass(frozen=True)
class Section:
    """A heading of the menu; sections appear in this order."""

    key: str
    label: str | Promise


SECTIONS = (
    Section("work", _("Daily work")),
    Section("links", _("Four links")),
    Section("results", _("Results")),
    Section("organization", _("Organizations and members")),
    Section("administration", _("Administration")),
)


@dataclass(frozen=True)
class Entry:
    """A menu entry: `url_name` takes no arguments; `icon` is a Tabler icon name; None as capability = all signed in.

    `when(user)` says who meets it where the capability alone does not; `also` are other words with which the names of its
    pages begin.
    """

    key: str
    section: str
    label: str | Promise
    url_name: str
    icon: str
    capability: Cap | None = None
    order: int = 100
    when: Callable[[Any], bool] | None = None
    also: tuple[str, ...] = ()

    def shown_to(self, user: Any) -> bool:
        """Tell whether `user` may open the page."""
        held = self.capability is None or holds(user, self.capability)
        return held and (self.when is None or self.when(user))


menu: Registry[Entry] = Registry("menu")


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Template context: the menu of this person, by section, the entry of the present page marked.

    Put together when it is first drawn: a refusal, a fragment and the cells of a table have none.
    """
    user: Any = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"menu_sections": SimpleLazyObject(lambda: _sections(request, user))}


def _sections(request: HttpRequest, user: Any) -> list[dict[str, Any]]:
    entries = sorted(menu, key=lambda entry: entry.order)
    shown = [entry for entry in entries if entry.shown_to(user)]
    match = getattr(request, "resolver_match", None)
    here = match.view_name if match else ""
    # The entry of the page itself, else that whose address or key the name of the page begins with: the longest of these.
    best = max((_fit(entry, here) for entry in shown), default=0)
    return [
        {
            "key": section.key,
            "label": section.label,
            "entries": [
                {
                    "label": entry.label,
                    "url": reverse(entry.url_name),
                    "icon": entry.icon,
                    "active": best > 0 and _fit(entry, here) == best,
                }
                for entry in shown
                if entry.section == section.key
            ],
        }
        for section in SECTIONS
        if any(entry.section == section.key for entry in shown)
    ]


def _fit(entry: Entry, here: str) -> int:
    """Return how much of a page's name an entry stands for, in letters; 0 for none."""
    return max(
        (len(name) for name in (entry.key, entry.url_name, *entry.also) if here == name or here.startswith(f"{name}_")),
        default=0,
    )
