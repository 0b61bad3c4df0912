import django_filters
from django.utils.translation import gettext_lazy as _

from campaign.common.filters import Filters
from campaign.models import Campaign, CampaignState


class CampaignFilter(Filters):
    state = django_filters.ChoiceFilter(label=_("state"), choices=CampaignState.choices, empty_label=_("All"))

    class Meta:
        model = Campaign
        fields = ("state",)
