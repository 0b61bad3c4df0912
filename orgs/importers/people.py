"""Members whom rows of other tables name: by personnel number, id number, or name and organization."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.common.bulk import portions
from campaign.common.capabilities import Cap
from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.schema import Column, ParsedRow, ParsedTable
from campaign.common.excel.values import Convert, id_number, person_name, squeezed
from orgs.models import Member, Organization
from orgs.models.members import id_digest

MEMBER_UNKNOWN = mistake(
    "person.unknown",
    _("There is no member of this name or number in the organizations that you may import for."),
    _("Import the member first, or correct the cell."),
    Category.UNKNOWN,
)
MEMBER_AMBIGUOUS = mistake(
    "person.ambiguous",
    _("%(count)s members are called like this."),
    _("Add the personnel number or the id number."),
    Category.CONFLICT,
)
NAME_DIFFERS = mistake(
    "person.name_differs",
    _("The number belongs to a member with another name."),
    _("Correct the name or the number."),
    Category.CONFLICT,
)

PERSON_COLUMNS = (
    Column("name", "姓名", ("党员姓名",), required=True, converter=person_name()),
    Column(
        "personnel_no",
        "人员编号",
        ("工号", "员工编号", "职工编号", "党员编号"),
        converter=Convert(lambda raw, _reading: squeezed(raw)[:30], blank=""),
    ),
    Column("id_number", "身份证号", ("身份证号码", "公民身份号码", "身份证"), personal=True, converter=id_number()),
)


class People:
    """The members that the rows of one table may mean, found by a few queries."""

    def __init__(self, table: ParsedTable, rows: Sequence[ParsedRow], actor: Any, capability: Cap) -> None:
        self._table, self._actor, self._capability = table, actor, capability
        self._number = {member.personnel_no: member for member in self._members("personnel_no", rows)}
        digests = {row["id_number"]: id_digest(row["id_number"]) for row in rows if row["id_number"]}
        self._digests = digests
        self._digest = {str(one.id_number_digest): one for one in self._found("id_number_digest", digests.values())}
        self._name: dict[str, list[Member]] = defaultdict(list)
        for member in self._members("name", rows):
            self._name[member.name].append(member)

    def _members(self, field: str, rows: Sequence[ParsedRow]) -> Iterable[Member]:
        return self._found(field, {row[field] for row in rows if row[field]})

    def _found(self, field: str, keys: Iterable[Any]) -> Iterable[Member]:
        members = Member.objects.select_related("organization").defer("id_number_cipher", "pinyin", "initials")
        if self._actor is not None:
            members = members.allowed(self._actor, self._capability)
        for some in portions(list(dict.fromkeys(keys))):
            yield from members.filter(**{f"{field}__in": some})

    def find(self, row: ParsedRow, organization: Organization | None = None) -> Member | None:
        """Return whom a row means, or None after reporting why nobody. Among namesakes those in `organization` count."""
        if row.wrong.intersection(("name", "personnel_no", "id_number")):
            return None
        if row["personnel_no"] or row["id_number"]:
            return self._by_number(row)
        found = self._name.get(row["name"], [])
        if len(found) > 1 and organization is not None:
            found = [member for member in found if member.organization_id == organization.pk] or found
        if len(found) == 1:
            return found[0]
        if found:
            self._table.report(row, "name", MEMBER_AMBIGUOUS, count=len(found))
        else:
            self._table.report(row, "name", MEMBER_UNKNOWN)
        return None

    def _by_number(self, row: ParsedRow) -> Member | None:
        column = "personnel_no" if row["personnel_no"] else "id_number"
        known = self._number if row["personnel_no"] else self._digest
        key = str(row["personnel_no"] or self._digests[row["id_number"]])
        member = known.get(key)
        if member is None:
            self._table.report(row, column, MEMBER_UNKNOWN)
        elif member.name != row["name"]:
            self._table.report(row, "name", NAME_DIFFERS)
            return None
        return member
