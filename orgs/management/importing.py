"""What the import commands share."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from campaign.common.errors import DomainError
from orgs.importers.plan import Plan
from orgs.management.named import account_named
from orgs.models import ImportKind
from orgs.services.imports import base_for, plan_of, plan_store


class ImportCommand(BaseCommand):
    """Reads one workbook; prints a folded message per mistake and ends with 1, or stores all of it."""

    kind: ClassVar[ImportKind]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="xlsx, xls, ods or csv")
        parser.add_argument("--dry-run", action="store_true", help="check and count, store nothing")
        parser.add_argument("--full", action="store_true", help="the list is complete: tell who is missing in it")
        parser.add_argument("--actor", metavar="USERNAME", help="act with this account's rights (default: the system)")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = account_named(options["actor"])
        if not options["file"].is_file():
            raise CommandError(_("There is no file %(file)s.") % {"file": options["file"]})
        try:
            base = base_for(actor, self.kind)
            plan = plan_of(kind=self.kind, source=options["file"], actor=actor, base=base, is_full=options["full"])
            self._tell(plan)
            if not options["dry_run"]:
                plan_store(kind=self.kind, plan=plan, actor=actor)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None

    def _tell(self, plan: Plan[Any]) -> None:
        for fold in plan.problems.folded():
            self.stdout.write(str(fold))
        if plan.problems.errors:
            raise CommandError(_("Nothing was stored: %(mistakes)s mistakes in %(rows)s rows.") % plan.figures)
        for column in plan.ignored:
            names = {"column": column.column, "header": column.header}
            self.stdout.write(_("Not read: column %(column)s “%(header)s”.") % names)
        for record in plan.missing or ():
            self.stdout.write(_("Missing in the file: %(name)s.") % {"name": record})
        self.stdout.write(_("%(rows)s rows: %(new)s new, %(changed)s changed, %(unchanged)s unchanged.") % plan.figures)
