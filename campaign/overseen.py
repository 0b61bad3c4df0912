"""Objects of the core whose readers and history can be looked at."""

from campaign.common.capabilities import Cap
from campaign.common.oversight import ObjectKind, kinds
from campaign.models import Campaign


def of_campaign(_campaign: Campaign) -> tuple[Cap, ...]:
    """Seen from its organization downward, and by who sets up campaigns."""
    return Cap.CAMPAIGN_VIEW, Cap.CAMPAIGN_MANAGE


kinds.register(ObjectKind("campaign", Campaign, "campaign_detail", (Cap.CAMPAIGN_MANAGE,), seen_by=of_campaign))
