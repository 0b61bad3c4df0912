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

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.utils.translation import gettext_lazy as _
from openpyxl.utils import get_column_letter

from campaign.common import clock
from campaign.common.excel import layout
from campaign.common.excel.layout import Heading, Names, Vocabulary, find_heading
from campaign.common.excel.problems import Category, Mistake, Param, Place, Problem, ProblemList, Severity, mistake
from campaign.common.excel.reader import Sheet, Workbook
from campaign.common.excel.values import CellError, Converter, Raw, Reading, chinese_letters, is_blank, text

REMEMBERED = 10_000
"""How many different texts a column remembers with their value; most columns repeat a few."""
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
CELL_MISSING = mistake("cell.missing", _("“%(header)s” is not filled in."), _("Fill in the cell."), Category.MISSING)


@dataclass(frozen=True)
class Column:
    """One column of a table.

    `key` names the value in the rows; `header` and `aliases` are its headings. `required`: every row must fill it.
    `expected`: the column must be there, though cells may be blank. `personal`: values are masked in messages.
    """

    key: str
    header: str
    aliases: tuple[str, ...] = ()
    required: bool = False
    converter: Converter[Any] = field(default_factory=text)
    personal: bool = False
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Ignored:
    """A column that nobody asked for; it is not read."""

    sheet: str
    column: str
    header: str


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A record: `row["name"]` is a clean value (its blank value where the cell is blank or the column missing).

    `"name" in row` is False when the cell held a mistake, which was reported already: then leave further checks out.
    """

    sheet: str
    number: int
    values: dict[str, Any]
    wrong: frozenset[str]
    cells: Sequence[Raw]
    heading: Heading

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def __contains__(self, key: object) -> bool:
        return key in self.values and key not in self.wrong

    def raw(self, key: str) -> Raw:
        """What stands in the cell as it was read; "" where the column is missing."""
        place = self.heading.found.get(key)
        return "" if place is None or place >= len(self.cells) else self.cells[place]


class ParsedTable:
    """The rows of all sheets that hold the table, with everything that is wrong with them."""

    def __init__(
        self, found: Sequence[tuple[Sheet, Heading]], columns: Sequence[Column], problems: ProblemList
    ) -> None:
        self.problems = problems
        self.headings = {sheet.name: heading for sheet, heading in found}
        self.ignored = [
            Ignored(sheet.name, get_column_letter(place + 1), heading.written[place])
            for sheet, heading in found
            for place in heading.ignored
        ]
        self._columns = {column.key: column for column in columns}
        self._records = _records(found, columns, problems)

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


def parse(workbook: Workbook, columns: Sequence[Column]) -> ParsedTable:
    """Find the table on the sheets of a workbook and return its rows.

    Every visible sheet with all required and expected columns is read, in order; where no sheet has them all, the
    sheet that knows most of them, with a problem for each column that is missing (and then no rows).
    Raises WorkbookError when calamine cannot read a sheet.
    """
    problems = ProblemList()
    vocabulary = Vocabulary(Names(column.key, column.header, column.aliases) for column in columns)
    found = [
        (sheet, heading)
        for sheet in workbook.sheets
        if (heading := find_heading(list(islice(sheet.rows(), layout.SEARCHED_ROWS)), vocabulary))
    ]
    if not found:
        problems.add(NO_HEADING, params={"columns": "、".join(column.header for column in columns if column.required)})
        return ParsedTable((), columns, problems)
    whole = [(sheet, heading) for sheet, heading in found if not any(_missing(heading, columns))]
    if whole:
        for sheet, heading in whole:
            _report_twice(sheet, heading, columns, problems)
        return ParsedTable(whole, columns, problems)
    sheet, heading = max(found, key=lambda pair: len(pair[1].found))
    for column in _missing(heading, columns):
        problems.add(COLUMN_MISSING, Place(sheet.name, heading.last_row, header=column.header))
    _report_twice(sheet, heading, columns, problems)
    return ParsedTable([(sheet, heading)], columns, problems)


def _missing(heading: Heading, columns: Iterable[Column]) -> Iterator[Column]:
    known = {*heading.found, *heading.twice}
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


def _records(
    found: Sequence[tuple[Sheet, Heading]], columns: Sequence[Column], problems: ProblemList
) -> Iterator[ParsedRow]:
    if problems.errors:
        return
    reading = Reading(today=clock.today())
    count = 0
    for sheet, heading in found:
        for row in _SheetRows(sheet, heading, columns, reading, problems):
            count += 1
            yield row
    if not count:
        problems.add(NO_ROWS, Place(found[0][0].name))


class _Cells:
    """One column while it is read: converts its cells and remembers texts that come again."""

    def __init__(self, column: Column, place: int, reading: Reading) -> None:
        self.column = column
        self.place = place
        self._convert = column.converter
        self._reading = reading
        self._remembered: dict[str, Any] = {}

    def value(self, raw: Raw) -> Any:
        """Return the clean value of a cell that is not blank; raises CellError."""
        if type(raw) is not str:  # as keys True and 1.0 are the same
            return self._convert(raw, self._reading)
        if raw in self._remembered:
            return self._remembered[raw]
        value = self._convert(raw, self._reading)
        if len(self._remembered) < REMEMBERED:
            self._remembered[raw] = value
        return value


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

    def __init__(
        self, sheet: Sheet, heading: Heading, columns: Sequence[Column], reading: Reading, problems: ProblemList
    ) -> None:
        self._sheet = sheet
        self._heading = heading
        self._problems = problems
        self._cells = [
            _Cells(column, heading.found[column.key], reading) for column in columns if column.key in heading.found
        ]
        self._absent = {column.key: column.converter.blank for column in columns if column.key not in heading.found}
        self._width = max(heading.found.values(), default=-1) + 1
        self._below = False
        self._merged = _MergedDown(sheet, heading.last_row)

    def __iter__(self) -> Iterator[ParsedRow]:
        for number, cells_read in self._sheet.rows():
            if number <= self._heading.last_row:
                continue
            short = self._width - len(cells_read)
            row: Sequence[Raw] = [*cells_read, *[""] * short] if short > 0 else cells_read
            blanks = self._blanks(row)
            if self._merged and not all(blanks):
                row = self._merged.fill(number, row)
                blanks = self._blanks(row)
            if self._is_record(number, row, blanks):
                yield self._record(number, row, blanks)

    def _blanks(self, row: Sequence[Raw]) -> list[bool]:
        return [is_blank(row[cells.place]) for cells in self._cells]

    def _is_record(self, number: int, row: Sequence[Raw], blanks: Sequence[bool]) -> bool:
        """Whether the row is a record: not blank, no total, no heading again, no note or signature under the table.

        Few cells under a note belong to the note; a line of one long text elsewhere is passed over with a warning.
        """
        filled = len(blanks) - sum(blanks)
        if filled == 0:
            self._below = self._below or layout.is_below(row)
            return False
        if layout.is_total(row) or self._heading.stands_in(row) or self._numbers_columns(number, row):
            return False
        complete = not any(blank and cells.column.required for cells, blank in zip(self._cells, blanks, strict=True))
        if not (complete and filled > FEW):
            if layout.is_below(row):
                self._below = True
                return False
            if self._below and not complete and filled <= FEW:
                return False
            if not complete and filled == 1 and self._is_remark(number, row, blanks):
                return False
        self._below = False
        return True

    def _numbers_columns(self, number: int, row: Sequence[Raw]) -> bool:
        return number == self._heading.last_row + 1 and layout.is_column_numbers(row)

    def _is_remark(self, number: int, row: Sequence[Raw], blanks: Sequence[bool]) -> bool:
        cells = self._cells[list(blanks).index(False)]
        written = row[cells.place]
        if chinese_letters(written) < REMARK_LENGTH:
            return False
        self._report(number, cells.column, LINE_PASSED, written)
        return True

    def _record(self, number: int, row: Sequence[Raw], blanks: Sequence[bool]) -> ParsedRow:
        values = self._absent.copy()
        wrong = []
        for cells, blank in zip(self._cells, blanks, strict=True):
            column = cells.column
            values[column.key] = column.converter.blank
            if blank:
                if column.required:
                    wrong.append(column.key)
                    self._report(number, column, CELL_MISSING, "")
                continue
            try:
                values[column.key] = cells.value(row[cells.place])
            except CellError as error:
                wrong.append(column.key)
                self._report(number, column, error.kind, row[cells.place], error.params)
        return ParsedRow(self._sheet.name, number, values, frozenset(wrong), row, self._heading)

    def _report(
        self, number: int, column: Column, kind: Mistake, value: Raw, params: Mapping[str, Param] | None = None
    ) -> None:
        place = _place(self._sheet.name, number, self._heading, column)
        self._problems.add(kind, place, value=value, personal=column.personal, params=params)
