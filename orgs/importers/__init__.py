"""Workbooks in. A plan says what a file means for the database; services store it, whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from campaign.common.excel.schema import Column
from orgs.importers import accounts, members, organizations, positions
from orgs.importers.plan import Plan, Sent
from orgs.models import ImportKind, Member, Organization, Position, User

__all__ = ["IMPORTERS", "Importer", "Sent"]


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
