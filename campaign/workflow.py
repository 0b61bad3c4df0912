"""The states of a campaign as a table."""

from django.utils.translation import gettext_lazy as _

from campaign.common.capabilities import Cap
from campaign.common.workflow import Step, Workflow
from campaign.models import Campaign, CampaignState

CAMPAIGNS: Workflow[Campaign] = Workflow(
    Campaign,
    [
        Step(
            "campaign_start",
            (CampaignState.DRAFT,),
            CampaignState.RUNNING,
            Cap.CAMPAIGN_MANAGE,
            _("Start the campaign"),
        ),
        Step(
            "campaign_close",
            (CampaignState.RUNNING,),
            CampaignState.CLOSED,
            Cap.CAMPAIGN_MANAGE,
            _("Close the campaign"),
        ),
        Step(
            "campaign_reopen",
            (CampaignState.CLOSED,),
            CampaignState.RUNNING,
            Cap.CAMPAIGN_MANAGE,
            _("Open the campaign again"),
            needs_reason=True,
        ),
    ],
)
