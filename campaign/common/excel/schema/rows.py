"""The records of one sheet: cells converted column by column, what is no record passed over, mistakes reported."""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from itertools import islice, starmap
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaign.common.excel import layout
from campaign.common.excel.problems import Category, Mistake, Param, ProblemList, Severity, mistake
from campaign.common.excel.reader import Sheet
from campaign.common.excel.schema.columns import CELL_MISSING, NONE, Column, Found, ParsedRow, Places, kept, place_of
from campaign.common.excel.values import CellError, Raw, Reading, chinese_letters, is_blank

REMEMBERED = 50_000
"""How many different texts a column remembers with their value; most columns repeat a few."""
TRIED = 5_000
"""After so many different texts a column whose texts hardly come again (names, numbers) stops remembering."""
CLEARING = frozenset({"—", "——"})
"""What empties a cell of the record, where a blank cell leaves it as it is."""
DITTO = frozenset({"同上", "〃", "″", "''", '"'})
""""The same as above", as people write it by hand."""
AT_ONCE = 500
"""How many rows are converted together."""
FEW = 2
"""Up to so many filled cells are no record where required ones are missing and a note stands above."""
REMARK_LENGTH = 8
"""Chinese letters from which on a text alone in its row is taken for a remark."""

LINE_PASSED = mistake(
    "table.line_passed",
    _("This line was taken for a remark under the table and not read."),
    _("If it belongs to the table, fill in its other cells."),
    Category.MISSING,
    Severity.WARNING,
)


class _Nothing(Enum):
    """What a cell may hold instead of a value."""

    BLANK = "blank"
    CLEARED = "cleared"
    DITTO = "ditto"


BLANK, CLEARED, SAME = _Nothing.BLANK, _Nothing.CLEARED, _Nothing.DITTO
_NO_VALUES = frozenset({_Nothing, CellError})


class _Cells:
    """One column while it is read: converts its cells and remembers texts that come again."""

    def __init__(self, column: Column, place: int, reading: Reading) -> None:
        self.column = column
        self.place = place
        self._convert = column.converter
        self._reading = reading
        self._remembered: dict[str, Any] = {}
        self._seen = 0
        self._remembers = True

    def read_all(self, raws: Sequence[Raw]) -> list[Any]:
        """Return what `read` does of each; a text that is remembered costs no call."""
        self._seen += len(raws)
        known, read = self._remembered, self.read
        return [known[raw] if raw.__class__ is str and raw in known else read(raw) for raw in raws]

    def read(self, raw: Raw) -> Any:
        """Return the clean value of a cell, what stands in its place (`_Nothing`), or the CellError it is."""
        if type(raw) is not str:  # as keys True and 1.0 are the same
            return self._converted(raw)
        found = self._remembered.get(raw)
        if found is not None:
            return found
        found = self._text(raw)
        if self._remembers:
            self._remember(raw, found)
        return found

    def _text(self, raw: str) -> Any:
        if is_blank(raw):
            return CLEARED if self.column.clears and raw.strip() in CLEARING else BLANK
        if raw.strip() in DITTO:
            return SAME
        return self._converted(raw)

    def _converted(self, raw: Raw) -> Any:
        try:
            return self._convert(raw, self._reading)
        except CellError as error:
            return error

    def _remember(self, raw: str, found: Any) -> None:
        count = len(self._remembered)
        self._remembers = count < REMEMBERED and not (count > TRIED and self._seen < 2 * count)
        if self._remembers:
            self._remembered[raw] = found
        elif count < REMEMBERED:
            self._remembered = {"": BLANK}


class _MergedDown:
    """Cells merged over several rows, as where one branch stands beside all its members: each row gets the value."""

    def __init__(self, sheet: Sheet, heading_row: int) -> None:
        self._until = {
            (first_row + 1, column): last_row + 1
            for (first_row, column), (last_row, _last_column) in sheet.merged
            if last_row > first_row >= heading_row
        }
        self._going: dict[int, tuple[int, Raw]] = {}

    def __bool__(self) -> bool:
        return bool(self._until)

    def fill(self, number: int, row: Sequence[Raw]) -> Sequence[Raw]:
        """Return the row with what reaches down to it; rows come in order."""
        filled = list(row)
        for place, value in enumerate(row):
            if (number, place) in self._until:
                self._going[place] = self._until[number, place], value
            elif place in self._going and value == "" and number <= self._going[place][0]:
                filled[place] = self._going[place][1]
        return filled


