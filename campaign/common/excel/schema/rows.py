"""The records of one sheet: what is no record passed over, mistakes reported."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import compress, islice

from django.utils.translation import gettext_lazy as _

from campaign.common.excel import layout
from campaign.common.excel.problems import Category, Mistake, Param, ProblemList, Severity, mistake
from campaign.common.excel.reader import Sheet
from campaign.common.excel.schema.columns import CELL_MISSING, Column, Found, place_of
from campaign.common.excel.schema.records import Cells, Nothing, Records
from campaign.common.excel.values import CellError, Raw, chinese_letters, is_blank

AT_ONCE = 2_000
"""How many rows are read together."""
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

    def fill(self, number: int, row: Sequence[Raw]) -> list[Raw]:
        """Return the row with what reaches down to it; rows come in order."""
        filled = list(row)
        for place, value in enumerate(row):
            if (number, place) in self._until:
                self._going[place] = self._until[number, place], value
            elif place in self._going and value == "" and number <= self._going[place][0]:
                filled[place] = self._going[place][1]
        return filled


class SheetRows:
    """Reads the records of one sheet, from its heading on, into `records`."""

    def __init__(self, found: Found, records: Records, problems: ProblemList) -> None:
        self._found, self._heading, self._problems = found, found.heading, problems
        self._records, places = records, found.heading.found
        self._cells = [(cells, places[key]) for key, cells in records.cells.items() if key in places]
        self._absent = [
            (cells, cells.made("", found.given.get(key, cells.column.converter.blank)))
            for key, cells in records.cells.items()
            if key not in places
        ]
        self._width = max(places.values(), default=-1) + 1
        self._merged = _MergedDown(found.sheet, found.heading.last_row)
        self._below = False
        self._last: list[int] = []

    def read(self) -> Iterator[int]:
        """Read the sheet, many rows at a time; yields how many records each time brought."""
        self._records.begin(self._found)
        below = ((number, row) for number, row in self._found.sheet.rows() if number > self._heading.last_row)
        while some := list(islice(below, AT_ONCE)):
            yield self._take([number for number, _row in some], [row for _number, row in some])

    def _take(self, numbers: list[int], rows: list[list[Raw]]) -> int:
        if min(map(len, rows)) < self._width:
            rows = [[*row, *[""] * (self._width - len(row))] for row in rows]
        if self._merged:
            rows = [self._filled(number, row) for number, row in zip(numbers, rows, strict=True)]
        written = list(zip(*rows, strict=False))  # lines of csv differ in length
        codes = [cells.number(written[place]) for cells, place in self._cells]
        if passed := self._passed(numbers, rows, written, codes):
            kept = [at not in passed for at in range(len(rows))]
            numbers, *codes = (list(compress(some, kept)) for some in (numbers, *codes))
        if numbers:
            self._resolve(codes)
            self._report_mistakes(numbers, codes)
            self._keep(numbers, codes)
        return len(numbers)

    def _filled(self, number: int, row: list[Raw]) -> list[Raw]:
        """Return a row with what merged cells say of it; a blank one stays blank."""
        if all(is_blank(row[place]) for _cells, place in self._cells):
            return row
        return self._merged.fill(number, row)

    # -- what is no record

    def _passed(
        self, numbers: list[int], rows: list[list[Raw]], written: Sequence[Sequence[Raw]], codes: list[list[int]]
    ) -> set[int]:
        """Return the places of rows that are no records; those in doubt alone are looked at one by one."""
        passed: set[int] = set()
        before = -1
        for at in sorted(self._doubtful(numbers, rows, written, codes)):
            self._below = self._below and before == at - 1
            before = at
            if not self._is_record(numbers[at], rows[at], [column[at] for column in codes]):
                passed.add(at)
        self._below = self._below and before == len(rows) - 1
        return passed

    def _doubtful(
        self, numbers: list[int], rows: list[list[Raw]], written: Sequence[Sequence[Raw]], codes: list[list[int]]
    ) -> set[int]:
        """Return the places of rows that may be no records: with few cells, without required ones, with a word as notes have
        it, like the heading, or right below it."""
        found = {at for at, row in enumerate(rows) if layout.may_close(row)} | _few(self._cells, codes)
        for (cells, _place), column in zip(self._cells, codes, strict=True):
            if cells.column.required:
                blank = cells.codes_of(Nothing.BLANK)
                found.update(at for at, code in enumerate(column) if code in blank)
        anchor = self._cells[0][1]
        if self._heading.written[anchor] in written[anchor]:
            found.update(at for at, row in enumerate(rows) if self._heading.stands_in(row))
        return found | ({0} if numbers[0] == self._heading.last_row + 1 else set())

    def _is_record(self, number: int, row: Sequence[Raw], codes: Sequence[int]) -> bool:
        """Whether the row is a record: not blank, no total, no heading again, no note or signature under the table.

        Few cells under a note belong to the note; a line of one long text elsewhere is passed over with a warning.
        """
        nothing = [cells.odd.get(code) for (cells, _place), code in zip(self._cells, codes, strict=True)]
        filled = len(codes) - nothing.count(Nothing.BLANK) - nothing.count(Nothing.CLEARED)
        if filled == 0:
            self._below = self._below or layout.is_below(row)
            return False
        if layout.is_total(row) or self._heading.stands_in(row) or self._explains_columns(number, row):
            return False
        if layout.is_page(row) or self._is_title(row):
            return False
        required = [what for (cells, _place), what in zip(self._cells, nothing, strict=True) if cells.column.required]
        complete = Nothing.BLANK not in required
        whole = complete and filled > FEW
        if layout.is_signed(row) or (not whole and layout.is_below(row)):
            self._below = True
            return False
        if not whole:
            if self._below and not complete and filled <= FEW:
                return False
            if not complete and filled == 1 and self._is_remark(number, row, nothing):
                return False
        self._below = False
        return True

    def _is_title(self, row: Sequence[Raw]) -> bool:
        """Whether the row says again what stands above the table, as at the top of a printed page."""
        written = [str(cell) for cell in row if not is_blank(cell)]
        return len(written) == 1 and written[0] in self._found.above

    def _explains_columns(self, number: int, row: Sequence[Raw]) -> bool:
        return number == self._heading.last_row + 1 and (layout.is_column_numbers(row) or layout.is_hints(row))

    def _is_remark(self, number: int, row: Sequence[Raw], nothing: Sequence[object]) -> bool:
        cells, place = next(one for one, what in zip(self._cells, nothing, strict=True) if what is not Nothing.BLANK)
        if chinese_letters(row[place]) < REMARK_LENGTH:
            return False
        self._report(number, cells.column, LINE_PASSED, row[place])
        return True

    # -- the records

    def _resolve(self, codes: list[list[int]]) -> None:
        """Let "the same as above" be what stands above."""
        last = self._last
        self._last = []
        for place, ((cells, _place), column) in enumerate(zip(self._cells, codes, strict=True)):
            same = cells.codes_of(Nothing.DITTO)
            if not same.isdisjoint(column):
                above = last[place] if last else None
                for at, code in enumerate(column):
                    if code in same:
                        column[at] = _like(cells, code, above)
                    above = column[at]
            self._last.append(column[-1])

    def _report_mistakes(self, numbers: list[int], codes: list[list[int]]) -> None:
        found: list[tuple[int, Cells, int]] = []
        for (cells, _place), column in zip(self._cells, codes, strict=True):
            wrong = cells.wrong
            if not wrong.keys().isdisjoint(column):
                found += [(at, cells, code) for at, code in enumerate(column) if code in wrong]
        for at, cells, code in sorted(found, key=lambda one: one[0]):
            what = cells.odd[code]
            if isinstance(what, CellError):
                self._report(numbers[at], cells.column, what.kind, cells.raws[code], what.params)
            else:
                self._report(numbers[at], cells.column, CELL_MISSING, "")

    def _keep(self, numbers: list[int], codes: list[list[int]]) -> None:
        self._records.numbers += numbers
        for (cells, _place), column in zip(self._cells, codes, strict=True):
            cells.codes += column
        for cells, code in self._absent:
            cells.codes += [code] * len(numbers)

    def _report(
        self, number: int, column: Column, kind: Mistake, value: Raw, params: Mapping[str, Param] | None = None
    ) -> None:
        place = place_of(self._found.sheet.name, number, self._heading, column)
        self._problems.add(kind, place, value=value, personal=column.personal, params=params)


def _like(cells: Cells, code: int, above: int | None) -> int:
    """Return the code of a cell that is as the one above it; of the first row, that of a blank one."""
    return cells.as_nothing(cells.raws[code]) if above is None else cells.made(cells.raws[code], cells.values[above])


def _few(columns: Sequence[tuple[Cells, int]], codes: list[list[int]]) -> set[int]:
    """Return the places of rows with few filled cells."""
    counts = dict.fromkeys(range(len(codes[0]) if codes else 0), 0)
    for (cells, _place), column in zip(columns, codes, strict=True):
        nothing = cells.codes_of(Nothing.BLANK, Nothing.CLEARED)
        for at in [at for at in counts if column[at] not in nothing]:
            counts[at] += 1
            if counts[at] > FEW:
                del counts[at]
    return set(counts)
