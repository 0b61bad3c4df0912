"""Cases of campaigns: seen from where they are held downward, set up by the office from its place downward."""

import datetime as dt
from typing import Any

from campaign.common.capabilities import Cap
from campaign.models import Campaign, CampaignState
from campaign.services import campaign_create
from tests.permissions.cases import Case, Listed, Scoped, Target, case, lists, mark, scoped
from tests.permissions.oracle import BRANCHES, expected
from tests.world import World

STARTS_ON = dt.date(2025, 1, 1)
"""Before the campaign of the group, which stays the one that pages start from."""


def held(world: World, at: str) -> Campaign:
    code = f"C-{at.replace('_', '-')}-{Campaign.objects.count()}"
    return campaign_create(
        actor=None, organization=world.orgs[at], template="wujiang", code=code, starts_on=STARTS_ON, name=mark(at)
    )


def campaign(world: World, at: str) -> Target:
    made = held(world, at)

    def rule(actor: str, capability: Cap) -> bool:
        """Whoever sets up a campaign for an organization below sees it as well."""
        sets_up = capability == Cap.CAMPAIGN_VIEW and expected(actor, Cap.CAMPAIGN_MANAGE, at)
        return sets_up or expected(actor, capability, at)

    return Target(made, {"pk": made.pk}, marker=mark(at), rule=rule)


def stage(world: World, at: str) -> Target:
    target = campaign(world, at)
    last = held_stages(target.record)[-1]
    payload = {
        "name": "第三时段", "focus": "改过的", "starts_on": last.starts_on, "ends_on": last.ends_on,
        "version": last.version,
    }  # fmt: skip
    return Target(target.record, {**target.kwargs, "stage_pk": last.pk}, payload, marker=target.marker)


def closing(world: World, at: str) -> Target:
    target = campaign(world, at)
    return Target(target.record, target.kwargs, {"step": "campaign_close"}, marker=target.marker)


def reopening(world: World, at: str) -> Target:
    target = campaign(world, at)
    Campaign.objects.filter(pk=target.kwargs["pk"]).update(state=CampaignState.CLOSED)
    payload = {"step": "campaign_reopen", "reason": "还有工作要做"}
    return Target(target.record, target.kwargs, payload, marker=target.marker)


def held_stages(made: Any) -> list[Any]:
    return list(made.stages.order_by("order"))


def new(world: World, at: str) -> Target:
    return Target(
        payload={"template": "wujiang", "organization": world.orgs[at].pk, "starts_on": "2026-01-01", "code": "P1"}
    )


def not_offered(actor: str, at: str) -> bool:
    """An office starts campaigns for its own organization and those directly below, never for a branch."""
    near = {"office@root": ("root", "east", "west"), "office@east": ("east",)}
    return at in BRANCHES or at not in near.get(actor, ())


case("campaign_list", Case())
case("campaign_detail", Case(make=campaign))
case("campaign_stage_update", Case(make=stage))
case("campaign_step", Case(make=closing), Case(make=reopening))
case("campaign_create", Case(make=new, named_in_form=True, told=not_offered))
lists.append(Listed("campaign_list", campaign, Cap.CAMPAIGN_VIEW))
scoped.append(Scoped(campaign))
