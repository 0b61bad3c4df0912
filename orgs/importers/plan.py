"""What a workbook means for the database, before anything is stored: new, changed (old → new), unchanged, mistakes."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from campaign.common.excel.problems import ProblemList
from campaign.common.excel.schema import ParsedRow, ParsedTable, Read
from campaign.common.masking import mask
from campaign.common.models import Versioned

M = TypeVar("M", bound=Versioned)

SHOWN_NEW, SHOWN_CHANGED = 20, 100
MASKED = frozenset({"id_number", "phone", "contact_phone"})


@dataclass
class New(Generic[M]):
    """A row that becomes a record with `values`."""

    row: ParsedRow
    values: dict[str, Any]

    def __str__(self) -> str:
        return str(self.values["name"])


@dataclass
class Changed(Generic[M]):
    """A row that differs from `record`: field → (old, new)."""

    row: ParsedRow
    record: M
    changes: dict[str, tuple[Any, Any]]


@dataclass
class Plan(Generic[M]):
    """The whole of one workbook. With errors in `problems` nothing may be stored."""

    problems: ProblemList
    read: list[Read] = field(default_factory=list)
    heading_rows: dict[str, int] = field(default_factory=dict)
    new: list[New[M]] = field(default_factory=list)
    changed: list[Changed[M]] = field(default_factory=list)
    unchanged: int = 0
    rows: int = 0

    @classmethod
    def of(cls, table: ParsedTable, rows: int) -> "Plan[M]":
        """Return the empty plan of a table with so many rows."""
        headings = {sheet: heading.last_row for sheet, heading in table.headings.items()}
        return cls(table.problems, table.read, headings, rows=rows)

    @property
    def ignored(self) -> list[Read]:
        """The columns that nobody asked for."""
        return [column for column in self.read if not column.meaning]

    @property
    def figures(self) -> dict[str, int]:
        """How many rows, and what becomes of them."""
        return {
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
            yield f"changed {changed.row.sheet} {changed.row.number} {changed.record.pk} {changed.record.version} {fields}"

    def preview(self, shown: tuple[str, ...]) -> dict[str, Any]:
        """The first rows as plain data to be stored, personal values masked; `shown` are the fields of new ones."""
        return {
            "new": [
                {"row": new.row.number, "values": {name: shown_value(name, new.values.get(name)) for name in shown}}
                for new in self.new[:SHOWN_NEW]
            ],
            "changed": [
                {
                    "row": changed.row.number,
                    "name": str(changed.record),
                    "changes": {
                        name: [shown_value(name, value) for value in pair] for name, pair in changed.changes.items()
                    },
                }
                for changed in self.changed[:SHOWN_CHANGED]
            ],
            "read": [[column.sheet, column.column, column.header, column.meaning] for column in self.read],
        }


def shown_value(name: str, value: Any) -> Any:
    """Return a value as plain data for a stored preview."""
    if value is None or value == "":
        return ""
    if name in MASKED:
        return mask(str(value))
    if isinstance(value, bool | int):
        return value
    return str(value)
