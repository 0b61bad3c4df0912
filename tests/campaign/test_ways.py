"""What pages say when there is no campaign, and where they lead back to."""

import html
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaign.models import CampaignState
from pledges.services import pledge_start
from tests.world import World

pytestmark = pytest.mark.django_db


FIELD = {"score_run": "period", "round_create": "campaign", "batch_create": "opens_on"}
"""A field of each form."""


def page(world: World, who: str, name: str, *args: Any) -> str:
    client = Client()
    client.force_login(world.users[who], backend="orgs.authentication.AccountBackend")
    return html.unescape(client.get(reverse(name, args=args), follow=True).content.decode())


@pytest.mark.parametrize("name", FIELD)
def test_what_belongs_to_a_campaign_is_not_begun_without_one(world: World, name: str) -> None:
    told = page(world, "office@root", name)
    assert "目前没有进行中的活动" in told.partition("note-error")[2].partition("</div>")[0]
    world.campaign()
    begun = page(world, "office@root", name)
    assert "note-error" not in begun
    assert f'name="{FIELD[name]}"' in begun


def test_a_campaign_whose_periods_are_frozen_has_nothing_to_compute(world: World) -> None:
    world.campaign().periods.update(state="frozen")
    assert "没有可以计算的考核期" in page(world, "office@root", "score_run")


def test_the_office_is_told_to_begin_a_campaign_and_nobody_else(world: World) -> None:
    begin = f'href="{reverse("campaign_create")}"'
    assert begin in page(world, "office@root", "home")
    assert begin not in page(world, "member@east_one", "home")
    campaign = world.campaign()
    assert begin not in page(world, "office@root", "home")
    type(campaign).objects.update(state=CampaignState.CLOSED)
    assert begin in page(world, "office@root", "home")


def test_ones_own_pledge_lies_under_ones_own(world: World) -> None:
    member = world.members["east_one"][1]
    pledge = pledge_start(campaign=world.campaign(), actor=world.user("member", "east_one"), member=member)

    def above(who: str) -> str:
        shown = page(world, who, "pledge_detail", pledge.pk)
        return shown.partition('class="breadcrumb"')[2].partition("</ol>")[0]

    assert reverse("pledge_mine") in above("member@east_one")
    assert f'"{reverse("pledge_list")}"' in above("secretary@east_one")
