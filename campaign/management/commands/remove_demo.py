"""Empty a database that the demo filled, to begin for real with `bootstrap`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaign.common.errors import DomainError
from campaign.demo.seed import demo_remove


class Command(BaseCommand):
    help = "Remove the demo with everything that was added since; refuses a database that the demo did not fill."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["yes"] and input("Remove everything in this database? Type yes: ") != "yes":
            raise CommandError("nothing was removed")
        try:
            demo_remove()
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("the database is empty; go on with `manage.py bootstrap`")
