"""Export a report to a file, with the rights of a user or as the system."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaign.common.errors import DomainError
from campaign.models import Campaign, Period
from campaign.reports.registry import ReportRequest, reports
from campaign.reports.services import FORMATS, report_write
from orgs.management.named import account_named, organization_named


class Command(BaseCommand):
    help = "Write a report as .xlsx or .csv (by the ending of --out). `manage.py reports` lists the keys."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key")
        parser.add_argument("--campaign", default="", help="code of the campaign")
        parser.add_argument("--period", default="", help="code of the period, such as 2026H1")
        parser.add_argument("--year", type=int, default=None, help="year of the campaign, for reports by year")
        parser.add_argument("--org", required=True, help="code or full name of the organization")
        parser.add_argument("--out", required=True, type=Path, help="the file to write")
        parser.add_argument("--actor", default="", help="account name whose rights apply; without it, the system")

    def handle(self, *args: Any, **options: Any) -> None:
        key, out = options["key"], options["out"]
        if key not in reports:
            raise CommandError(f"there is no report {key!r}; `manage.py reports` lists the keys")
        format_ = out.suffix.lstrip(".")
        if format_ not in FORMATS:
            raise CommandError(f"--out must end with one of: {', '.join(FORMATS)}")
        try:
            report_write(report=reports.get(key), request=self._request(options), path=out, format_=format_)
        except DomainError as error:
            out.unlink(missing_ok=True)
            raise CommandError(str(error)) from error
        self.stdout.write(self.style.SUCCESS(f"written: {out}"))

    def _request(self, options: dict[str, Any]) -> ReportRequest:
        campaign = self._campaign(options["campaign"])
        return ReportRequest(
            user=account_named(options["actor"]),
            organization=organization_named(options["org"]),
            campaign=campaign,
            period=self._period(campaign, options["period"]),
            year=options["year"],
        )

    @staticmethod
    def _campaign(code: str) -> Campaign | None:
        campaign = Campaign.objects.filter(code=code).first()
        if code and campaign is None:
            raise CommandError(f"--campaign: there is no campaign {code!r}")
        return campaign

    @staticmethod
    def _period(campaign: Campaign | None, code: str) -> Period | None:
        period = Period.objects.filter(campaign=campaign, code=code).first() if campaign and code else None
        if code and period is None:
            raise CommandError(f"--period: there is no period {code!r} in this campaign")
        return period
