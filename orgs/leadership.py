"""Reads of the leading group and the campaign office."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from campaign.common.capabilities import Cap
from orgs.models import LeadershipFunction, LeadershipPost, Member, Organization, PartyPost, Position
from orgs.models.leadership import SINGLE, LeadershipQuerySet

SUGGESTED = {
    PartyPost.SECRETARY: (LeadershipFunction.FIRST_RESPONSIBLE, LeadershipFunction.GROUP_HEAD),
    PartyPost.DEPUTY_SECRETARY: (LeadershipFunction.DIRECTLY_RESPONSIBLE,),
}
"""Which function comes with which party position (2-domain b.1, seeds 001, 002, 004)."""
PEOPLE_SHOWN = 200


def leadership_now(organization: Organization) -> list[LeadershipPost]:
    """Return who holds which function in an organization that the caller has passed through the gate, in order."""
    order = list(LeadershipFunction)
    posts = LeadershipPost.objects.filter(organization=organization, ends_on=None).order_by("starts_on", "pk")
    return sorted(posts, key=lambda post: order.index(LeadershipFunction(post.function)))


def leadership_rows(organization: Organization) -> list[tuple[str, str]]:
    """Return (function, names) for the card on the organization's page; one query."""
    found: dict[str, list[str]] = defaultdict(list)
    for post in leadership_now(organization):
        found[post.get_function_display()].append(f"{post.name}（{post.duty}）" if post.duty else post.name)
    return [(function, "、".join(names)) for function, names in found.items()]


def leadership_past(organization: Organization) -> LeadershipQuerySet:
    """Return what was held earlier, the latest first."""
    past = LeadershipPost.objects.filter(organization=organization, ends_on__isnull=False)
    return past.order_by("-ends_on", "-pk")


def leadership_suggestion(organization: Organization) -> list[tuple[LeadershipFunction, Member]]:
    """Return (function, member) for the vacant functions that come with a party position held there today."""
    taken = set(
        LeadershipPost.objects.filter(organization=organization, ends_on=None, function__in=SINGLE).values_list(
            "function", flat=True
        )
    )
    held = Position.objects.open().filter(organization=organization, post__in=SUGGESTED)
    found: list[tuple[LeadershipFunction, Member]] = []
    for position in held.select_related("member").order_by("is_acting", "starts_on", "pk"):
        for function in SUGGESTED[PartyPost(position.post)]:
            if function not in taken:
                taken.add(function)
                found.append((function, position.member))
    order = list(LeadershipFunction)
    return sorted(found, key=lambda pair: order.index(pair[0]))


@dataclass
class Line:
    """One organization of the printable list, with the names by function."""

    organization: Organization
    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def columns(self) -> list[str]:
        """The names under each function, in the order of the functions."""
        return ["、".join(self.names[function]) for function in LeadershipFunction]

    @property
    def headed(self) -> "zip[tuple[LeadershipFunction, str]]":
        """The columns, each with its function."""
        return zip(LeadershipFunction, self.columns, strict=True)


def organizations_led(user: Any, organization: Organization) -> Any:
    """Return the active organizations of the subtree that `user` sees; party groups have no leading group."""
    visible = Organization.objects.allowed(user, Cap.ORG_VIEW).active() if user else Organization.objects.active()
    return visible.in_subtree(organization).exclude(type="cell")


def leadership_lines(organizations: Iterable[Organization]) -> list[Line]:
    """Return the lines of the printable list for these organizations, in their order; one query."""
    lines = {organization.pk: Line(organization) for organization in organizations}
    posts = LeadershipPost.objects.filter(organization__in=lines, ends_on=None).order_by("starts_on", "pk")
    for organization, function, name in posts.values_list("organization_id", "function", "name"):
        lines[organization].names[function].append(name)
    return list(lines.values())


def leadership_export(user: Any, organization: Organization) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the exported list: name and type of the organization, then the names under each function."""
    for batch in _batches(organizations_led(user, organization)):
        for line in leadership_lines(batch):
            yield (line.organization.name, line.organization.get_type_display(), *line.columns)


def _batches(organizations: Any, size: int = PEOPLE_SHOWN) -> Iterator[list[Organization]]:
    """Read a long list in steps along the tree, so that no statement stays open while another runs."""
    last = ""
    while batch := list(organizations.filter(path__gt=last).order_by("path")[:size]):
        yield batch
        last = batch[-1].path
