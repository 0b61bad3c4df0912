import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from campaign.common.tables import DayColumn, StateColumn
from campaign.models import Campaign, Period


class CampaignTable(tables.Table):
    name = tables.Column(linkify=("campaign_detail", [tables.A("pk")]))
    organization = tables.Column(_("held by"), order_by=("organization__path",))
    state = StateColumn()
    starts_on = DayColumn()
    ends_on = DayColumn()

    class Meta:
        model = Campaign
        fields = ("name", "code", "organization", "state", "starts_on", "ends_on")


class PeriodTable(tables.Table):
    name = tables.Column(_("Period"))
    state = StateColumn()
    starts_on = DayColumn()
    ends_on = DayColumn()

    class Meta:
        model = Period
        fields = ("name", "kind", "starts_on", "ends_on", "state")
        orderable = False
