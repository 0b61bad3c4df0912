"""An item as it is written, and what is stored of it."""

import datetime as dt
from dataclasses import dataclass

from campaign.models import Standard
from orgs.models import Member, Organization
from pledges.models import Pledge, PledgeItem


@dataclass(frozen=True)
class ItemDraft:
    """An item as it is written: `due_on` and `target` may be missing until the pledge is submitted."""

    kind: str
    text: str
    target: str = ""
    due_on: dt.date | None = None
    baseline: str = ""
    standard: Standard | None = None
    production_task: str = ""


def drafted(item: PledgeItem) -> ItemDraft:
    """Return an item as it was written."""
    return ItemDraft(
        kind=item.kind,
        text=item.text,
        target=item.target,
        due_on=item.due_on,
        baseline=item.baseline,
        standard=item.standard,
        production_task=item.production_task,
    )


def stored_item(pledge: Pledge, order: int, item: ItemDraft) -> PledgeItem:
    """Return the item to store, in its place in a pledge."""
    return PledgeItem(
        pledge=pledge,
        order=order,
        kind=item.kind,
        text=item.text.strip(),
        baseline=item.baseline.strip(),
        target=item.target.strip(),
        due_on=item.due_on,
        standard=item.standard,
        production_task=item.production_task.strip(),
    )


def names_of(place: Organization, member: Member | None) -> dict[str, str]:
    """Return the names as they are now: the pledge keeps them."""
    if member is None:
        return {"subject_name": place.name, "organization_name": place.name}
    posts = (member.get_party_post_display(), member.admin_post or member.job)
    return {
        "subject_name": member.name,
        "organization_name": place.name,
        "post": "、".join(post for post in posts if post)[:60],
    }
