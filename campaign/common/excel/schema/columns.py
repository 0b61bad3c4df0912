"""How a table is declared, and where it was found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _
from openpyxl.utils import get_column_letter

from campaign.common.excel.layout import Heading
from campaign.common.excel.problems import Category, Place, mistake
from campaign.common.excel.reader import Sheet
from campaign.common.excel.values import Converter, text

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
