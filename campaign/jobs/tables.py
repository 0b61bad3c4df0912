import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from campaign.common.tables import MomentColumn, StateColumn
from campaign.jobs.models import Job


class JobTable(tables.Table):
    label = tables.Column(_("job"), linkify=("jobs_detail", [tables.A("pk")]), orderable=False)
    state = StateColumn(orderable=False)
    message = tables.Column(orderable=False)
    created_at = MomentColumn()
    finished_at = MomentColumn()

    class Meta:
        model = Job
        fields = ("label", "state", "message", "created_at", "finished_at")
