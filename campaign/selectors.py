"""Reads of the campaign."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q

from campaign.common import clock
from campaign.common.access import paths_of, under
from campaign.common.capabilities import Cap
from campaign.models import (
    Action,
    Campaign,
    CampaignQuerySet,
    CampaignStage,
    CampaignState,
    Period,
    StageAction,
    Standard,
)
from orgs.models import Organization
from orgs.models.organizations import BRANCH_TYPES, OrganizationQuerySet


def campaigns_for(user: Any) -> CampaignQuerySet:
    """Return the campaigns that `user` may see."""
    return Campaign.objects.visible_to(user).select_related("organization")


def current_campaign(user: Any) -> Campaign | None:
    """Return the running campaign that began last among those the user takes part in: what pages start from."""
    running = Campaign.objects.taken_part_in_by(user).running().select_related("organization")
    return running.order_by("-starts_on", "-pk").first()


def action_allowed(campaign: Campaign, action: Action, day: dt.date | None = None) -> bool:
    """Tell whether the campaign is running and its stage of `day` (today) carries `action`."""
    moment = day or clock.today()
    return StageAction.objects.filter(
        stage__campaign=campaign,
        stage__campaign__state=CampaignState.RUNNING,
        action=action,
        stage__starts_on__lte=moment,
        stage__ends_on__gte=moment,
    ).exists()


def current_period(campaign: Campaign, day: dt.date | None = None) -> Period | None:
    """Return the period that holds `day` (today), else the last one that began before it."""
    moment = day or clock.today()
    return campaign.periods.filter(starts_on__lte=moment).order_by("-starts_on").first()


def campaign_holders(user: Any) -> OrganizationQuerySet:
    """Return the organizations for which `user` may start a campaign: where the office is held, and directly below."""
    condition = Q(pk__in=())
    for path in paths_of(user, Cap.CAMPAIGN_MANAGE):
        condition |= under(path) & Q(depth__lte=len(path) // Organization.steplen + 1)
    found: OrganizationQuerySet = Organization.objects.active().filter(condition).exclude(type__in=BRANCH_TYPES)
    return found


def campaign_stages(campaign: Campaign) -> list[CampaignStage]:
    """Return the stages in order, each with its allowed actions: two queries."""
    actions = Prefetch("actions", StageAction.objects.order_by("pk"))
    return list(campaign.stages.order_by("order").prefetch_related(actions))


@dataclass(frozen=True)
class StageProgress:
    """Where a campaign stands today: day `day` of `days` of its present stage."""

    stage: CampaignStage
    number: int
    stages: int
    day: int
    days: int

    @property
    def left(self) -> int:
        """How many days are left after today."""
        return self.days - self.day


def stage_progress(stages: list[CampaignStage], today: dt.date | None = None) -> StageProgress | None:
    """Return where a campaign with these stages stands on `today`, None between and outside its stages."""
    moment = today or clock.today()
    for number, stage in enumerate(stages, start=1):
        if stage.starts_on <= moment <= stage.ends_on:
            days = (stage.ends_on - stage.starts_on).days + 1
            return StageProgress(stage, number, len(stages), (moment - stage.starts_on).days + 1, days)
    return None


def standard_trees(campaign: Campaign) -> list[dict[str, Any]]:
    """Return the standards as nodes for `components/tree.html`, any depth, in one query."""
    below: dict[int | None, list[Standard]] = defaultdict(list)
    for standard in campaign.standards.order_by("order", "pk"):
        below[standard.parent_id].append(standard)

    def nodes(parent: int | None) -> list[dict[str, Any]]:
        return [
            {"label": found.name, "text": found.text, "badge": "" if parent else found.get_audience_display(),
             "children": nodes(found.pk)}
            for found in below[parent]
        ]  # fmt: skip

    return nodes(None)
