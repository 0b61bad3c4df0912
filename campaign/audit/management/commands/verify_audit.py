"""Check the audit log against its hash chain and the exported heads; exit 1 when anything was changed."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaign.audit.selectors import audit_verify


class Command(BaseCommand):
    help = "Recompute the hash chain of the audit log, compare it with the exported heads, and report the first break."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="another file of heads than AUDIT_HEADS_FILE, such as a copy")
        parser.add_argument("--head", default="", help="a head of the chain kept elsewhere")
        parser.add_argument("--count", type=int, default=0, help="the number of links at that time")

    def handle(self, *args: Any, **options: Any) -> None:
        kept = (options["count"], options["head"]) if options["count"] else None
        result = audit_verify(heads_file=options["file"], kept=kept)
        self.stdout.write(
            f"links {result.links}  not yet chained {result.unchained}  exported heads {result.heads}  "
            f"head {result.head or '-'}"
        )
        for problem in result.problems:
            self.stdout.write(self.style.ERROR(problem))
        if result.problems:
            raise CommandError("the audit log was changed, or its protection taken away")
        if not result.heads:
            self.stdout.write(self.style.WARNING("no head was exported yet: a cut tail would not be found"))
        self.stdout.write(self.style.SUCCESS("the chain holds"))