class SheetRows:
    """Reads the records of one sheet, from its heading on."""

    def __init__(self, found: Found, columns: Sequence[Column], reading: Reading, problems: ProblemList) -> None:
        self._sheet, self._heading, self._problems = found.sheet, found.heading, problems
        places = found.heading.found
        self._cells = [_Cells(column, places[column.key], reading) for column in columns if column.key in places]
        self._required = [place for place, cells in enumerate(self._cells) if cells.column.required]
        self._blanks = [cells.column.converter.blank for cells in self._cells]
        absent = {column.key: column.converter.blank for column in columns if column.key not in places} | dict(
            found.given
        )
        self._absent = tuple(absent.values())
        self._places = Places(found.sheet.name, found.heading, [*(cells.column.key for cells in self._cells), *absent])
        self._width = max(places.values(), default=-1) + 1
        self._below = False
        self._last: list[Any] = []
        self._merged = _MergedDown(found.sheet, found.heading.last_row)

    def __iter__(self) -> Iterator[ParsedRow]:
        for number, row, found in starmap(self._filled, self._read()) if self._merged else self._read():
            if self._is_record(number, row, found):
                yield self._record(number, row, found)

    def _read(self) -> Iterator[tuple[int, Sequence[Raw], list[Any]]]:
        """Yield each row below the heading with the value of each column, what stands in its place, or what is wrong.

        Many rows at once, column by column: a hundred thousand rows have millions of cells, most of them seen before.
        """
        below = ((number, row) for number, row in self._sheet.rows() if number > self._heading.last_row)
        while some := list(islice(below, AT_ONCE)):
            rows = [
                row if len(row) >= self._width else [*row, *[""] * (self._width - len(row))] for _number, row in some
            ]
            columns = [cells.read_all([row[cells.place] for row in rows]) for cells in self._cells]
            for (number, _row), row, found in zip(some, rows, zip(*columns, strict=True), strict=True):
                yield number, row, list(found)

    def _filled(self, number: int, row: Sequence[Raw], found: list[Any]) -> tuple[int, Sequence[Raw], list[Any]]:
        """Return a row with what merged cells say of it; a blank one stays blank."""
        if all(value is BLANK for value in found):
            return number, row, found
        filled = self._merged.fill(number, row)
        return number, filled, [cells.read(filled[cells.place]) for cells in self._cells]

    def _is_record(self, number: int, row: Sequence[Raw], found: Sequence[Any]) -> bool:
        """Whether the row is a record: not blank, no total, no heading again, no note or signature under the table.

        Few cells under a note belong to the note; a line of one long text elsewhere is passed over with a warning.
        """
        filled = len(found) - found.count(BLANK) - found.count(CLEARED)
        if filled == 0:
            self._below = self._below or layout.is_below(row)
            return False
        if layout.is_total(row) or self._heading.stands_in(row) or self._numbers_columns(number, row):
            return False
        complete = not any(found[place] is BLANK for place in self._required)
        if not (complete and filled > FEW) or layout.is_signed(row):
            if layout.is_below(row):
                self._below = True
                return False
            if self._below and not complete and filled <= FEW:
                return False
            if not complete and filled == 1 and self._is_remark(number, row, found):
                return False
        self._below = False
        return True

    def _numbers_columns(self, number: int, row: Sequence[Raw]) -> bool:
        return number == self._heading.last_row + 1 and layout.is_column_numbers(row)

    def _is_remark(self, number: int, row: Sequence[Raw], found: Sequence[Any]) -> bool:
        cells = next(cells for cells, value in zip(self._cells, found, strict=True) if value is not BLANK)
        written = row[cells.place]
        if chinese_letters(written) < REMARK_LENGTH:
            return False
        self._report(number, cells.column, LINE_PASSED, written)
        return True

    def _record(self, number: int, row: Sequence[Raw], found: list[Any]) -> ParsedRow:
        wrong, cleared = NONE, NONE
        if SAME in found:
            above = self._last or [BLANK] * len(found)
            found = [above[place] if value is SAME else value for place, value in enumerate(found)]
        for place, value in enumerate(found):
            if value.__class__ not in _NO_VALUES:
                continue
            found[place] = self._blanks[place]
            column = self._cells[place].column
            if value is CLEARED:
                cleared |= {column.key}
            elif value is BLANK:
                if column.required:
                    wrong |= {column.key}
                    self._report(number, column, CELL_MISSING, "")
            elif isinstance(value, CellError):
                wrong |= {column.key}
                self._report(number, column, value.kind, row[self._cells[place].place], value.params)
        self._last = found
        return ParsedRow(number, self._places, (*found, *self._absent), kept(row), wrong, cleared)

    def _report(
        self, number: int, column: Column, kind: Mistake, value: Raw, params: Mapping[str, Param] | None = None
    ) -> None:
        place = place_of(self._sheet.name, number, self._heading, column)
        self._problems.add(kind, place, value=value, personal=column.personal, params=params)
