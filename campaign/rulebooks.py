"""Pages on which the rules of one campaign are set: each app registers its own; the page of the campaign leads to them."""

from dataclasses import dataclass

from django.utils.functional import Promise

from campaign.common.registry import Registry


@dataclass(frozen=True)
class Rulebook:
    """`url_name` takes the number of the campaign; the page is for whoever sets the campaign up."""

    key: str
    label: str | Promise
    url_name: str
    icon: str = "adjustments"


rulebooks: Registry[Rulebook] = Registry("rulebooks")
