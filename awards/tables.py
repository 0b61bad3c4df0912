import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from awards.models import AwardBatch, Honour, Nomination
from campaign.common.tables import DayColumn, StateColumn


class BatchTable(tables.Table):
    name = tables.Column(_("Award batch"), linkify=("batch_detail", [tables.A("pk")]), orderable=False)
    organization = tables.Column(_("Held by"), accessor="organization__display_name", orderable=False)
    opens_on = DayColumn(verbose_name=_("Nominations from"), order_by=("opens_on", "pk"))
    closes_on = DayColumn(verbose_name=_("Nominations until"), order_by=("closes_on", "pk"))
    state = StateColumn(verbose_name=_("State"), orderable=False)

    class Meta:
        model = AwardBatch
        fields = ("name", "organization", "opens_on", "closes_on", "state")


class NominationTable(tables.Table):
    nominee_name = tables.Column(_("Nominee"), linkify=("nomination_detail", [tables.A("pk")]), orderable=False)
    category = tables.Column(_("Award category"), accessor="category__name", order_by=("category__order", "pk"))
    nominee_organization = tables.Column(
        _("Party organization"), accessor="nominee_organization__display_name", orderable=False
    )
    organization = tables.Column(_("Nominated by"), accessor="organization__display_name", orderable=False)
    state = StateColumn(verbose_name=_("State"), orderable=False)

    class Meta:
        model = Nomination
        fields = ("nominee_name", "category", "nominee_organization", "organization", "state")


class HonourTable(tables.Table):
    name = tables.Column(_("Honoured"), orderable=False)
    title = tables.Column(_("Honour"), orderable=False)
    organization_name = tables.Column(_("Party organization"), orderable=False)
    batch = tables.Column(_("Award batch"), accessor="batch__name", orderable=False)
    decided_on = DayColumn(verbose_name=_("Decided on"), order_by=("decided_on", "number"))
    number = tables.Column(_("Certificate number"), orderable=False, attrs={"td": {"class": "text-nowrap"}})

    class Meta:
        model = Honour
        fields = ("name", "title", "organization_name", "batch", "decided_on", "number")
