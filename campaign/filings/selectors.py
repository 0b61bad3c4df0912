"""Reads of implementation plans: those in sight, and who has not filed."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, Min, OuterRef, QuerySet

from campaign.common.access import own_paths, under
from campaign.common.capabilities import Cap
from campaign.filings.models import EXPECTED_TYPES, HANDED_IN, ImplementationPlan, PlanQuerySet, PlanState
from campaign.models import Campaign, CampaignStage, CampaignState
from campaign.selectors import current_campaign
from orgs.models import Organization


def plans_for(user: Any) -> PlanQuerySet:
    """Return the plans that `user` sees."""
    return ImplementationPlan.objects.visible_to(user).select_related("organization", "receiver", "campaign")


def plans_to_decide(user: Any) -> PlanQuerySet:
    """Return what was filed with the user and waits."""
    return ImplementationPlan.objects.allowed(user, Cap.PLAN_ACCEPT).filter(
        state=PlanState.FILED, campaign__state=CampaignState.RUNNING
    )


def plan_deadline(campaign: Campaign) -> dt.date | None:
    """Return by when plans are filed: the last day of the campaign's first stage; None without stages [REC]."""
    first = campaign.stages.order_by("order").first()
    return first.ends_on if first else None


def plan_deadlines(campaigns: Any) -> dict[int, dt.date]:
    """Return the deadline of each campaign that has stages; one query."""
    firsts = campaigns.order_by().annotate(first=Min("stages__order")).values_list("pk", "first")
    order = dict(firsts)
    stages = CampaignStage.objects.filter(campaign__in=order).values_list("campaign_id", "order", "ends_on")
    return {campaign: ends_on for campaign, number, ends_on in stages if order[campaign] == number}


def organizations_missing(campaign: Campaign) -> QuerySet[Organization]:
    """Return the organizations that are expected to file a plan for `campaign` and have not."""
    plan = ImplementationPlan.objects.filter(campaign=campaign, organization=OuterRef("pk"), state__in=HANDED_IN)
    found: QuerySet[Organization] = (
        Organization.objects.active()
        .filter(under(campaign.organization.path), ~Exists(plan), type__in=EXPECTED_TYPES)
        .exclude(pk=campaign.organization_id)
    )
    return found


def missing_for(user: Any, campaign: Campaign) -> QuerySet[Organization]:
    """Return those in sight of `user` who have not filed, each with whether a draft or returned plan lies there (`begun`)."""
    begun = ImplementationPlan.objects.filter(
        campaign=campaign, organization=OuterRef("pk"), state__in=(PlanState.DRAFT, PlanState.RETURNED)
    )
    reached = Organization.objects.allowed(user, Cap.PLAN_VIEW)
    found: QuerySet[Organization] = (
        organizations_missing(campaign).filter(pk__in=reached.order_by().values("pk")).annotate(begun=Exists(begun))
    )
    return found


def own_missing(user: Any, campaign: Campaign) -> QuerySet[Organization]:
    """Return the organizations for which the user himself is to file."""
    return organizations_missing(campaign).filter(path__in=own_paths(user, Cap.PLAN_WRITE))


def filing_organizations(user: Any, campaign: Campaign) -> QuerySet[Organization]:
    """Return the organizations for which `user` may begin a plan in `campaign`: without one that is not withdrawn."""
    plan = ImplementationPlan.objects.filter(campaign=campaign, organization=OuterRef("pk")).exclude(
        state=PlanState.WITHDRAWN
    )
    found: QuerySet[Organization] = (
        Organization.objects.allowed(user, Cap.PLAN_WRITE)
        .active()
        .filter(under(campaign.organization.path), ~Exists(plan))
        .exclude(pk=campaign.organization_id)
        .exclude(type="cell")
    )
    return found


def plans_export(user: Any, organization: Organization) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the exported list for the campaign under way: who filed what, then who has not."""
    campaign = current_campaign(user) if user is not None else Campaign.objects.running().order_by("-starts_on").first()
    if campaign is None:
        return
    plans = plans_for(user).filter(campaign=campaign).filter(under(organization.path, "organization__path"))
    for plan in plans.exclude(state__in=(PlanState.WITHDRAWN, PlanState.DRAFT)):
        yield (
            plan.organization.name,
            plan.organization.get_type_display(),
            plan.receiver.name,
            plan.title,
            plan.get_state_display(),
            plan.filed_at.date() if plan.filed_at else None,
            plan.decided_at.date() if plan.decided_at else None,
            plan.return_reason,
        )
    for missing in missing_for(user, campaign).filter(under(organization.path)):
        yield (missing.name, missing.get_type_display(), None, None, "未报备", None, None, None)
