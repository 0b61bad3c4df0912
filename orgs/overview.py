"""What form d.2 says of organizations: posts and figures of each, with all below it (2-domain d.2).

A figure is a condition on members (`FIGURES`), for the form and for the list of its records alike. Everything is asked in
grouped queries, whose number does not grow with the organizations, and added up along the tree.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import add
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q

from campaign.common.access import under
from orgs.models import Member, MembershipKind, Organization, PartyPost, Position, Sex
from orgs.models.members import PRESENT, MemberQuerySet, months_after
from orgs.models.organizations import OrganizationQuerySet

COMMITTEE = tuple(post for post in PartyPost if post != PartyPost.GROUP_LEADER)
"""The posts that make somebody a member of the committee."""
MAJORITY = ("", "汉", "汉族")
COLLEGE = ("大专", "专科", "高职", "本科", "大学", "研究生", "硕士", "博士")
"""What an entry under education says when it is college or higher (大专及以上); 中等专科 is not."""
YOUNG = 35


def figures(today: dt.date) -> dict[str, Q]:
    """Return the condition of each figure that counts present members, as of `today`."""
    college = Q()
    for word in COLLEGE:
        college |= Q(education__contains=word)
    return {
        "members": Q(),
        "full": Q(kind=MembershipKind.FULL),
        "probationary": Q(kind=MembershipKind.PROBATIONARY),
        "women": Q(sex=Sex.FEMALE),
        "men": Q(sex=Sex.MALE),
        "minority": ~Q(ethnicity__in=MAJORITY),
        "young": Q(birth_date__gt=months_after(today, -12 * (YOUNG + 1))),
        "college": college & ~Q(education__contains="中等"),
        "frontline": Q(is_frontline=True),
    }


FIGURES = tuple(figures(dt.date.min.replace(year=1900)))


@dataclass
class Posts:
    """Who leads an organization: names by post, and how many different people sit in the committee."""

    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    people: set[int] = field(default_factory=set)

    def named(self, post: str) -> str:
        return "、".join(self.names[post]) if post in self.names else ""


def member_figures(members: MemberQuerySet, organization: Organization, today: dt.date) -> Mapping[str, Sequence[int]]:
    """Return the figures (in the order of FIGURES) of each place at or below `organization` with all below it. One query."""
    counted = {name: Count("pk", filter=condition) for name, condition in figures(today).items()}
    rows = (
        members.present().in_subtree(organization).order_by()
        .values("organization__path").annotate(**counted).values_list("organization__path", *counted)
    )  # fmt: skip
    return _added_up(((path, found) for path, *found in rows), organization, len(FIGURES))


def cell_figures(organization: Organization, cells: Any) -> Mapping[str, Sequence[int]]:
    """Return how many party groups there are at each place and below it. One query."""
    lookup = "path" if cells.model is Organization else "organization__path"
    rows = cells.order_by().values(lookup).annotate(found=Count("pk")).values_list(lookup, "found")
    return _added_up(((path, [found]) for path, found in rows), organization, 1)


def party_groups(organization: Organization, members: MemberQuerySet) -> Any:
    """Return the party groups at or below `organization`: the organizations of this type where they are kept as such, else
    one member for each group that the roster names in a branch."""
    kept: OrganizationQuerySet = Organization.objects.active().in_subtree(organization).filter(type="cell")
    if kept.exists():
        return kept
    named = members.present().in_subtree(organization).exclude(cell="")
    same = Member.objects.filter(
        organization=OuterRef("organization"), cell=OuterRef("cell"), pk__lt=OuterRef("pk"), status__in=PRESENT
    )
    return named.filter(~Exists(same))


def posts_held(members: MemberQuerySet, organization: Organization) -> Mapping[int, Posts]:
    """Return who leads the organizations in the subtree, by organization: members who hold a post in their own, and people
    from elsewhere (the committee above is made up of them). Two queries."""
    found: dict[int, Posts] = defaultdict(Posts)
    own = members.present().in_subtree(organization).exclude(party_post="").order_by("pinyin", "pk")
    for place, post, name, pk in own.values_list("organization_id", "party_post", "name", "pk"):
        _hold(found[place], post, name, pk)
    elsewhere = from_elsewhere().in_subtree(organization).order_by("member__pinyin", "pk")
    for place, post, name, pk in elsewhere.values_list("organization_id", "post", "member__name", "member_id"):
        _hold(found[place], post, name, pk)
    return found


def from_elsewhere() -> Any:
    """Return the open positions of people in an organization that is not their own branch."""
    return Position.objects.open().exclude(member__organization=F("organization"))


def _hold(posts: Posts, post: str, name: str, pk: int) -> None:
    posts.names[post].append(name)
    if post in COMMITTEE:
        posts.people.add(pk)


def committee_of(organization: Organization) -> MemberQuerySet:
    """Return the people who sit in the committee of `organization`."""
    held = from_elsewhere().filter(organization=organization, post__in=COMMITTEE)
    own = Q(organization=organization, party_post__in=COMMITTEE, status__in=PRESENT)
    found: MemberQuerySet = Member.objects.filter(own | Q(pk__in=held.values("member")))
    return found


def _added_up(
    rows: Iterable[tuple[str, Sequence[int]]], organization: Organization, width: int
) -> Mapping[str, Sequence[int]]:
    """Add what each place has to itself and to every place above it, up to `organization`."""
    found: dict[str, Sequence[int]] = dict(rows)
    none, step = (0,) * width, Organization.steplen
    for length in range(max(map(len, found), default=0), len(organization.path), -step):  # the deepest first
        for path in [path for path in found if len(path) == length]:
            above = path[:-step]
            found[above] = tuple(map(add, found.get(above, none), found[path]))
    return found


def members_of(figure: str, members: MemberQuerySet, organization: Organization, today: dt.date) -> MemberQuerySet:
    """Return the members that `figure` counts at or below `organization`."""
    return members.present().filter(figures(today)[figure], under(organization.path, "organization__path"))
