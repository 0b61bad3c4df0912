"""What appraisals keep open in a stage that carries evaluation."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.blockers import Blocker
from campaign.models import Action, Campaign, CampaignStage
from reviews.models.appraisal import BranchAppraisal, BranchState


def blockers_of(campaign: Campaign, stage: CampaignStage, viewer: Any) -> list[Blocker]:
    """Branches whose appraisal is not confirmed, as far as `viewer` may see them. One query."""
    if Action.EVALUATE not in {each.action for each in stage.actions.all()}:
        return []
    open_ = BranchAppraisal.objects.visible_to(viewer).under_way().filter(appraisal__campaign=campaign)
    left = open_.exclude(state=BranchState.CONFIRMED).count()
    return [Blocker(_("Branches whose appraisal of members is not confirmed"), left, reverse("appraisal_list"))]
