"""Plans on the desk: what waits for a decision, what came back, what is still to be filed."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import holds
from campaign.common.capabilities import Cap
from campaign.common.desk import Tile
from campaign.filings.models import ImplementationPlan, PlanState
from campaign.filings.selectors import own_missing, plan_deadline, plans_to_decide
from campaign.models import CampaignState
from campaign.selectors import current_campaign

SOON_DAYS = 30


def tiles(user: Any) -> list[Tile]:
    """At most five queries, and none for whom plans do not concern."""
    found = []
    if holds(user, Cap.PLAN_ACCEPT):
        waiting = plans_to_decide(user).count()
        url = f"{reverse('plan_list')}?which=to_decide"
        found.append(Tile(_("Implementation plans to check"), waiting, url, "file-description", "warning"))
    if not holds(user, Cap.PLAN_WRITE):
        return found
    returned = ImplementationPlan.objects.allowed(user, Cap.PLAN_WRITE).filter(
        state=PlanState.RETURNED, campaign__state=CampaignState.RUNNING
    )
    url = f"{reverse('plan_list')}?state=returned"
    found.append(Tile(_("Implementation plans returned"), returned.count(), url, "file-description", "danger"))
    return found + _missing(user)


def _missing(user: Any) -> list[Tile]:
    campaign = current_campaign(user)
    missing = own_missing(user, campaign).count() if campaign else 0
    if campaign is None or not missing:
        return []
    deadline = plan_deadline(campaign)
    left = (deadline - clock.today()).days if deadline else SOON_DAYS
    urgency = "danger" if left < 0 else "warning" if left < SOON_DAYS else "primary"
    hint = _("by %(day)s") % {"day": deadline.isoformat()} if deadline else ""
    return [
        Tile(_("Implementation plan not filed"), missing, reverse("plan_create"), "file-description", urgency, hint)
    ]
