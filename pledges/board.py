"""What the public board shows: a whitelist, so that nothing else can ever appear on it (2-domain (e), visitor)."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from campaign.common.access import under
from campaign.common.capabilities import Cap
from campaign.models import Audience, Campaign
from orgs.models import Organization
from pledges.models import ItemKind, ItemResult, Pledge, PledgeItem


@dataclass(frozen=True)
class BoardItem:
    kind: ItemKind
    text: str
    due_on: dt.date | None
    result: ItemResult


@dataclass
class BoardEntry:
    """One pledge on the board: name, unit, post, and its items."""

    name: str
    unit: str
    post: str
    of_organization: bool
    items: list[BoardItem] = field(default_factory=list)


def board_pledges(organization: Organization, campaign: Campaign | None, year: int) -> Any:
    """Return the published pledges of an organization and all below it: each organization's own before its members'."""
    return (
        Pledge.objects.public()
        .filter(under(organization.path, "organization__path"), campaign=campaign, year=year)
        .order_by("organization__path", "-subject_kind", "member__pinyin", "pk")
        .values("pk", "subject_kind", "subject_name", "organization_name", "post")
    )


def board_entries(rows: Any) -> list[BoardEntry]:
    """Return the entries of a page of `board_pledges`, with their items: one query for the items of all."""
    found = list(rows)
    items = defaultdict(list)
    shown = PledgeItem.objects.filter(pledge__in=[row["pk"] for row in found]).order_by("pledge", "order")
    for pledge, kind, text, due_on, result in shown.values_list("pledge", "kind", "text", "due_on", "result"):
        items[pledge].append(BoardItem(ItemKind(kind), text, due_on, ItemResult(result)))
    return [
        BoardEntry(
            name=row["subject_name"],
            unit=row["organization_name"],
            post=row["post"],
            of_organization=row["subject_kind"] == Audience.ORGANIZATION,
            items=items[row["pk"]],
        )
        for row in found
    ]


def boards_around(organization: Organization, user: Any) -> list[Organization]:
    """Return the boards one step up and down that `user` may see."""
    reachable = Organization.objects.allowed(user, Cap.BOARD_VIEW).active()
    below = under(organization.path)
    steps = reachable.filter(below, depth=organization.depth + 1) | reachable.filter(path=organization.parent_path)
    return list(steps.order_by("path"))
