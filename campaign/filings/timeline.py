"""Plans on the page of an organization; they are nobody's own."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.filings.models import ImplementationPlan, PlanState
from orgs.models import Member, Organization
from orgs.timeline import TimelineEntry

SHOWN = 20


def of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    """A plan belongs to an organization."""
    return []


def of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    """The plans that were handed in."""
    plans = ImplementationPlan.objects.visible_to(viewer).filter(organization=organization)
    handed_in = plans.filter(filed_at__isnull=False).exclude(state=PlanState.WITHDRAWN).order_by("-filed_at")
    return [
        TimelineEntry(
            on=timezone.localdate(plan.filed_at),
            label=_("Implementation plan"),
            text=f"{plan.title} · {plan.get_state_display()}",
            url=reverse("plan_detail", args=[plan.pk]),
            icon="file-description",
        )
        for plan in handed_in[:SHOWN]
    ]
