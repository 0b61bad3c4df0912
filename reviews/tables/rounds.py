import django_tables2 as tables
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common.tables import DayColumn, StateColumn
from reviews.models.rounds import EvaluationRound


def round_url(record: EvaluationRound) -> str:
    """Return where a round of the list leads: to its results once they are published."""
    return reverse("round_results" if record.is_published else "round_detail", args=[record.pk])


class RoundTable(tables.Table):
    name = tables.Column(_("round"), linkify=round_url)
    organization = tables.Column(_("held by"), accessor="organization__display_name", orderable=False)
    audience = tables.Column(_("evaluates"), orderable=False)
    opens = DayColumn(verbose_name=_("from"), accessor="ballot__opens_at", orderable=False)
    closes = tables.Column(_("until"), accessor="ballot__closes_at", order_by=("ballot__closes_at", "pk"))
    state = StateColumn(verbose_name=_("state"), orderable=False)

    class Meta:
        model = EvaluationRound
        fields = ("name", "organization", "audience", "opens", "closes", "state")
        order_by = "-closes"

    def render_closes(self, record: EvaluationRound) -> str:
        return record.last_day.isoformat()
