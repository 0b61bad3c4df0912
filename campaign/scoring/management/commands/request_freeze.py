"""Ask for a period to be frozen: `request_freeze --campaign C1 --period 2026H1 --actor USER`. Another person confirms it in the
browser."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaign.common.errors import DomainError
from campaign.models import Period
from campaign.scoring.services import freeze_request
from orgs.models import User


class Command(BaseCommand):
    help = "Ask for a period to be frozen; a second person confirms it in the browser."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--campaign", required=True, metavar="CODE")
        parser.add_argument("--period", required=True, metavar="CODE", help="such as 2026H1")
        parser.add_argument("--actor", required=True, metavar="USER", help="account name of who asks")
        parser.add_argument("--reason", default="", help="what the second person reads beside it")

    def handle(self, *_args: Any, **options: Any) -> None:
        periods = Period.objects.select_related("campaign__organization")
        period = periods.filter(campaign__code=options["campaign"], code=options["period"]).first()
        if period is None:
            raise CommandError(f"There is no period {options['period']} in a campaign {options['campaign']}.")
        actor = User.objects.filter(username=options["actor"], is_active=True).first()
        if actor is None:
            raise CommandError(f"There is no account {options['actor']}.")
        try:
            freeze = freeze_request(actor=actor, period=period, reason=options["reason"])
        except DomainError as refusal:
            raise CommandError(str(refusal) or "This account may not freeze periods.") from refusal
        self.stdout.write(f"{freeze}: {freeze.run.digest}")
