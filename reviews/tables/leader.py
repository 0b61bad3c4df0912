import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from campaign.common.tables import DayColumn, StateColumn
from reviews.models.leader import LeaderReview


class LeaderReviewTable(tables.Table):
    subject_name = tables.Column(_("Who is reviewed"), linkify=("review_detail", [tables.A("pk")]), orderable=False)
    organization = tables.Column(_("Party organization"), accessor="organization__display_name", orderable=False)
    period = tables.Column(_("Half-year"), accessor="period__name", order_by=("period__starts_on", "pk"))
    held_on = DayColumn(verbose_name=_("Reviewed on"), order_by=("held_on", "pk"))
    reviewer_name = tables.Column(_("Review written by"), orderable=False)
    mode = tables.Column(_("Mode of review"), orderable=False)
    state = StateColumn(verbose_name=_("State"), orderable=False)

    class Meta:
        model = LeaderReview
        fields = ("subject_name", "organization", "period", "held_on", "reviewer_name", "mode", "state")
        order_by = "-held_on"
