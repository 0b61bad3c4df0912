"""A world with a running campaign in its first stage, the clock at an ordinary working day of it."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from campaign.common import clock
from campaign.models import Campaign
from pledges.models import Pledge
from pledges.services import ItemDraft, pledge_approve, pledge_save, pledge_start, pledge_submit
from tests.world import World

NOW = clock.start_of(dt.date(2026, 3, 10)) + dt.timedelta(hours=9)


@pytest.fixture(autouse=True)
def _march() -> Iterator[None]:
    with clock.at(NOW):
        yield


@pytest.fixture
def campaign(world: World) -> Campaign:
    return world.campaign()


def item(text: str = "降低故障率", **fields: Any) -> ItemDraft:
    given: dict[str, Any] = {"kind": "post", "target": "低于百分之二", "due_on": dt.date(2026, 6, 20), **fields}
    return ItemDraft(text=text, **given)


def write(world: World, campaign: Campaign, who: str, *items: ItemDraft, org: str = "") -> Pledge:
    """Write a pledge as `who` ("role@key"): that of the organization `org`, else the person's own."""
    actor = world.user(*who.split("@"))
    subject: dict[str, Any] = {"organization": world.orgs[org]} if org else {"member": actor.member}
    pledge = pledge_start(campaign=campaign, actor=actor, **subject)
    return pledge_save(pledge=pledge, actor=actor, version=pledge.version, items=items or (item(),))


def submitted(world: World, campaign: Campaign, who: str, *items: ItemDraft, org: str = "") -> Pledge:
    return pledge_submit(pledge=write(world, campaign, who, *items, org=org), actor=world.user(*who.split("@")))


def published(world: World, campaign: Campaign, who: str, *items: ItemDraft, org: str = "", by: str) -> Pledge:
    pledge = submitted(world, campaign, who, *items, org=org)
    return pledge_approve(pledge=pledge, actor=world.user(*by.split("@")), publish=True)


@pytest.fixture
def browser(world: World) -> Callable[[str], Client]:
    """Return a signed-in client of "role@key"."""

    def signed_in(who: str) -> Client:
        client = Client()
        client.force_login(world.users[who], backend="orgs.authentication.AccountBackend")
        return client

    return signed_in
