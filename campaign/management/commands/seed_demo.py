"""Load the demo group into an empty database."""

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaign.audit.services import audit_heads_export
from campaign.common import clock
from campaign.common.errors import DomainError
from campaign.demo.logins import demo_logins
from campaign.demo.people import SIZES
from campaign.demo.seed import demo_seed
from campaign.demo.story import STAGES


class Command(BaseCommand):
    help = "Load the demo group: s about 300 members, m 5 000, l 100 000. Same seed and day, same group."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--size", choices=sorted(SIZES), default="s")
        parser.add_argument("--stage", choices=STAGES, default="awards", help="how far the campaign has gone")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument(
            "--today", type=dt.date.fromisoformat, help="the day on which the story ends (default: today)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        today = options["today"] or clock.today()
        try:
            demo_seed(size=options["size"], stage=options["stage"], seed=options["seed"], today=today, say=self._say)
        except DomainError as error:
            raise CommandError(str(error)) from error
        audit_heads_export()
        if not options["verbosity"]:
            return
        for role, username, password in demo_logins():
            self.stdout.write(f"{role}  {username}  {password}")

    def _say(self, text: str) -> None:
        self.stdout.write(f"  … {text}")
        self.stdout.flush()
