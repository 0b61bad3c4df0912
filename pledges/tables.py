import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from campaign.common.tables import DayColumn, NumberColumn, StateColumn
from pledges.models import Pledge


class PledgeTable(tables.Table):
    subject_name = tables.Column(linkify=("pledge_detail", {"pk": tables.A("pk")}), verbose_name=_("Pledge of"))
    organization_name = tables.Column(verbose_name=_("Party organization"))
    state = StateColumn()
    item_count = NumberColumn(verbose_name=_("Items"), orderable=False)
    kept_count = NumberColumn(verbose_name=_("Kept"), orderable=False)
    submitted_at = DayColumn(verbose_name=_("Submitted on"))
    published_at = DayColumn(verbose_name=_("On the board since"))

    class Meta:
        model = Pledge
        fields = (
            "subject_name",
            "organization_name",
            "year",
            "state",
            "item_count",
            "kept_count",
            "submitted_at",
            "published_at",
        )
