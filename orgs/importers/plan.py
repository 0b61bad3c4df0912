"""What a workbook means for the database, before anything is stored: new, changed (old → new), unchanged, missing, mistakes."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Generic, TypeVar, overload

from django.db import models

from campaign.common import clock
from campaign.common.bulk import Objects, as_json
from campaign.common.excel.problems import ProblemList
from campaign.common.excel.reader import Workbook
from campaign.common.excel.schema import ParsedRow, ParsedTable, Read, Records, row_of_no_sheet
from campaign.common.masking import mask
from orgs.models import Organization, Position

M = TypeVar("M", bound=models.Model)

NO_ROW = row_of_no_sheet()
MASKED = frozenset({"id_number", "phone", "contact_phone"})


@dataclass(frozen=True)
class Sent:
    """A workbook that somebody sent: by whom (None: the system), for which organization (where rows without one above
    belong), whether it is a complete list, and who wants to know how many rows are read."""

    workbook: Workbook
    actor: Any
    base: Organization | None = None
    is_full: bool = False
    told: Callable[[int], None] | None = None

    def rows(self, table: ParsedTable) -> list[ParsedRow]:
        """Return all rows of the table."""
        return list(table.read_all(self.told))


@dataclass
class New(Generic[M]):
    """A row that becomes a record with `values`."""

    row: ParsedRow
    values: dict[str, Any]

    def __str__(self) -> str:
        return str(self.values["name"])


@dataclass(frozen=True)
class NewByColumn(Sequence[New[M]]):
    """New records of a long list, held column by column; as a sequence it gives each as a `New`.

    `columns` have a value for every record, None or "" where the file says nothing; `places` are those of the records' rows
    among `rows`.
    """

    rows: Records
    places: Sequence[int]
    columns: Mapping[str, Sequence[Any]]

    @classmethod
    def of(cls, rows: Records, places: Sequence[int], columns: Mapping[str, Sequence[Any]]) -> "NewByColumn[M]":
        """Return the records of some rows; `columns` have a value for every row."""
        if len(places) < len(rows):
            columns = {name: [column[at] for at in places] for name, column in columns.items()}
        return cls(rows, places, columns)

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, at: int) -> New[M]: ...
    @overload
    def __getitem__(self, at: slice) -> list[New[M]]: ...
    def __getitem__(self, at: int | slice) -> New[M] | list[New[M]]:
        if isinstance(at, slice):
            return [self[one] for one in range(len(self))[at]]
        values = {name: column[at] for name, column in self.columns.items() if column[at] not in (None, "")}
        return New(self.rows[self.places[at]], values)


def column_of(new: Sequence[New[M]], name: str) -> Sequence[Any]:
    """Return the values of one field of new records, None or "" where nothing is said."""
    if isinstance(new, NewByColumn):
        return new.columns.get(name) or [None] * len(new)
    return [one.values.get(name) for one in new]


def row_numbers(new: Sequence[New[M]]) -> list[int]:
    """Return the numbers of the rows of new records."""
    if isinstance(new, NewByColumn):
        return [new.rows.numbers[at] for at in new.places]
    return [one.row.number for one in new]


@dataclass
class Changed(Generic[M]):
    """A row that differs from `record`: field → (old, new)."""

    row: ParsedRow
    record: M
    changes: dict[str, tuple[Any, Any]]

    @property
    def version(self) -> int:
        """The version that was compared; 0 where a record has none."""
        return getattr(self.record, "version", 0)


Shown = tuple[str, int | None, str, int | None, dict[str, Any] | str]
"""What happens, row of the file, name, key of the record, masked values (or their JSON): what a page shows of one record."""


@dataclass
class Plan(Generic[M]):
    """The whole of one workbook. With errors in `problems` nothing may be stored."""

    problems: ProblemList
    read: list[Read] = field(default_factory=list)
    heading_rows: dict[str, int] = field(default_factory=dict)
    new: Sequence[New[M]] = field(default_factory=list)
    changed: list[Changed[M]] = field(default_factory=list)
    missing: list[M] | None = None
    """Who is not in a complete list; None where the list does not claim to be complete."""
    base: Organization | None = None
    unchanged: int = 0
    rows: int = 0
    compared_at: dt.datetime = field(default_factory=clock.now)
    namesakes: dict[int, int] = field(default_factory=dict)
    """Version by key of the members who were looked at by name."""

    @classmethod
    def of(cls, table: ParsedTable, rows: int) -> "Plan[M]":
        """Return the empty plan of a table with so many rows."""
        headings = {sheet: heading.last_row for sheet, heading in table.headings.items()}
        return cls(table.problems, table.read, headings, rows=rows)

    def add(self, new: New[M]) -> None:
        """Take in a new record."""
        self.new = self.new if isinstance(self.new, list) else list(self.new)
        self.new.append(new)

    @property
    def ignored(self) -> list[Read]:
        """The columns that nobody asked for."""
        return [column for column in self.read if not column.meaning]

    @property
    def figures(self) -> dict[str, int]:
        """How many rows, and what becomes of them."""
        missing = {} if self.missing is None else {"missing": len(self.missing)}
        return missing | {
            "rows": self.rows,
            "new": len(self.new),
            "changed": len(self.changed),
            "unchanged": self.unchanged,
            "mistakes": len(self.problems.errors),
        }

    @property
    def fingerprint(self) -> str:
        """A digest of what would be done to which state of the database: what is confirmed is what is stored."""
        digest = hashlib.sha256()
        for line in self._lines():
            digest.update(f"{line}\n".encode())
        return digest.hexdigest()

    def _lines(self) -> Iterator[str]:
        for new in self.new:
            yield f"new {new.row.sheet} {new.row.number}"
        for changed in self.changed:
            fields = ",".join(sorted(changed.changes))
            yield f"changed {changed.row.sheet} {changed.row.number} {changed.record.pk} {changed.version} {fields}"

    @property
    def understood(self) -> list[list[str]]:
        """[sheet, column, heading, what it was understood as ("" not read)] as plain data to be stored."""
        return [[column.sheet, column.column, column.header, column.meaning] for column in self.read]

    def shown(self, fields: Sequence[str]) -> Iterator[Shown]:
        """Every record that something happens to, personal values masked; `fields` are those of new ones beside the name."""
        for changed in self.changed:
            values = {name: [shown_value(name, value) for value in pair] for name, pair in changed.changes.items()}
            yield "changed", changed.row.number, _called(changed.record), changed.record.pk, values
        for record in self.missing or ():
            place = getattr(record, "organization", None)
            yield "missing", None, _called(record), record.pk, {"organization": place.name} if place is not None else {}
        told = Objects(_shown).of({name: _by_name(column_of(self.new, name)) for name in fields})
        names = map(str, column_of(self.new, "name"))
        yield from zip(repeat("new"), row_numbers(self.new), names, repeat(None), told, strict=False)


def _called(record: models.Model) -> str:
    """Return what a record is called in a list of people: a position with who holds it."""
    return f"{record.member.name} · {record}" if isinstance(record, Position) else str(record)


def _by_name(values: Sequence[Any]) -> Sequence[Any]:
    """Return values with organizations, stored and new ones, by their names."""
    if not any(issubclass(kind, Organization | New) for kind in set(map(type, values))):
        return values
    return [
        value.name if isinstance(value, Organization) else str(value) if isinstance(value, New) else value
        for value in values
    ]


def _shown(name: str, value: Any) -> str:
    return "" if value is None or value == "" else as_json(shown_value(name, value))


def shown_value(name: str, value: Any) -> Any:
    """Return a value as plain data for a stored preview."""
    if value is None or value == "":
        return ""
    if name in MASKED:
        return mask(str(value))
    if name == "birth_date":
        return f"{value:%Y-%m}-**"
    if isinstance(value, bool | int):
        return value
    return value.name if isinstance(value, Organization) else str(value)
