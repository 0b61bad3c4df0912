"""Workbooks in: organizations and members. A plan says what a file means; services store it, whole or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from campaign.common.excel.reader import Workbook
from orgs.importers import members, organizations
from orgs.importers.plan import Plan
from orgs.models import ImportKind, Member, Organization


@dataclass(frozen=True)
class Importer:
    """How one kind of workbook is understood: `plan(workbook, actor, base)`; `shown` are the fields of a preview."""

    model: type[Organization] | type[Member]
    plan: Callable[[Workbook, Any, Organization | None], Plan[Any]]
    shown: tuple[str, ...]


IMPORTERS = {
    ImportKind.ORGANIZATIONS: Importer(Organization, organizations.organizations_plan, organizations.SHOWN),
    ImportKind.MEMBERS: Importer(
        Member, lambda workbook, actor, _base: members.members_plan(workbook, actor), members.SHOWN
    ),
}
