"""Asks for the jobs of the fault tests, as the pages would."""

import datetime as dt

from django.db import transaction

from campaign.jobs.models import Job
from campaign.jobs.services import job_request
from campaign.models import Period
from orgs.models import Organization


def ask(kind: str, root: Organization, period: Period, asked: dt.datetime) -> Job:
    """Put a job into the queue; `asked` is the same for all, so that equal jobs write equal files."""
    parameters = {
        "reports.export": {"report": "roster", "organization": root.pk, "format": "xlsx"},
        "scoring.run": {"period": period.pk, "organization": root.pk},
    }[kind]
    with transaction.atomic():
        job = job_request(kind=kind, actor=None, parameters=parameters)
        Job.objects.filter(pk=job.pk).update(created_at=asked)
    return job
