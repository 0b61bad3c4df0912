"""What keeps a stage from closing: each app registers what is still open in it; the page of the campaign shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from campaign.common.registry import Registry
from campaign.models import Campaign, CampaignStage


@dataclass(frozen=True)
class Blocker:
    """`count` of things that are not done yet, behind `url`."""

    label: str | Promise
    count: int
    url: str


@dataclass(frozen=True)
class BlockerSource:
    """`of(campaign, stage, viewer)` gives what is open in a stage; at most two queries, whatever the numbers."""

    key: str
    of: Callable[[Campaign, CampaignStage, Any], list[Blocker]]


blockers: Registry[BlockerSource] = Registry("blockers")


def open_in(campaign: Campaign, stage: CampaignStage, viewer: Any) -> list[Blocker]:
    """Return what is still open in `stage`, as far as `viewer` may see it."""
    return [found for source in blockers for found in source.of(campaign, stage, viewer) if found.count]
