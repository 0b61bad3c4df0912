"""Members as a roster means them, in plain rows: stored at once, or kept in a file until somebody confirms.

The check of a long roster is the dear part. What it understood is kept encrypted beside the upload, so that the job which
stores it neither reads the workbook nor converts a cell again; it looks only at what may have changed since. New members
are taken from the file piece by piece while the database stores those before: first their values, later what the log says.
"""

import datetime as dt
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag

from campaign.audit.services import Written, written
from campaign.common.access import reaches
from campaign.common.bulk import portions
from campaign.common.capabilities import Cap
from campaign.common.crypto import seal, unseal
from orgs.importers.members import PLAIN_FIELDS
from orgs.importers.plan import NO_ROW, Changed, New, Plan
from orgs.models import Member, Organization
from orgs.services import members
from orgs.services.changes import differences
from orgs.services.traces import plain, value_of

_USUAL = {field.name: field.get_default() for field in Member._meta.concrete_fields if field.name in PLAIN_FIELDS}
NEW_COLUMNS = (*_USUAL, "organization_id", "pinyin", "initials", "id_number_cipher", "id_number_digest")
"""The columns of a new member that differ from one to the next."""
NAME, PERSONNEL_NO, ORGANIZATION, STATUS, PARTY_POST, DIGEST = (
    NEW_COLUMNS.index(name)
    for name in ("name", "personnel_no", "organization_id", "status", "party_post", "id_number_digest")
)
PIECE = 5_000
_LENGTH = 8
SLACK = dt.timedelta(hours=1)
"""How long before a check somebody may have begun to write what was visible only after it."""


class Overtaken(Exception):
    """The database is no longer what the roster was compared with."""


class ChangedMember(NamedTuple):
    """A record, the version that was compared, and field → new value."""

    pk: int
    version: int
    values: dict[str, Any]


@dataclass
class Roster:
    """What a check understood, and of which state of the database: versions of the organizations that are named and of
    the members who share name and branch with somebody new.

    `new` has a row of values (`NEW_COLUMNS`) for everybody to be enrolled, `said` what the log will say of each; both may
    be gone through more than once. `count` is how many they are, `unnumbered` how many need a personnel number.
    """

    compared_at: dt.datetime
    organizations: dict[int, int]
    namesakes: dict[int, int]
    new: Iterable[list[Any]] = ()
    said: Iterable[Written] = ()
    count: int = 0
    unnumbered: int = 0
    changed: list[ChangedMember] = field(default_factory=list)

    def still_changed(self, actor: Any) -> list[Changed[Member]]:
        """Return what would be changed now. Raises Overtaken when the database is no longer what was compared."""
        organizations = self._organizations(actor)
        return [self._change(entry, member, organizations) for entry, member in self._records(actor)]

    def _organizations(self, actor: Any) -> dict[int, Organization]:
        places = Organization.objects.active()
        if actor is not None:
            places = places.allowed(actor, Cap.MEMBER_IMPORT)
        found: dict[int, Organization] = {}
        for keys in portions(sorted(self.organizations)):
            found.update((one.pk, one) for one in places.only("name", "version").filter(pk__in=keys))
        if {key: one.version for key, one in found.items()} != self.organizations:
            raise Overtaken
        return found

    def still_new(self) -> Iterator[list[Any]]:
        """Return the rows of `new`; taking them raises Overtaken at somebody who may have been entered since the check.

        Who has another id number is somebody else; that no number is given twice, the constraints of the table see to.
        """
        since = Member.objects.filter(updated_at__gte=self.compared_at - SLACK).order_by()
        numbered: dict[tuple[int, str], bool] = {}
        for key, version, organization, name, digest in since.values_list(
            "pk", "version", "organization_id", "name", "id_number_digest"
        ):
            if self.namesakes.get(key) != version:
                numbered[organization, name] = numbered.get((organization, name), True) and bool(digest)
        # The rows are taken while the connection is busy storing those before: nothing may be asked of it then.
        return self._unless_entered(numbered)

    def _unless_entered(self, numbered: Mapping[tuple[int, str], bool]) -> Iterator[list[Any]]:
        for values in self.new:
            person = values[ORGANIZATION], values[NAME]
            if person in numbered and not (numbered[person] and values[DIGEST]):
                raise Overtaken
            yield values

    def _records(self, actor: Any) -> Iterator[tuple[ChangedMember, Member]]:
        known: dict[int, Member] = {}
        for keys in portions([entry.pk for entry in self.changed]):
            known.update(Member.objects.select_related("organization").in_bulk(keys))
        for entry in self.changed:
            member = known.get(entry.pk)
            if member is None or member.version != entry.version:
                raise Overtaken
            if actor is not None and not reaches(actor, Cap.MEMBER_IMPORT, member.organization.path):
                raise Overtaken
            yield entry, member

    def _change(
        self, entry: ChangedMember, member: Member, organizations: Mapping[int, Organization]
    ) -> Changed[Member]:
        values = dict(entry.values)
        if "organization" in values:
            values["organization"] = organizations[values["organization"]]
        return Changed(NO_ROW, member, differences(member, values))


