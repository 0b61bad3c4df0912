"""Members as a roster means them, in plain rows: stored at once, or kept in a file until somebody confirms.

The check of a long roster is the dear part. What it understood is kept encrypted beside the upload, so that the job which
stores it neither reads the workbook nor converts a cell again; it looks only at what may have changed since. New members
are taken from the file piece by piece, and what is made from their values (pinyin, ciphers, the words of the log) is made
while the database stores those before, which takes longer.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag

from campaign.audit.services import Written, written
from campaign.common.access import reaches
from campaign.common.bulk import as_json, portions
from campaign.common.capabilities import Cap
from campaign.common.crypto import encrypt_each, seal, unseal
from orgs.importers.members import DAYS, PLAIN_FIELDS
from orgs.importers.plan import NO_ROW, Changed, Plan, column_of
from orgs.models import Member, Organization
from orgs.models.members import id_digests
from orgs.services import members
from orgs.services.changes import differences
from orgs.services.traces import plain, value_of

SAID = (*PLAIN_FIELDS, "organization", "id_number")
"""The columns of a piece: what the file says of each new member (the key of the organization)."""
_USUAL = {field.name: field.get_default() for field in Member._meta.concrete_fields if field.name in PLAIN_FIELDS}
NEW_COLUMNS = (*_USUAL, "organization_id", "pinyin", "initials", "id_number_cipher", "id_number_digest")
"""The columns of a new member that differ from one to the next."""
NAME, PERSONNEL_NO, ORGANIZATION, STATUS, PARTY_POST = (
    NEW_COLUMNS.index(name) for name in ("name", "personnel_no", "organization_id", "status", "party_post")
)
PIECE = 500
"""Few enough that the database has not to wait while the next rows are made."""
_LENGTH = 8
SLACK = dt.timedelta(hours=1)
"""How long before a check somebody may have begun to write what was visible only after it."""
Piece = dict[str, list[Any]]
Columns = list[list[Any]]


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

    `pieces` have what the file says of everybody to be enrolled (`SAID`), some thousands at a time; they may be gone through
    more than once. `count` is how many they are, `unnumbered` how many need a personnel number.
    """

    compared_at: dt.datetime
    organizations: dict[int, int]
    namesakes: dict[int, int]
    pieces: Iterable[Piece] = ()
    count: int = 0
    unnumbered: int = 0
    changed: list[ChangedMember] = field(default_factory=list)
    _names: dict[int, str] = field(default_factory=dict)

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
        self._names = {key: one.name for key, one in found.items()}
        return found

    def said(self) -> Iterator[Written]:
        """Return what the log says of everybody who is enrolled."""
        return written(map(self._said_of, self.pieces))

    def _said_of(self, piece: Piece) -> Piece:
        return piece | {"organization": [self._names[key] for key in piece["organization"]]}

    def still_new(self) -> Iterator[Columns]:
        """Return everybody to be enrolled, some hundred at a time: columns (`NEW_COLUMNS`) of their rows. Taking them raises
        Overtaken at somebody who may have been entered since the check.

        Who has another id number is somebody else; that no number is given twice, the constraints of the table see to.
        """
        since = Member.objects.filter(updated_at__gte=self.compared_at - SLACK).order_by()
        numbered: dict[tuple[int, str], bool] = {}
        for key, version, organization, name, digest in since.values_list(
            "pk", "version", "organization_id", "name", "id_number_digest"
        ):
            if self.namesakes.get(key) != version:
                numbered[organization, name] = numbered.get((organization, name), True) and bool(digest)
        # They are taken while the connection is busy storing those before: nothing may be asked of it then.
        return self._unless_entered(numbered)

    def _unless_entered(self, numbered: Mapping[tuple[int, str], bool]) -> Iterator[Columns]:
        for piece in self.pieces:
            people = zip(piece["organization"], piece["name"], strict=True)
            for person, number in zip(people, piece["id_number"], strict=True):
                if person in numbered and not (numbered[person] and number):
                    raise Overtaken
            yield _columns(piece)

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
    """Return what a plan means."""
    changed = [_changed(entry) for entry in plan.changed]
    places = column_of(plan.new, "organization")
    moved_to = [entry.changes["organization"][1] for entry in plan.changed if "organization" in entry.changes]
    named = {place.id: place.version for place in (*places, *moved_to)}
    columns = {name: column_of(plan.new, name) for name in SAID}
    columns |= {name: _written(columns[name]) for name in DAYS}
    columns["organization"] = [place.id for place in places]
    return Roster(
        plan.compared_at,
        named,
        plan.namesakes,
        _Pieces(columns, len(plan.new)),
        len(plan.new),
        sum(not number for number in columns["personnel_no"]),
        changed,
    )


