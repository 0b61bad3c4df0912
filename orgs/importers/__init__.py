"""Workbooks in. A plan says what a file means for the database; services store it, whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.reader import Workbook
from campaign.common.excel.schema import Column, fits
from orgs.importers import accounts, members, organizations, positions
from orgs.importers.plan import Plan, Sent
from orgs.models import ImportKind, Member, Organization, Position, User

__all__ = ["IMPORTERS", "OTHER_KIND", "Importer", "Sent", "kind_meant"]

OTHER_KIND = mistake(
    "import.other_kind",
    _("The file looks like a list of another kind: “%(kind)s”."),
    _("Send it once more and choose that kind, or check that it is the right file."),
    Category.FILE,
)


@dataclass(frozen=True)
class Importer:
    """How one kind of workbook is understood; `shown` are the fields of a preview."""

    model: type[Organization] | type[Member] | type[Position] | type[User]
    plan: Callable[[Sent], Plan[Any]]
    columns: tuple[Column, ...]
    shown: tuple[str, ...]


IMPORTERS = {
    ImportKind.ORGANIZATIONS: Importer(
        Organization, organizations.organizations_plan, organizations.COLUMNS, organizations.SHOWN
    ),
    ImportKind.MEMBERS: Importer(Member, members.members_plan, members.COLUMNS, members.SHOWN),
    ImportKind.POSITIONS: Importer(Position, positions.positions_plan, positions.COLUMNS, positions.SHOWN),
    ImportKind.ACCOUNTS: Importer(User, accounts.accounts_plan, accounts.COLUMNS, accounts.SHOWN),
}


def kind_meant(workbook: Workbook) -> ImportKind | None:
    """Return the kind of list whose columns are all there; None where there is none. Lists of positions and accounts have
    those of a roster of members, too."""
    kinds = (ImportKind.ORGANIZATIONS, ImportKind.MEMBERS)
    return next((kind for kind in kinds if fits(workbook, IMPORTERS[kind].columns)), None)
