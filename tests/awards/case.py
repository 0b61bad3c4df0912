"""What the tests of awards share."""

import datetime as dt
from typing import Any

from awards.models import AwardBatch, AwardCategory, Nomination
from awards.services import batch_close, batch_create, batch_open, nomination_create, nomination_submit
from campaign.common import clock
from campaign.models import Campaign
from orgs.models import Member, Organization
from tests.world import World

DAY = dt.date(2026, 7, 10)
NOON = clock.start_of(DAY) + dt.timedelta(hours=12)
"""In the second stage of the built-in campaign, which carries nominations and decisions."""
DEEDS = "三年来带领班组完成技改十二项,安全生产一千天。"


def made(world: World, campaign: Campaign, at: str = "root", **options: Any) -> AwardBatch:
    given: dict[str, Any] = {
        "name": "二〇二六年七一表彰",
        "opens_on": DAY,
        "closes_on": DAY + dt.timedelta(days=20),
        "quotas": {"excellent_member": 2, "excellent_worker": 1, "advanced_organization": 1},
        **options,
    }
    return batch_create(actor=world.user("staff", at), campaign=campaign, organization=world.orgs[at], **given)


def opened(world: World, campaign: Campaign, at: str = "root", **options: Any) -> AwardBatch:
    return batch_open(batch=made(world, campaign, at, **options), actor=world.user("staff", at))


def closed(world: World, batch: AwardBatch) -> AwardBatch:
    at = next(key for key, organization in world.orgs.items() if organization.pk == batch.organization_id)
    return batch_close(batch=AwardBatch.objects.get(pk=batch.pk), actor=world.user("staff", at))


def category(batch: AwardBatch, kind: str = "excellent_member") -> AwardCategory:
    return AwardCategory.objects.select_related("batch__organization").get(batch=batch, kind=kind)


def nominated(
    world: World,
    batch: AwardBatch,
    nominee: Member | Organization,
    *,
    by: str = "secretary@east_one",
    kind: str = "excellent_member",
    deeds: str = DEEDS,
) -> Nomination:
    role, at = by.split("@")
    actor = world.user(role, at)
    nomination = nomination_create(
        actor=actor, category=category(batch, kind), organization=world.orgs[at], nominee=nominee, deeds=deeds
    )
    return nomination_submit(nomination=nomination, actor=actor)


def fresh(nomination: Nomination) -> Nomination:
    return Nomination.objects.get(pk=nomination.pk)
