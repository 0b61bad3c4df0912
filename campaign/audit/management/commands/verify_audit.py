"""Check the audit log's hash chain; exit 1 when it is broken."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaign.audit.selectors import audit_verify


class Command(BaseCommand):
    help = "Recompute the hash chain of the audit log and report the first broken link."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--head", default="", help="the head of the chain as exported earlier")
        parser.add_argument("--count", type=int, default=0, help="the number of links at that time")

    def handle(self, *args: Any, **options: Any) -> None:
        result = audit_verify(expected_head=options["head"], expected_links=options["count"])
        self.stdout.write(f"links {result.links}  not yet chained {result.unchained}  head {result.head or '-'}")
        if result.broken_at is not None:
            raise CommandError(f"the chain is broken at link {result.broken_at}")
        self.stdout.write(self.style.SUCCESS("the chain holds"))
