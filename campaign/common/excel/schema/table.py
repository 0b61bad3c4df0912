"""The sheets of a workbook that hold the table, and all rows of them with everything that is wrong."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from django.utils.translation import gettext_lazy as _
from openpyxl.utils import get_column_letter

from campaign.common import clock
from campaign.common.excel import layout
from campaign.common.excel.layout import Heading, Names, Vocabulary, find_heading
from campaign.common.excel.problems import Category, Mistake, Param, Place, Problem, ProblemList, Severity, mistake
from campaign.common.excel.reader import Sheet, Workbook
from campaign.common.excel.schema.columns import Column, Found, Read, place_of
from campaign.common.excel.schema.records import ParsedRow, Records
from campaign.common.excel.schema.rows import SheetRows
from campaign.common.excel.values import Reading, is_blank

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
FROM_TITLE = mistake(
    "table.from_title",
    _("There is no column “%(column)s”; “%(taken)s” was taken from the title or the name of the sheet."),
    _("Check that it is right for every row of the sheet."),
    Category.COLUMNS,
    Severity.WARNING,
)
Titles = Callable[[str, Sequence[str]], Mapping[str, Any]]
"""(name of a sheet, texts above its heading) → values of `in_title` columns that they name, by key."""


class ParsedTable:
    """The rows of all sheets that hold the table, with everything that is wrong with them."""

    def __init__(
        self,
        found: Sequence[Found],
        columns: Sequence[Column],
        problems: ProblemList,
    ) -> None:
        self.problems = problems
        self.headings = {one.sheet.name: one.heading for one in found}
        self._columns = {column.key: column for column in columns}
        self.read = [column for one in found for column in self._read(one.sheet.name, one.heading)]
        self.records = Records(columns, Reading(today=clock.today()))
        self._reading = _reading(found, self.records, problems)
        self._views = self._one_by_one()

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
        return self._views

    def _one_by_one(self) -> Iterator[ParsedRow]:
        shown = 0
        for count in self._reading:
            yield from self.records[shown:count]
            shown = count

    def read_all(self, told: Callable[[int], None] | None = None) -> Records:
        """Read all rows and return them; `told` is called now and then with the number of rows read."""
        for count in self._reading:
            if told is not None:
                told(count)
        return self.records

    def has(self, key: str) -> bool:
        """Whether some sheet holds the column."""
        return any(key in heading.found for heading in self.headings.values())

    def report(self, row: ParsedRow, key: str, kind: Mistake, **params: Param) -> Problem:
        """Add what the importer found wrong with one cell (another table, another row); `params` hold nothing personal."""
        column = self._columns[key]
        return self.problems.add(
            kind,
            place_of(row.sheet, row.number, row.heading, column),
            value=row.raw(key),
            personal=column.personal,
            params=params,
        )


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


def fits(workbook: Workbook, columns: Sequence[Column]) -> bool:
    """Tell whether some sheet has all required and expected columns."""
    vocabulary = Vocabulary(Names(column.key, column.header, column.aliases) for column in columns)
    found = (_found(sheet, vocabulary) for sheet in workbook.sheets)
    return any(one is not None and not any(_missing(one, columns)) for one in found)


def _found(sheet: Sheet, vocabulary: Vocabulary) -> Found | None:
    first = list(islice(sheet.rows(), layout.SEARCHED_ROWS))
    heading = find_heading(first, vocabulary)
    if heading is None:
        return None
    above = [str(cell) for number, row in first if number < heading.first_row for cell in row if not is_blank(cell)]
    return Found(sheet, heading, tuple(above))


def _titled(one: Found, columns: Sequence[Column], titles: Titles | None, problems: ProblemList) -> Found:
    """Return the sheet with what its title says, where a column is missing that may stand there."""
    missing = {column.key: column for column in _missing(one, columns)}
    if titles is None or not missing or not all(column.in_title for column in missing.values()):
        return one
    given = {key: value for key, value in titles(one.sheet.name, one.above).items() if key in missing}
    for key, value in given.items():
        names = {"column": missing[key].header, "taken": str(value)}
        problems.add(FROM_TITLE, Place(one.sheet.name), params=names)
    return replace(one, given=given)


def _missing(one: Found, columns: Iterable[Column]) -> Iterator[Column]:
    known = {*one.heading.found, *one.heading.twice, *one.given}
    return (column for column in columns if (column.required or column.expected) and column.key not in known)


def _report_twice(sheet: Sheet, heading: Heading, columns: Iterable[Column], problems: ProblemList) -> None:
    for column in columns:
        if column.key in heading.twice:
            letters = [get_column_letter(place + 1) for place in heading.twice[column.key]]
            place = Place(sheet.name, heading.last_row, letters[-1], column.header)
            problems.add(COLUMN_TWICE, place, params={"columns": "、".join(letters)})


def _reading(found: Sequence[Found], records: Records, problems: ProblemList) -> Iterator[int]:
    """Read the sheets into `records`; yields, many rows at a time, how many there are."""
    if problems.errors:
        return
    for one in found:
        for _count in SheetRows(one, records, problems).read():
            yield len(records)
    if not records:
        problems.add(NO_ROWS, Place(found[0].sheet.name))
