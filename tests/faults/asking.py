"""Asks for the jobs of the fault tests, as the pages would: one process that stays, since each start costs seconds."""

import datetime as dt
import sys

from django.db import transaction

from campaign.common import clock
from campaign.jobs.models import Job
from campaign.jobs.services import job_request, job_run
from campaign.models import Period
from orgs.models import Organization


def ask(kind: str, root: Organization, period: Period, asked: dt.datetime) -> Job:
    """Put a job into the queue; `asked` is the same for all, so that equal jobs write equal files."""
    parameters = {
        "reports.export": {"report": "roster", "organization": root.pk, "format": "xlsx"},
        "reports.bundle": {
            "reports": ["roster", "pledge_ledger"],
            "organizations": list(root.get_children().order_by("path").values_list("pk", flat=True)[:20]),
            "campaign": period.campaign_id,
            "year": 2026,
            "format": "xlsx",
        },
        "scoring.run": {"period": period.pk, "organization": root.pk},
    }[kind]
    with transaction.atomic():
        job = job_request(kind=kind, actor=None, parameters=parameters)
        Job.objects.filter(pk=job.pk).update(created_at=asked)
    return job


def answer() -> None:
    """Read lines "KIND HOW" and answer each with "JOB id"; "here" as HOW does the job in this process."""
    period, root = Period.objects.get(code="2026H1"), Organization.objects.get(code="ROOT")
    asked = clock.start_of(dt.date(2026, 7, 1))
    for line in sys.stdin:
        kind, how = line.split()
        job = ask(kind, root, period, asked)
        if how == "here":
            job_run(job_id=str(job.pk))
        print("JOB", job.pk.hex, flush=True)
