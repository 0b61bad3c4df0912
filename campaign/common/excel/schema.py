"""A table as its importer declares it: columns in, checked rows and all problems out.

    COLUMNS = (
        Column("name", "姓名", required=True, converter=person_name()),
        Column("organization", "所在党组织", aliases=("党支部",), required=True, converter=label()),
        Column("phone", "联系电话", aliases=("手机",), personal=True, converter=phone()),
    )
    table = parse(open_workbook(upload), COLUMNS)
    for row in table:
        if "organization" in row and row["organization"] not in known:
            table.report(row, "organization", UNKNOWN_ORGANIZATION)
    if table.problems.errors: ...

Rows come one by one; `table.problems` is complete when the last one was read. `parse` itself raises nothing: what is
wrong with sheets and headings stands in `table.problems` like the rest.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import islice, starmap
from typing import Any

from django.utils.translation import gettext_lazy as _
from openpyxl.utils import get_column_letter

from campaign.common import clock
from campaign.common.excel import layout
from campaign.common.excel.layout import Heading, Names, Vocabulary, find_heading
from campaign.common.excel.problems import (
    Category,
    Mistake,
    Param,
    Place,
    Problem,
    ProblemList,
    Severity,
    mistake,
    plain,
)
from campaign.common.excel.reader import Sheet, Workbook
from campaign.common.excel.values import CellError, Converter, Raw, Reading, chinese_letters, is_blank, text

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

_USE_TEMPLATE = _("Take the headings from the template.")
NO_HEADING = mistake(
    "table.no_heading",
    _("No heading row was found; looked for the columns %(columns)s."),
    _USE_TEMPLATE,
    Category.COLUMNS,
)
COLUMN_MISSING = mistake(
    "table.column_missing", _("The column “%(header)s” is missing."), _USE_TEMPLATE, Category.COLUMNS
)
COLUMN_TWICE = mistake(
    "table.column_twice",
    _("The column “%(header)s” stands in the heading more than once: %(columns)s."),
    _("Delete or rename all but one."),
    Category.COLUMNS,
)
NO_ROWS = mistake(
    "table.no_rows", _("There are no rows under the heading."), _("Fill in the table and send it again."), Category.FILE
)
LINE_PASSED = mistake(
    "table.line_passed",
    _("This line was taken for a remark under the table and not read."),
    _("If it belongs to the table, fill in its other cells."),
    Category.MISSING,
    Severity.WARNING,
)
FROM_TITLE = mistake(
    "table.from_title",
    _("There is no column “%(column)s”; “%(taken)s” was taken from the title or the name of the sheet."),
    _("Check that it is right for every row of the sheet."),
    Category.COLUMNS,
    Severity.WARNING,
)
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


Titles = Callable[[str, Sequence[str]], Mapping[str, Any]]
"""(name of a sheet, texts above its heading) → values of `in_title` columns that they name, by key."""


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


_NONE: frozenset[str] = frozenset()


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
    wrong: frozenset[str] = _NONE
    cleared: frozenset[str] = _NONE

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

    def raw(self, key: str) -> str:
        """What stands in the cell as it was read; "" where the column is missing."""
        place = self.heading.found.get(key)
        cells = self.written.split(_BETWEEN)
        return "" if place is None or place >= len(cells) else cells[place]


_BETWEEN = "\x1f"


def _kept(cells: Iterable[Raw]) -> str:
    return _BETWEEN.join([cell if type(cell) is str else plain(cell) for cell in cells])


class ParsedTable:
    """The rows of all sheets that hold the table, with everything that is wrong with them."""

    def __init__(
        self,
        found: Sequence["_Found"],
        columns: Sequence[Column],
        problems: ProblemList,
    ) -> None:
        self.problems = problems
        self.headings = {one.sheet.name: one.heading for one in found}
        self._columns = {column.key: column for column in columns}
        self.read = [column for one in found for column in self._read(one.sheet.name, one.heading)]
        self._records = _records(found, columns, problems)

    def _read(self, sheet: str, heading: Heading) -> Iterator[Read]:
        """The columns of a sheet in their order, understood or not."""
        known = {place: self._columns[key].header for key, place in heading.found.items()}
        for place in sorted([*known, *heading.ignored]):
            yield Read(sheet, get_column_letter(place + 1), heading.written[place], known.get(place, ""))

    @property
    def ignored(self) -> list[Read]:
        """The columns that nobody asked for."""
        return [column for column in self.read if not column.meaning]

    def __iter__(self) -> Iterator[ParsedRow]:
        """The rows, one by one and once: a second loop starts where the first one stopped."""
        return self._records

    def has(self, key: str) -> bool:
        """Whether some sheet holds the column."""
        return any(key in heading.found for heading in self.headings.values())

    def report(self, row: ParsedRow, key: str, kind: Mistake, **params: Param) -> Problem:
        """Add what the importer found wrong with one cell (another table, another row); `params` hold nothing personal."""
        column = self._columns[key]
        return self.problems.add(
            kind,
            _place(row.sheet, row.number, row.heading, column),
            value=row.raw(key),
            personal=column.personal,
            params=params,
        )


@dataclass(frozen=True)
class _Found:
    """A sheet with the heading that was found on it; `given` are values that stand above it."""

    sheet: Sheet
    heading: Heading
    above: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)


def parse(workbook: Workbook, columns: Sequence[Column], titles: Titles | None = None) -> ParsedTable:
    """Find the table on the sheets of a workbook and return its rows.

    Every visible sheet with all required and expected columns is read, in order; where no sheet has them all, the
    sheet that knows most of them, with a problem for each column that is missing (and then no rows). `titles` looks for
    `in_title` columns above the table. Raises WorkbookError when calamine cannot read a sheet.
    """
    problems = ProblemList()
    vocabulary = Vocabulary(Names(column.key, column.header, column.aliases) for column in columns)
    found = [one for sheet in workbook.sheets if (one := _found(sheet, vocabulary))]
    if not found:
        problems.add(NO_HEADING, params={"columns": "、".join(column.header for column in columns if column.required)})
        return ParsedTable((), columns, problems)
    found = [_titled(one, columns, titles, problems) for one in found]
    whole = [one for one in found if not any(_missing(one, columns))]
    if whole:
        for one in whole:
            _report_twice(one.sheet, one.heading, columns, problems)
        return ParsedTable(whole, columns, problems)
    best = max(found, key=lambda one: len(one.heading.found))
    for column in _missing(best, columns):
        problems.add(COLUMN_MISSING, Place(best.sheet.name, best.heading.last_row, header=column.header))
    _report_twice(best.sheet, best.heading, columns, problems)
    return ParsedTable([best], columns, problems)


def _found(sheet: Sheet, vocabulary: Vocabulary) -> _Found | None:
    first = list(islice(sheet.rows(), layout.SEARCHED_ROWS))
    heading = find_heading(first, vocabulary)
    if heading is None:
        return None
    above = [str(cell) for number, row in first if number < heading.first_row for cell in row if not is_blank(cell)]
    return _Found(sheet, heading, tuple(above))


def _titled(one: _Found, columns: Sequence[Column], titles: Titles | None, problems: ProblemList) -> _Found:
    """Return the sheet with what its title says, where a column is missing that may stand there."""
    missing = {column.key: column for column in _missing(one, columns)}
    if titles is None or not missing or not all(column.in_title for column in missing.values()):
        return one
    given = {key: value for key, value in titles(one.sheet.name, one.above).items() if key in missing}
    for key, value in given.items():
        names = {"column": missing[key].header, "taken": str(value)}
        problems.add(FROM_TITLE, Place(one.sheet.name), params=names)
    return replace(one, given=given)


def _missing(one: _Found, columns: Iterable[Column]) -> Iterator[Column]:
    known = {*one.heading.found, *one.heading.twice, *one.given}
    return (column for column in columns if (column.required or column.expected) and column.key not in known)


def _report_twice(sheet: Sheet, heading: Heading, columns: Iterable[Column], problems: ProblemList) -> None:
    for column in columns:
        if column.key in heading.twice:
            letters = [get_column_letter(place + 1) for place in heading.twice[column.key]]
            place = Place(sheet.name, heading.last_row, letters[-1], column.header)
            problems.add(COLUMN_TWICE, place, params={"columns": "、".join(letters)})


def _place(sheet: str, row: int, heading: Heading, column: Column) -> Place:
    place = heading.found.get(column.key)
    if place is None:
        return Place(sheet, row, header=column.header)
    return Place(sheet, row, get_column_letter(place + 1), heading.written[place])


def _records(found: Sequence[_Found], columns: Sequence[Column], problems: ProblemList) -> Iterator[ParsedRow]:
    if problems.errors:
        return
    reading = Reading(today=clock.today())
    count = 0
    for one in found:
        for row in _SheetRows(one, columns, reading, problems):
            count += 1
            yield row
    if not count:
        problems.add(NO_ROWS, Place(found[0].sheet.name))


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


class _SheetRows:
    """Reads the records of one sheet, from its heading on."""

    def __init__(self, found: _Found, columns: Sequence[Column], reading: Reading, problems: ProblemList) -> None:
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
        if not (complete and filled > FEW):
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
        wrong, cleared = _NONE, _NONE
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
        return ParsedRow(number, self._places, (*found, *self._absent), _kept(row), wrong, cleared)

    def _report(
        self, number: int, column: Column, kind: Mistake, value: Raw, params: Mapping[str, Param] | None = None
    ) -> None:
        place = _place(self._sheet.name, number, self._heading, column)
        self._problems.add(kind, place, value=value, personal=column.personal, params=params)
