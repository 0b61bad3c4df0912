"""Reads for the tree and for the page of an organization: nodes, the way to them, numbers, and what the rules see."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.listing import BOUND
from orgs.models import (
    BRANCH_TYPES,
    Member,
    MembershipKind,
    Organization,
    OrganizationQuerySet,
    OrganizationType,
    PartyPost,
    Sex,
)
from orgs.models.members import PRESENT, months_after
from orgs.rules import REMINDER_MONTHS, Finding, Sizes, place_findings, size_findings, term_findings, years_after
from orgs.selectors import CHILDREN_SHOWN
from orgs.structure import Change, ChangeKind

COMMITTEE_POSTS = frozenset(PartyPost) - {PartyPost.GROUP_LEADER}
HIGHER_EDUCATION = ("大专", "专科", "本科", "大学", "研究生", "硕士", "博士")
YOUNG = 35


# -- the tree ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Node:
    """An organization in the tree. `members` are those enrolled in it; `term` is "over", "soon" or empty."""

    place: Organization
    members: int
    lacks_secretary: bool
    term: str


def nodes_of(organizations: Iterable[Organization]) -> list[Node]:
    """Return organizations as nodes of the tree; one query for all of them."""
    places = list(organizations)
    counted = (
        Member.objects.present()
        .filter(organization__in=[place.pk for place in places])
        .order_by()
        .values_list("organization")
        .annotate(members=Count("pk"), secretaries=Count("pk", filter=Q(party_post=PartyPost.SECRETARY)))
    )
    found = {place: (members, secretaries) for place, members, secretaries in counted}
    nodes = []
    for place in places:
        members, secretaries = found.get(place.pk, (0, 0))
        lacks = place.is_active and place.is_branch and not secretaries
        nodes.append(Node(place, members, lacks, term_state(place) if place.is_active else ""))
    return nodes


def term_state(organization: Organization) -> str:
    """Return "over" for a term that has ended, "soon" for one that ends within the time of reminding, else ""."""
    ends_on, today = organization.term_ends_on, clock.today()
    if ends_on is None or ends_on > months_after(today, REMINDER_MONTHS):
        return ""
    return "over" if ends_on < today else "soon"


def children_page(organization: Organization, user: Any, after: str = "") -> tuple[list[Node], str]:
    """Return what hangs directly below `organization`, as far as `user` sees it, behind the step `after`; and the step
    after which there is more ("" for none)."""
    children: OrganizationQuerySet = Organization.objects.visible_to(user).children_of(organization)
    if after:
        children = children.filter(path__gt=organization.path + after)
    found = list(children[: CHILDREN_SHOWN + 1])
    shown = found[:CHILDREN_SHOWN]
    more = shown[-1].path[-Organization.steplen :] if len(found) > len(shown) else ""
    return nodes_of(shown), more


def ways_to(organizations: Sequence[Organization], user: Any) -> dict[int, str]:
    """Return the names of what stands above each organization, as far as `user` sees it; one query for all."""
    paths = {path for place in organizations for path in place.paths_above}
    above = Organization.objects.visible_to(user).filter(path__in=paths)
    names = {place.path: place.display_name for place in above}
    return {place.pk: " › ".join(names[path] for path in place.paths_above if path in names) for place in organizations}


def by_term(queryset: OrganizationQuerySet, state: str) -> OrganizationQuerySet:
    """Keep active organizations whose term has ended ("over"), ends soon ("soon") or is not known ("unknown")."""
    today, kept = clock.today(), queryset.active().exclude(type=OrganizationType.CELL)
    if state == "over":
        return kept.filter(term_ends_on__lt=today)
    if state == "soon":
        return kept.filter(term_ends_on__range=(today, months_after(today, REMINDER_MONTHS)))
    return kept.filter(term_ends_on=None)


# -- the page of an organization -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Numbers:
    """Members of an organization with all below it (form d.2); `rows` are (label, number) beyond the first three, empty
    where there are more than can be counted."""

    members: int
    full: int
    probationary: int
    rows: tuple[tuple[str | Promise, int], ...]

    @property
    def uncounted(self) -> bool:
        return self.members > BOUND

    @property
    def members_text(self) -> str:
        return f"{BOUND:,}+".replace(",", " ") if self.uncounted else str(self.members)


def numbers_of(organization: Organization) -> Numbers:
    """Count the members in the subtree of an organization that the caller has passed through the gate: one query, which
    reads at most BOUND of them."""
    higher = Q()
    for word in HIGHER_EDUCATION:
        higher |= Q(education__contains=word)
    young = Q(birth_date__gt=years_after(clock.today(), -YOUNG - 1))
    present = Member.objects.present().in_subtree(organization).order_by()
    found = Member.objects.filter(pk__in=present.values("pk")[: BOUND + 1]).aggregate(
        members=Count("pk"),
        full=Count("pk", filter=Q(kind=MembershipKind.FULL)),
        probationary=Count("pk", filter=Q(kind=MembershipKind.PROBATIONARY)),
        women=Count("pk", filter=Q(sex=Sex.FEMALE)),
        minority=Count("pk", filter=~Q(ethnicity__in=("", "汉族", "汉"))),
        young=Count("pk", filter=young),
        higher=Count("pk", filter=higher),
        frontline=Count("pk", filter=Q(is_frontline=True)),
    )
    labels = {
        "women": _("Women"), "minority": _("Ethnic minorities"), "young": _("35 and younger"),
        "higher": _("College and above"), "frontline": _("Front-line members"),
    }  # fmt: skip
    rows = tuple((label, found[name]) for name, label in labels.items())
    counted = found["members"] <= BOUND
    return Numbers(found["members"], found["full"], found["probationary"], rows if counted else ())


def months_left(ends_on: dt.date | None, today: dt.date | None = None) -> int | None:
    """Return the whole months until a term ends (form d.2); negative once it has, None without a term. `today` None: now."""
    if ends_on is None:
        return None
    today = today or clock.today()
    months = (ends_on.year - today.year) * 12 + ends_on.month - today.month
    if ends_on < today:
        return min(months, -1)
    return months - (ends_on.day < today.day)


def findings_of(organization: Organization, members: int, above: Organization | None) -> list[Finding]:
    """Return what the rules see otherwise with an active organization that has so many members; one query for a branch."""
    if not organization.is_active:
        return []
    full = committee = 0
    if organization.type in BRANCH_TYPES:
        here = Member.objects.filter(organization=organization, status__in=PRESENT).aggregate(
            full=Count("pk", filter=Q(kind=MembershipKind.FULL)),
            committee=Count("pk", filter=Q(party_post__in=COMMITTEE_POSTS)),
        )
        full, committee = here["full"], here["committee"]
    sizes = Sizes(members=members, full=full, committee=committee)
    term = (organization.type, organization.term_started_on, organization.term_ends_on, clock.today())
    return [
        *term_findings(*term),
        *place_findings(organization.type, above.type if above else None),
        *size_findings(organization.type, sizes, covered_units=organization.covered_units),
    ]


def findings_of_change(change: Change, made_type: str = "", *, below: bool = False) -> list[Finding]:
    """Return what the rules would see otherwise after a change: where the organization, or the new one of `made_type`,
    would stand, and how large a merged branch would be."""
    organization, target = change.organization, change.target
    if change.kind == ChangeKind.MOVE and target is not None:
        return list(place_findings(organization.type, target.type))
    if change.kind == ChangeKind.SPLIT and made_type:
        above = organization if below else change.parent
        return list(place_findings(made_type, above.type if above else None))
    if change.kind == ChangeKind.MERGE and target is not None and target.type in BRANCH_TYPES:
        both = Member.objects.present().filter(organization__in=(organization, target))
        members = both.count()
        findings = size_findings(target.type, Sizes(members=members, full=members, committee=members))
        return [finding for finding in findings if finding.key == "large"]
    return []