def roster_of(plan: Plan[Member]) -> Roster:
    """Return what a plan means, with all that is made from its values: keyed hashes, ciphers, pinyin, the log."""
    changed = [_changed(entry) for entry in plan.changed]
    named = [new.values["organization"] for new in plan.new]
    named += [entry.changes["organization"][1] for entry in plan.changed if "organization" in entry.changes]
    rows = [_row(new) for new in plan.new]
    return Roster(
        plan.compared_at,
        {organization.pk: organization.version for organization in named},
        plan.namesakes,
        rows,
        [written(new.values | {"organization": new.values["organization"].name}) for new in plan.new],
        len(rows),
        sum(not row[PERSONNEL_NO] for row in rows),
        changed,
    )


def _row(new: New[Member]) -> list[Any]:
    values = new.values
    names, identity = members.search_names(values["name"]), _identity(new)
    row = [values.get(name, usual) for name, usual in _USUAL.items()]
    row += [values["organization"].pk, *names.values(), *identity.values()]
    return [value.isoformat() if isinstance(value, dt.date) else value for value in row]


def _identity(new: New[Member]) -> dict[str, str | None]:
    number = new.values.get("id_number", "")
    return members.identity_fields(number, new.digest if number else None)


def _changed(entry: Changed[Member]) -> ChangedMember:
    values = {name: new.pk if name == "organization" else new for name, (_old, new) in entry.changes.items()}
    return ChangedMember(entry.record.pk, entry.version, values)


# -- in a file -----------------------------------------------------------------------------------------------------


def roster_keep(roster: Roster, path: Path) -> str:
    """Keep a roster encrypted in a file for its owner alone; returns the digest of it, by which it is known again."""
    digest = hashlib.sha256()
    with path.open("wb") as kept:
        path.chmod(0o600)
        for piece in _pieces(roster):
            sealed = seal(zlib.compress(json.dumps(piece, ensure_ascii=False).encode(), 1))
            for part in (len(sealed).to_bytes(_LENGTH, "big"), sealed):
                kept.write(part)
                digest.update(part)
    return digest.hexdigest()


def _pieces(roster: Roster) -> Iterator[Any]:
    yield [
        roster.compared_at.isoformat(),
        list(roster.organizations.items()),
        list(roster.namesakes.items()),
        [
            (pk, version, {name: plain(value) for name, value in values.items()})
            for pk, version, values in roster.changed
        ],
        roster.count,
        roster.unnumbered,
    ]
    for entries in (roster.new, roster.said):
        rest = iter(entries)
        while piece := list(islice(rest, PIECE)):
            yield piece


def roster_load(path: Path, digest: str) -> Roster:
    """Return the roster that `roster_keep` wrote. Raises Overtaken when the file is gone or is another one."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise Overtaken from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise Overtaken
    first, *pieces = _sealed(content)
    compared_at, organizations, namesakes, changed, count, unnumbered = _opened(first)
    half = len(pieces) // 2
    return Roster(
        dt.datetime.fromisoformat(compared_at),
        dict(organizations),
        dict(namesakes),
        _Kept(pieces[:half], list),
        _Kept(pieces[half:], Written),
        count,
        unnumbered,
        [
            ChangedMember(pk, version, {name: value_of(value) for name, value in values.items()})
            for pk, version, values in changed
        ],
    )


@dataclass(frozen=True)
class _Kept:
    """What stands in some pieces, opened one by one whenever it is gone through."""

    pieces: Sequence[bytes]
    kind: Callable[[Any], Any]

    def __iter__(self) -> Iterator[Any]:
        for sealed in self.pieces:
            yield from map(self.kind, _opened(sealed))


def _sealed(content: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(content):
        begin = start + _LENGTH
        start = begin + int.from_bytes(content[start:begin], "big")
        yield content[begin:start]


def _opened(sealed: bytes) -> Any:
    try:
        return json.loads(zlib.decompress(unseal(sealed)))
    except InvalidTag:  # another key by now
        raise Overtaken from None
