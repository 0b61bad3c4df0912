import django_tables2 as tables
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common.tables import MomentColumn, StateColumn
from campaign.jobs.models import Job
from campaign.jobs.selectors import has_file


def file_url(record: Job) -> str | None:
    """Return where a job's file is fetched, as long as it is kept."""
    return reverse("jobs_download", args=[record.pk]) if has_file(record) else None


class JobTable(tables.Table):
    label = tables.Column(_("job"), linkify=("jobs_detail", [tables.A("pk")]), orderable=False)
    state = StateColumn(orderable=False)
    message = tables.Column(orderable=False)
    file_name = tables.Column(orderable=False, linkify=file_url, default="—")
    created_at = MomentColumn()
    finished_at = MomentColumn()

    class Meta:
        model = Job
        fields = ("label", "state", "message", "file_name", "created_at", "finished_at")
