"""Lists of implementation plans."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from campaign.common.tables import WIDE, MomentColumn, StateColumn
from campaign.filings.models import ImplementationPlan
from orgs.models import Organization


class PlanTable(tables.Table):
    title = tables.Column(linkify=("plan_detail", {"pk": tables.A("pk")}), attrs=WIDE, orderable=False)
    organization = tables.Column(accessor="organization__display_name", order_by=("organization__path", "pk"))
    receiver = tables.Column(accessor="receiver__display_name", orderable=False)
    state = StateColumn(orderable=False)
    filed_at = MomentColumn(default="—")

    class Meta:
        model = ImplementationPlan
        fields = ("title", "organization", "receiver", "state", "filed_at")
        order_by = ()


class MissingTable(tables.Table):
    name = tables.Column(linkify=("organization_detail", {"pk": tables.A("pk")}), order_by=("path",))
    type = tables.Column(orderable=False)
    begun = tables.BooleanColumn(
        verbose_name=_("begun"), yesno=(_("a draft or returned plan lies there"), "—"), orderable=False
    )

    class Meta:
        model = Organization
        fields = ("name", "type", "begun")
        order_by = ()
