"""The first start of an installation without the demo: the root organization and the three administrators."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from campaign.common.capabilities import Role
from campaign.common.errors import DomainError
from orgs.importers.organizations import type_of
from orgs.models import Organization, OrganizationType
from orgs.services import NewPassword, organization_create, role_grant, user_create

ADMINISTRATORS = (("system", Role.SYSTEM_ADMIN), ("security", Role.SECURITY_ADMIN), ("audit", Role.AUDIT_ADMIN))


class Command(BaseCommand):
    help = (
        "Make the root organization and the three administrators (system, security, audit), each with a one-time "
        "password that is shown once and must be changed at the first sign-in. Refuses when there is a root."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--name", required=True, help="full name of the root organization, for example 中共××委员会"
        )
        parser.add_argument("--code", default="", help="its code (default: one is made)")
        parser.add_argument("--type", choices=OrganizationType.values, help="its type (default: read from the name)")
        parser.add_argument(
            "--password-file",
            type=Path,
            help="write the passwords to this new file (mode 600) instead of printing them",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name = "".join(options["name"].split())
        kind = options["type"] or type_of(name) or OrganizationType.COMMITTEE
        try:
            with transaction.atomic():
                root = organization_create(actor=None, parent=None, name=name, type=kind, code=options["code"])
                made = [self._administrator(root, username, role) for username, role in ADMINISTRATORS]
                lines = [f"{new.user.username}\t{new.password}\t{new.user.name}" for new in made]
                if options["password_file"]:
                    write_secret(options["password_file"], lines)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        except FileExistsError:
            raise CommandError(_("The file %(file)s exists already.") % {"file": options["password_file"]}) from None
        self.stdout.write(_("Made %(name)s (%(code)s).") % {"name": root.name, "code": root.code})
        if options["password_file"]:
            self.stdout.write(_("The one-time passwords stand in %(file)s.") % {"file": options["password_file"]})
        else:
            self.stdout.write(_("One-time passwords, shown only now (account, password, name):"))
            self.stdout.write("\n".join(lines))

    @staticmethod
    def _administrator(root: Organization, username: str, role: Role) -> NewPassword:
        made = user_create(actor=None, name=str(role.label), organization=root, username=username)
        role_grant(actor=None, user=made.user, role=role, organization=root)
        return made


def write_secret(path: Path, lines: list[str]) -> None:
    """Write `lines` to a new file that its owner alone can read. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join([*lines, ""]))
