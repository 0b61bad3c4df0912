"""Write the head of the audit chain to the file outside the database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaign.audit.heads import HeadsBroken, heads_forget, heads_path
from campaign.audit.services import audit_heads_export


class Command(BaseCommand):
    help = (
        "Chain what is new in the audit log, and write how many links there are and the digest of the last to a file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", type=Path, help="another file than AUDIT_HEADS_FILE")
        parser.add_argument(
            "--after-restore",
            action="store_true",
            help="a backup of the database was put back: lay the former files aside under another name, and begin anew",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"] or heads_path()
        if options["after_restore"]:
            heads_forget()
        try:
            head = audit_heads_export(path=path)
        except HeadsBroken as broken:
            raise CommandError(f"line {broken.line} of {path.name} was changed; nothing was written") from None
        self.stdout.write(f"links {head.links}  head {head.digest or '-'}  written to {path.name}")
