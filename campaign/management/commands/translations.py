"""Update, check and compile the message catalogues in locale/."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from campaign import catalogues


class Command(BaseCommand):
    help = (
        "Message catalogues: locale/PART/zh_Hans/LC_MESSAGES/django.po, one per part. After changing a text: --update, "
        "translate what is empty, --check. Needs no GNU gettext."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--update", action="store_true", help="take new texts in, mark the ones that are gone")
        what.add_argument("--check", action="store_true", help="exit 1 and list every missing, fuzzy or wrong entry")
        what.add_argument("--compile", action="store_true", help="write the .mo files that are out of date")
        parser.add_argument(
            "--part", action="append", choices=settings.CATALOGUES, help="only this part (--update, --check)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        parts = options["part"] or list(settings.CATALOGUES)
        if options["update"]:
            for part, left in catalogues.update(settings.BASE_DIR, parts).items():
                self.stdout.write(f"{part}: {left} to translate")
        elif options["compile"]:
            for part in catalogues.compile_catalogues(settings.BASE_DIR):
                self.stdout.write(f"{part}: compiled")
        else:
            self.check_parts(parts if options["part"] else None)

    def check_parts(self, parts: list[str] | None) -> None:
        """Without `parts`, everything; with them, only the lines that name one."""
        found = catalogues.problems(settings.BASE_DIR)
        if parts is not None:
            found = [line for line in found if any(part in line.split(":")[0].split() for part in parts)]
        for line in found:
            self.stdout.write(line)
        if found:
            raise CommandError(f"{len(found)} faults in the translations")
