"""Changes of the structure (move, merge, split, out of use and back), and what each of them touches.

Before somebody confirms a change, every app says here what it touches (`Touch`), what stands against it (`refusal`), and
what of its open records goes along (`follow`). Records of what happened stay with the organization it happened in: they
point to it by key, and one that is out of use keeps its place in the tree.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.common import clock
from campaign.common.access import under
from campaign.common.registry import Registry
from orgs.models import (
    ContactPoint,
    HeadCount,
    LeadershipPost,
    Member,
    Organization,
    OrganizationQuerySet,
    RoleAssignment,
    Transfer,
    User,
    Worker,
)


class ChangeKind(TextChoices):
    MOVE = "move", gettext_lazy("Move")
    MERGE = "merge", gettext_lazy("Merge")
    SPLIT = "split", gettext_lazy("Split")
    DEACTIVATE = "deactivate", gettext_lazy("Deactivate")
    ACTIVATE = "activate", gettext_lazy("Activate")


@dataclass(frozen=True)
class Change:
    """A change of the structure that is looked at or under way.

    `parent` is the organization above before it. `target` is the new one above (move), the one that takes over (merge), or
    the new one (split; None before it is made). `members` and `children` name who goes to the target of a split: keys of
    members of `organization` and of organizations directly below it.
    """

    kind: ChangeKind
    organization: Organization
    parent: Organization | None
    target: Organization | None = None
    members: frozenset[int] = field(default_factory=frozenset)
    children: frozenset[int] = field(default_factory=frozenset)

    @property
    def empties(self) -> bool:
        """Whether the organization is out of use afterwards."""
        return self.kind in (ChangeKind.MERGE, ChangeKind.DEACTIVATE)


@dataclass(frozen=True)
class Touch:
    """One line of the preview: how many of what, and what becomes of them."""

    label: str | Promise
    count: int
    becomes: str | Promise
    icon: str = "point"


@dataclass(frozen=True)
class TouchSource:
    """What one app says of a change, each in a constant number of queries.

    `touches` gives lines of the preview; `refusal` a reason why the change cannot be now ("" for none; asked again when the
    change is made, under the lock of the tree); `follow` is called in the transaction of the change, after it, so that open
    records go along.
    """

    key: str
    touches: Callable[[Change], list[Touch]]
    refusal: Callable[[Change], str] | None = None
    follow: Callable[[Change], None] | None = None


structure_touches: Registry[TouchSource] = Registry("structure touches")


def touches_of(change: Change) -> list[Touch]:
    """Return every line of the preview that counts something."""
    return [touch for source in structure_touches for touch in source.touches(change) if touch.count]


def refusals_of(change: Change) -> list[str]:
    """Return what stands against the change in any app."""
    found = (source.refusal(change) for source in structure_touches if source.refusal)
    return [text for text in found if text]


def follow_all(change: Change) -> None:
    """Let the open records of every app go along."""
    for source in structure_touches:
        if source.follow:
            source.follow(change)


def fingerprint(change: Change, touches: list[Touch]) -> str:
    """Return what tells whether somebody confirms the preview that was shown: other numbers give another one."""
    version = change.target.version if change.target else 0
    said = [(str(touch.label), touch.count) for touch in touches]
    written = f"{change.kind} {change.organization.version} {version} {change.organization.path} {said}"
    return hashlib.blake2b(written.encode(), digest_size=12).hexdigest()


# -- what lies in this app -----------------------------------------------------------------------------------------


def moving_children(change: Change) -> OrganizationQuerySet:
    """Return the organizations directly below that go to the target; those out of use stay where they were."""
    below: OrganizationQuerySet = Organization.objects.children_of(change.organization).active()
    return below if change.kind == ChangeKind.MERGE else below.filter(pk__in=change.children)


def touches(change: Change) -> list[Touch]:
    """What a change touches of organizations, members, accounts and roles."""
    if change.kind == ChangeKind.MOVE:
        return _of_move(change)
    going = _of_those_going(change) if change.kind in (ChangeKind.MERGE, ChangeKind.SPLIT) else []
    return [*going, *(_of_those_ending(change.organization) if change.empties else [])]


def _of_move(change: Change) -> list[Touch]:
    organization, along = change.organization, _("go along")
    path = under(organization.path, "organization__path")
    below = Organization.objects.in_subtree(organization).exclude(pk=organization.pk)
    transfers = under(organization.path, "source__path") | under(organization.path, "target__path")
    held = RoleAssignment.objects.on(clock.today()).filter(user__is_active=True)
    lines = [
        Touch(_("Organizations below it"), below.count(), along, "sitemap"),
        Touch(_("Members enrolled"), Member.objects.present().filter(path).count(), along, "users"),
        Touch(_("Accounts in use"), User.objects.filter(path, is_active=True).count(), along, "user-circle"),
        Touch(_("Roles held in it and below"), held.filter(path).count(), _("stay as they are"), "key"),
        Touch(
            _("Transfers under way"), Transfer.objects.open().filter(transfers).count(), _("go on"), "arrows-exchange"
        ),
    ]
    if change.target is not None:
        above, new = set(organization.paths_above), {*change.target.paths_above, change.target.path}
        losing = held.filter(organization__path__in=above - new).count()
        gaining = held.filter(organization__path__in=new - above).count()
        lines += [
            Touch(_("Roles in the organizations that were above it"), losing, _("no longer reach it"), "eye-off"),
            Touch(_("Roles in the organizations that will be above it"), gaining, _("reach it from then on"), "eye"),
        ]
    return lines


def _of_those_going(change: Change) -> list[Touch]:
    """Members, with their accounts, and organizations below, that go to the target."""
    here = {"organization": change.organization}
    merges = change.kind == ChangeKind.MERGE
    members = Member.objects.present().filter(**(here if merges else {"pk__in": change.members}))
    enrolled = _("are enrolled in the other organization; the time here stays in their record")
    lines = [
        Touch(_("Members enrolled"), members.count(), enrolled, "users"),
        Touch(_("Party positions of these members"), members.exclude(party_post="").count(), _("end"), "user-star"),
        Touch(
            _("Organizations directly below it"), moving_children(change).count(),
            _("come below the other organization"), "sitemap",
        ),
    ]  # fmt: skip
    if merges:
        accounts = User.objects.filter(**here, is_active=True).count()
        workers = Worker.objects.active().filter(**here).count()
        added = _("is added where the other has one; else enter it anew")
        lines += [
            Touch(_("Accounts in use"), accounts, _("belong to the other organization; logins stay"), "user-circle"),
            Touch(_("Workers who are no members"), workers, _("go to the other list"), "helmet"),
            Touch(_("Head count of workers"), HeadCount.objects.filter(**here).count(), added, "number"),
        ]
    return lines


def _of_those_ending(organization: Organization) -> list[Touch]:
    """What ends with an organization that goes out of use."""
    end, open_ = _("end"), Q(ends_on=None) | Q(ends_on__gte=clock.today())
    posts = LeadershipPost.objects.filter(open_, organization=organization).count()
    contacts = ContactPoint.objects.filter(open_, organization=organization).count()
    transfers = transfers_touching(organization).count()
    return [
        Touch(_("Roles held in it"), roles_ending(organization).count(), end, "key"),
        Touch(_("Functions in leading group and office"), posts, end, "users-group"),
        Touch(_("Contact points"), contacts, end, "link"),
        Touch(_("Transfers under way"), transfers, _("are withdrawn"), "arrows-exchange"),
    ]


def roles_ending(organization: Organization) -> Any:
    """Return the roles of today and later that are held in exactly this organization."""
    return RoleAssignment.objects.filter(Q(ends_on=None) | Q(ends_on__gte=clock.today()), organization=organization)


def transfers_touching(organization: Organization) -> Any:
    """Return the transfers under way out of, or into, exactly this organization."""
    return Transfer.objects.open().filter(Q(source=organization) | Q(target=organization))
