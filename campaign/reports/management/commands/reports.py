"""List the reports by key."""

from typing import Any

from django.core.management.base import BaseCommand

from campaign.reports.registry import reports


class Command(BaseCommand):
    help = "List the keys of all reports."

    def handle(self, *args: Any, **options: Any) -> None:
        for report in reports:
            self.stdout.write(f"{report.key:24} {report.form:6} {report.label}")
