"""How the subjects of a round are chosen: by place, type and kind of unit, or one by one. Kept with the round, and read again
when it is copied."""

from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Q

from campaign.common.access import under
from campaign.models import Audience
from orgs.models import Organization
from orgs.models.organizations import BRANCH_TYPES
from reviews.electorate import subjects_to_rate

RULE, CHOSEN = "rule", "chosen"


@dataclass(frozen=True)
class Choosing:
    """`which` is RULE (everything at or below the holder, or `below` these ids, that has one of `types` and `categories`, where
    any are named) or CHOSEN (`chosen` ids). `posts`: of members only those who hold one of these positions."""

    which: str = RULE
    types: tuple[str, ...] = tuple(BRANCH_TYPES)
    categories: tuple[str, ...] = ()
    below: tuple[int, ...] = ()
    chosen: tuple[int, ...] = ()
    posts: tuple[str, ...] = ()

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Choosing":
        """Return what `stored` was made from; the default where nothing is."""
        fields: dict[str, Any] = {name: value if name == "which" else tuple(value) for name, value in stored.items()}
        return cls(**fields)

    def stored(self) -> dict[str, Any]:
        """Return it as the round keeps it."""
        return {name: value if name == "which" else list(value) for name, value in asdict(self).items()}

    def organizations(self, holder: Organization, audience: str) -> Any:
        """Return the organizations chosen, all at or below `holder`; people are rated in their branches."""
        found = Organization.objects.active().filter(under(holder.path))
        if self.which == CHOSEN:
            return found.filter(pk__in=self.chosen)
        if self.below:
            places = Organization.objects.filter(pk__in=self.below).values_list("path", flat=True)
            reach = Q(pk__in=[])
            for path in places:
                reach |= under(path)
            found = found.filter(reach)
        types = BRANCH_TYPES if audience == Audience.MEMBER else self.types
        if types:
            found = found.filter(type__in=types)
        return found.filter(category__in=self.categories) if self.categories else found

    def subjects(self, holder: Organization, audience: str) -> list[tuple[int, str, int | None]]:
        """Return (organization, name, member) of everybody to be rated. Two queries, or three."""
        return subjects_to_rate(audience, list(self.organizations(holder, audience)), self.posts)
