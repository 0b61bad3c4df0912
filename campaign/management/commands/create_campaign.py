"""Make a campaign from a built-in template."""

import datetime as dt
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaign.blueprints import blueprints
from campaign.common.errors import DomainError
from campaign.services import campaign_create
from orgs.management.named import account_named, organization_named
from orgs.models import Organization


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no day; write it as 2026-01-01") from error


class Command(BaseCommand):
    help = "Make a campaign from a built-in template, with its stages, standards and half-year periods."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--template", required=True, help=f"one of: {', '.join(plan.key for plan in blueprints)}")
        parser.add_argument("--code", required=True, help="short and unique, such as C1")
        parser.add_argument("--org", required=True, help="code or full name of the organization that holds it")
        parser.add_argument(
            "--start", required=True, type=_day, metavar="YYYY-MM-DD", help="first day of the first stage"
        )
        parser.add_argument("--name", default="", help="default: the name of the template")
        parser.add_argument("--actor", metavar="USER", help="account whose rights count (default: the system)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            campaign = campaign_create(
                actor=account_named(options["actor"]),
                organization=organization_named(options["org"], Organization.objects.active()),
                template=options["template"],
                code=options["code"],
                starts_on=options["start"],
                name=options["name"],
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{campaign.code}: {campaign.name} ({campaign.starts_on} – {campaign.ends_on})")
