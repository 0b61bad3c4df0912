"""Compute the scores of a period now: `compute_scores --campaign C1 --period 2026H1 [--org CODE] [--actor USER]`."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaign.common.errors import DomainError
from campaign.jobs.models import Job, JobState
from campaign.jobs.services import job_run
from campaign.models import Period
from campaign.scoring.services import score_run_request
from orgs.management.named import account_named, organization_named


class Command(BaseCommand):
    help = "Compute the scores of a period and print the counts and the digest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--campaign", required=True, metavar="CODE")
        parser.add_argument("--period", required=True, metavar="CODE", help="such as 2026H1")
        parser.add_argument("--org", metavar="CODE", help="only this organization and what is below it")
        parser.add_argument("--actor", metavar="USER", help="account name; without it the system acts")

    def handle(self, *_args: Any, **options: Any) -> None:
        period = Period.objects.filter(campaign__code=options["campaign"], code=options["period"]).first()
        if period is None:
            raise CommandError(f"There is no period {options['period']} in a campaign {options['campaign']}.")
        place = organization_named(options["org"]) if options["org"] else period.campaign.organization
        try:
            job = score_run_request(actor=account_named(options["actor"]), period=period, organization=place)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from refusal
        self._report(_finished(job))

    def _report(self, job: Job) -> None:
        if job.state != JobState.SUCCEEDED:
            raise CommandError(job.message)
        self.stdout.write(job.message)
        for name, value in job.figures.items():
            self.stdout.write(f"{name}: {value}")


def _finished(job: Job) -> Job:
    """Do the job here, unless a worker was quicker: then wait for it."""
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    while job.is_active:
        time.sleep(0.5)
        job_run(job_id=str(job.pk))  # takes over if that worker has died
        job.refresh_from_db()
    return job
