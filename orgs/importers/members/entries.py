"""What the rows of a roster say, and which members of the database they may mean."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from campaign.common.bulk import portions
from campaign.common.excel.schema import Records
from campaign.common.excel.values import Masked
from orgs.importers.members.columns import DAYS, PLAIN_FIELDS
from orgs.models import Member, Organization
from orgs.models.members import id_digests

SOUGHT = 1_000
"""Up to so many members are asked for one by one."""
Person = tuple[int, str, dt.date | None]


class Entries:
    """What the rows say, each list by rows: None or "" where a row says nothing, or what it says is wrong.

    `numbers` are the id numbers, `digests` their keyed hashes (the numbers themselves while nobody in the database has one to
    be compared with: hashing takes long); `months` are those of birth where the day is not known;
    `masked` are personal values as an export showed them, and `cleared` the fields to be emptied, of the rows with any.
    """

    def __init__(self, rows: Records) -> None:
        self.rows = rows
        self.fields = {name: rows.values(name) for name in PLAIN_FIELDS}
        self.fields["party_post"] = rows.cells["party_post"].each(lambda posts: posts[0] if posts else "")
        self.numbers: list[str] = rows.values("id_number")
        self.months: list[dt.date | None] = rows.values("birth_month")
        self.organizations: list[Organization | None] = []
        self.masked: dict[int, dict[str, str]] = defaultdict(dict)
        self._set_aside_masked("id_number", self.numbers)
        self._set_aside_masked("phone", self.fields["phone"])
        self.has_digests = Member.objects.exclude(id_number_digest=None).order_by().exists()
        self.digests = id_digests(self.numbers) if self.has_digests else [number or None for number in self.numbers]
        self.cleared: dict[int, list[str]] = defaultdict(list)
        for name in PLAIN_FIELDS:
            for at in rows.cleared(name):
                self.cleared[at].append(name)

    def __len__(self) -> int:
        return len(self.rows)

    def _set_aside_masked(self, column: str, values: list[str]) -> None:
        cells = self.rows.cells[column]
        for at in cells.rows({code for code, value in enumerate(cells.values) if isinstance(value, Masked)}):
            self.masked[at][column], values[at] = values[at], ""

    def person(self, at: int) -> Person | None:
        """Return what a person without numbers is known by: organization, name, date (or month) of birth."""
        organization, name = self.organizations[at], self.fields["name"][at]
        if organization is None or not name:
            return None
        return organization.pk, name, self.fields["birth_date"][at] or self.months[at]

    def values(self, at: int) -> dict[str, Any]:
        """Return what a row says of a member who is known, "" and None for what is to be emptied."""
        row = self.rows[at]
        said = {name: column[at] for name, column in self.fields.items() if column[at] not in (None, "")}
        said |= {name: None if name in DAYS else "" for name in self.cleared.get(at, ())}
        if "party_post" in row and "party_post" in row.heading.found:
            said["party_post"] = self.fields["party_post"][at]
        if self.numbers[at]:
            said["id_number"] = self.numbers[at]
        if self.organizations[at] is not None:
            said["organization"] = self.organizations[at]
        return said


class Known:
    """The members of the database that rows may mean, found by a few queries."""

    def __init__(self, entries: Entries) -> None:
        self._entries, self._personnel = entries, entries.fields["personnel_no"]
        self._by_digest: dict[str | None, Member] = {}
        self._by_number: dict[str, Member] = {}
        self._by_name: dict[tuple[int, str], list[Member]] = defaultdict(list)
        if Member.objects.order_by().exists():
            self._find()

    def __bool__(self) -> bool:
        """Whether anybody in the database may be meant."""
        return bool(self._by_digest or self._by_number or self._by_name)

    def _find(self) -> None:
        entries = self._entries
        digests = entries.digests if entries.has_digests else ()
        self._by_digest = {one.id_number_digest: one for one in _members("id_number_digest", digests)}
        self._by_number = {one.personnel_no: one for one in _members("personnel_no", self._personnel)}
        for member in self._namesakes():
            self._by_name[member.organization_id, member.name].append(member)

    def _namesakes(self) -> Iterator[Member]:
        """The members who share their name with somebody whom no number finds; who has another id number is somebody else."""
        entries, names = self._entries, self._entries.fields["name"]
        named = [at for at, name in enumerate(names) if name and self._numbered(at) is None]
        places = {one.id for at in named if entries.digests[at] and (one := entries.organizations[at]) is not None}
        without = {names[at] for at in named if not entries.digests[at]}
        wanted = {names[at] for at in named} - without
        for member in _members("organization", sorted(places), id_number_digest=None):
            if member.name in wanted:
                yield member
        yield from _members("name", sorted(without))

    @property
    def namesakes(self) -> dict[int, int]:
        """Version by key of those who were looked at by name."""
        return {member.pk: member.version for some in self._by_name.values() for member in some}

    def _numbered(self, at: int) -> Member | None:
        return self._by_digest.get(self._entries.digests[at]) or self._by_number.get(self._personnel[at])

    def number_is_taken(self, at: int, member: Member) -> bool:
        """Tell whether the personnel number of a row belongs to somebody else than whom its id number means."""
        holder = self._by_number.get(self._personnel[at])
        return holder is not None and holder.pk != member.pk

    def member(self, at: int) -> Member | None:
        """Return whom a row means: by id number, else personnel number, else by name and birth in the organization."""
        if found := self._numbered(at):
            return found
        person = self._entries.person(at) if self._by_name else None
        if person is None:
            return None
        organization, name, born = person
        digest, month = self._entries.digests[at], self._entries.months[at]
        namesakes = [
            member
            for member in self._by_name.get((organization, name), [])
            if not (digest and member.id_number_digest) and _may_be_born(member, born, month=month)
        ]
        return namesakes[0] if len(namesakes) == 1 else None


def _may_be_born(member: Member, born: dt.date | None, *, month: dt.date | None) -> bool:
    known = member.birth_date
    if known is None or born is None:
        return True
    return known.replace(day=1) == month if month is not None else known == born


def _members(field: str, keys: Iterable[Any], **conditions: Any) -> Iterator[Member]:
    """The members with one of `keys`; of very many, all are looked through, which takes less time than to ask for each."""
    wanted = {key for key in keys if key}
    members = Member.objects.select_related("organization").defer("pinyin", "initials").filter(**conditions)
    if len(wanted) > SOUGHT and len(wanted) > members.order_by().count() // 4:
        given = members.order_by().values_list("pk", field)
        for some in portions([pk for pk, key in given if key in wanted]):
            yield from members.filter(pk__in=some)
        return
    for some in portions(list(wanted)):
        yield from members.filter(**{f"{field}__in": some})
