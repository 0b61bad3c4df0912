"""How a table is declared, and what a row of it is once it has been read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _
from openpyxl.utils import get_column_letter

from campaign.common.excel.layout import Heading
from campaign.common.excel.problems import Category, Place, mistake, plain
from campaign.common.excel.reader import Sheet
from campaign.common.excel.values import Converter, Raw, text

CELL_MISSING = mistake("cell.missing", _("“%(header)s” is not filled in."), _("Fill in the cell."), Category.MISSING)


@dataclass(frozen=True)
class Column:
    """One column of a table.

    `key` names the value in the rows; `header` and `aliases` are its headings. `required`: every row must fill it.
    `expected`: the column must be there, though cells may be blank. `personal`: values are masked in messages.
    `in_title`: where the column is missing its value may stand above the table or in the name of the sheet.
    `clears`: — empties the value of the record.
    """

    key: str
    header: str
    aliases: tuple[str, ...] = ()
    required: bool = False
    converter: Converter[Any] = field(default_factory=text)
    personal: bool = False
    expected: bool = False
    in_title: bool = False
    clears: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """A column of the file: `meaning` is the heading it was understood as, "" where nobody asked for it (not read)."""

    sheet: str
    column: str
    header: str
    meaning: str = ""


class Places:
    """Where the values of each column stand in the rows of one sheet."""

    __slots__ = ("at", "heading", "keys", "sheet")

    def __init__(self, sheet: str, heading: Heading, keys: Sequence[str]) -> None:
        self.sheet, self.heading, self.keys = sheet, heading, tuple(keys)
        self.at = {key: place for place, key in enumerate(keys)}


NONE: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class ParsedRow:
    """A record: `row["name"]` is a clean value (its blank value where the cell is blank or the column missing).

    `"name" in row` is False when the cell held a mistake, which was reported already: then leave further checks out.
    `cleared` are the columns in which — stands. Long rosters are kept whole, so a row is kept small.
    """

    number: int
    places: Places
    found: tuple[Any, ...]
    written: str
    wrong: frozenset[str] = NONE
    cleared: frozenset[str] = NONE

    def __getitem__(self, key: str) -> Any:
        return self.found[self.places.at[key]]

    def __contains__(self, key: object) -> bool:
        return key in self.places.at and key not in self.wrong

    @property
    def sheet(self) -> str:
        return self.places.sheet

    @property
    def heading(self) -> Heading:
        return self.places.heading

    @property
    def values(self) -> dict[str, Any]:
        """All values by column."""
        return dict(zip(self.places.keys, self.found, strict=True))

    def filled(self) -> dict[str, Any]:
        """Return the values of cells that are filled and right."""
        filled = {
            key: value
            for key, value in zip(self.places.keys, self.found, strict=True)
            if value is not None and value != ""
        }
        for key in self.wrong:
            filled.pop(key, None)
        return filled

    def seen_from(self, other: "ParsedRow") -> str:
        """Return the number of the row, with its sheet where `other` stands on another one."""
        return str(self.number) if self.sheet == other.sheet else f"{self.number} ({self.sheet})"

    def raw(self, key: str) -> str:
        """What stands in the cell as it was read; "" where the column is missing."""
        place = self.heading.found.get(key)
        cells = self.written.split(_BETWEEN)
        return "" if place is None or place >= len(cells) else cells[place]


_BETWEEN = "\x1f"


def kept(cells: Iterable[Raw]) -> str:
    """Return the cells of a row as `ParsedRow.written` holds them."""
    return _BETWEEN.join([cell if type(cell) is str else plain(cell) for cell in cells])


@dataclass(frozen=True)
class Found:
    """A sheet with the heading that was found on it; `given` are values that stand above it."""

    sheet: Sheet
    heading: Heading
    above: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)


def place_of(sheet: str, row: int, heading: Heading, column: Column) -> Place:
    """Return where a cell stands, as the heading has it; without a letter where the column is missing."""
    place = heading.found.get(column.key)
    if place is None:
        return Place(sheet, row, header=column.header)
    return Place(sheet, row, get_column_letter(place + 1), heading.written[place])