def _written(days: Sequence[dt.date | None]) -> list[str | None]:
    texts = {day: day.isoformat() if day else None for day in set(days)}
    return [texts[day] for day in days]


@dataclass(frozen=True)
class _Pieces:
    """Columns, some thousand rows at a time."""

    columns: Mapping[str, Sequence[Any]]
    count: int

    def __iter__(self) -> Iterator[Piece]:
        for start in range(0, self.count, PIECE):
            yield {name: list(column[start : start + PIECE]) for name, column in self.columns.items()}


def _columns(piece: Piece) -> Columns:
    """Return the columns of new members, with all that is made from their values: pinyin, ciphers."""
    found_by = [members.search_names(name) for name in piece["name"]]
    numbers = [(number or "").upper() for number in piece["id_number"]]
    return [
        *([value or usual for value in piece[name]] for name, usual in _USUAL.items()),
        piece["organization"],
        [found["pinyin"] for found in found_by],
        [found["initials"] for found in found_by],
        encrypt_each(numbers),
        id_digests(numbers),
    ]


def _changed(entry: Changed[Member]) -> ChangedMember:
    values = {name: new.pk if name == "organization" else new for name, (_old, new) in entry.changes.items()}
    return ChangedMember(entry.record.pk, entry.version, values)


# -- in a file -----------------------------------------------------------------------------------------------------


def roster_keep(roster: Roster, path: Path) -> str:
    """Keep a roster encrypted in a file for its owner alone; returns the digest of it, by which it is known again."""
    digest = hashlib.sha256()
    with path.open("wb") as kept:
        path.chmod(0o600)
        for piece in chain((_about(roster),), map(_packed, roster.pieces)):
            sealed = seal(as_json(piece).encode())
            for part in (len(sealed).to_bytes(_LENGTH, "big"), sealed):
                kept.write(part)
                digest.update(part)
    return digest.hexdigest()


def _packed(piece: Piece) -> tuple[int, Piece]:
    """Return how many rows a piece has, and its columns; one that says the same of everybody says it once."""
    count = len(piece["name"])
    return count, {name: column[:1] if column.count(column[0]) == count else column for name, column in piece.items()}


def _unpacked(packed: tuple[int, Piece]) -> Piece:
    count, piece = packed
    return {name: column if len(column) == count else column * count for name, column in piece.items()}


def _about(roster: Roster) -> Any:
    return [
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
    return Roster(
        dt.datetime.fromisoformat(compared_at),
        dict(organizations),
        dict(namesakes),
        _Kept(pieces),
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

    def __iter__(self) -> Iterator[Piece]:
        return map(_unpacked, map(_opened, self.pieces))


def _sealed(content: bytes) -> Iterator[bytes]:
    start = 0
    while start < len(content):
        begin = start + _LENGTH
        start = begin + int.from_bytes(content[start:begin], "big")
        yield content[begin:start]


def _opened(sealed: bytes) -> Any:
    try:
        return json.loads(unseal(sealed))
    except InvalidTag:  # another key by now
        raise Overtaken from None
