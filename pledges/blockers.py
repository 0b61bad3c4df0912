"""What pledges keep open in a stage: who has not pledged, what waits for review, what waits for appraisal."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.blockers import Blocker
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.models import Action, Campaign, CampaignStage
from pledges.statistics import total_of


def blockers_of(campaign: Campaign, stage: CampaignStage, viewer: Any) -> list[Blocker]:
    """Return them from the summary: one query."""
    organization, year = campaign.organization, clock.today().year
    if not reaches(viewer, Cap.PLEDGE_STATISTICS, organization.path):
        return []
    actions = {each.action for each in stage.actions.all()}
    total = total_of(campaign, year, organization)

    def blocker(label: Any, count: int, figure: str) -> Blocker:
        url = reverse("pledge_records", args=[organization.pk, campaign.pk, year, figure])
        return Blocker(label, count, url)

    found = []
    if Action.PLEDGE in actions:
        found += [
            blocker(_("Organizations without a pledge"),
                    total["organizations_obliged"] - total["organizations_pledged"], "organizations_missing"),
            blocker(_("Members without a pledge"), total["members_obliged"] - total["members_pledged"], "members_missing"),
            blocker(_("Items waiting for review"), total["items"] - total["approved"] - total["returned"], "waiting"),
        ]  # fmt: skip
    if Action.APPRAISE in actions:
        found.append(blocker(_("Items to appraise"), total["pending"], "pending"))
    return found
