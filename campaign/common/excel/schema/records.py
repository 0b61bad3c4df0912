"""The rows of a table, held column by column: each different cell of a column is kept, and converted, once.

A roster of a hundred thousand rows has millions of cells, most of which were seen before. What is found out about a column
is found out about its different values; rows are looked at one by one only where something is wrong.
"""

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from enum import Enum
from itertools import count, islice
from typing import Any, TypeVar, overload

from campaign.common.excel.layout import Heading
from campaign.common.excel.problems import plain
from campaign.common.excel.reader import Merged
from campaign.common.excel.schema.columns import Column, Found
from campaign.common.excel.values import NOT_WRITTEN, CellError, Raw, Reading, is_blank

T = TypeVar("T")
CLEARING = frozenset({"—", "——"})
"""What empties a cell of the record, where a blank cell leaves it as it is."""
DITTO = frozenset({"同上", "〃", "″", "''", '"'})
""""The same as above", as people write it by hand."""


class Nothing(Enum):
    """What a cell may hold instead of a value."""

    BLANK = "blank"
    CLEARED = "cleared"
    DITTO = "ditto"


class Cells:
    """One column. `codes` say for each row which of the different cells it holds: `raws` as they were read, `values` clean.

    `odd` tells of a code what stands there instead of a value (`Nothing`, or the CellError it is); its value is then blank.
    """

    def __init__(self, column: Column, reading: Reading) -> None:
        self.column = column
        self.codes: list[int] = []
        self.raws: list[Raw] = []
        self.values: list[Any] = []
        self.odd: dict[int, Nothing | CellError] = {}
        self._convert, self._usual, self._reading = column.converter, column.converter.usual, reading
        # Cell → its code; what is asked for the first time gets the next one.
        self._known: defaultdict[Any, int] = defaultdict(count().__next__)
        # Known first, so that what only looks like a value needs no look for it in each.
        self.number([*sorted(NOT_WRITTEN), *sorted(DITTO)])

    def number(self, cells: Sequence[Raw]) -> list[int]:
        """Return the codes of some cells, in order; those never seen before are converted."""
        known = self._known
        keys: Sequence[Any] = cells
        if not set(map(type, cells)) <= _TEXT:  # as keys True and 1.0 are the same
            keys = [cell if cell.__class__ is str else (cell.__class__, cell) for cell in cells]
        before = len(known)
        codes = list(map(known.__getitem__, keys))
        if fresh := list(islice(reversed(known), len(known) - before))[::-1]:
            self._take_all([key if key.__class__ is str else key[1] for key in fresh])
        return codes

    def made(self, raw: Raw, value: Any) -> int:
        """Return the code of a cell whose value comes from elsewhere: from the title, or from the cell above."""
        code = self._known[Nothing.DITTO, raw, value]
        if code == len(self.raws):
            self.raws.append(raw)
            self.values.append(value)
        return code

    def _take_all(self, raws: list[Raw]) -> None:
        usual = self._usual
        if usual is not None and set(map(type, raws)) <= _TEXT and all(map(usual, map(str, raws))):
            self.raws += raws
            self.values += raws
        else:
            for raw in raws:
                self._take(raw)

    def as_nothing(self, raw: Raw) -> int:
        """Return the code of a blank cell in which `raw` stands: "the same as above" where nothing is above."""
        code = self.made(raw, self._convert.blank)
        self.odd[code] = Nothing.BLANK
        return code

    def _take(self, raw: Raw) -> None:
        value: Any = raw
        if self._usual is None or not isinstance(raw, str) or not self._usual(raw):
            value = self._value(raw)
            if isinstance(value, Nothing | CellError):
                self.odd[len(self.raws)] = value
                value = self._convert.blank
        self.raws.append(raw)
        self.values.append(value)

    def _value(self, raw: Raw) -> Any:
        if isinstance(raw, str):
            if is_blank(raw):
                return Nothing.CLEARED if self.column.clears and raw.strip() in CLEARING else Nothing.BLANK
            if raw.strip() in DITTO:
                return Nothing.DITTO
        try:
            return self._convert(raw, self._reading)
        except CellError as error:
            return error

    @property
    def wrong(self) -> dict[int, CellError | None]:
        """Codes of mistakes; None is a cell that had to be filled in."""
        missing = (
            {code: None for code, what in self.odd.items() if what is Nothing.BLANK} if self.column.required else {}
        )
        return missing | {code: what for code, what in self.odd.items() if isinstance(what, CellError)}

    def codes_of(self, *kinds: Nothing) -> set[int]:
        """Return the codes of cells that hold nothing, of such kinds."""
        return {code for code, what in self.odd.items() if what in kinds}

    def each(self, function: Callable[[Any], T]) -> list[T]:
        """Return what `function` makes of the value of each row; it is called once for each different cell."""
        made = list(map(function, self.values))
        return list(map(made.__getitem__, self.codes))

    def rows(self, codes: Set[int]) -> list[int]:
        """Return the places of the rows that have one of `codes`."""
        return [at for at, code in enumerate(self.codes) if code in codes] if codes else []


_TEXT = {str}


class Records(Sequence["ParsedRow"]):
    """All rows that were read so far, of all sheets. As a sequence it gives a view of each row."""

    def __init__(self, columns: Iterable[Column], reading: Reading) -> None:
        self.cells = {column.key: Cells(column, reading) for column in columns}
        self.numbers: list[int] = []
        self._starts: list[int] = []
        self._sheets: list[Found] = []

    def begin(self, sheet: Found) -> None:
        """Let the rows to come be those of `sheet`."""
        self._starts.append(len(self.numbers))
        self._sheets.append(sheet)

    def found(self, at: int) -> Found:
        """Return the sheet on which a row stands."""
        return self._sheets[bisect_right(self._starts, at) - 1]

    def values(self, key: str) -> list[Any]:
        """Return the values of a column, row by row: its blank value where the cell is blank, wrong, or not there."""
        cells = self.cells[key]
        return list(map(cells.values.__getitem__, cells.codes))

    def wrong(self, key: str) -> list[int]:
        """Return the places of the rows whose cell holds a mistake."""
        cells = self.cells[key]
        return cells.rows(cells.wrong.keys())

    def cleared(self, key: str) -> list[int]:
        """Return the places of the rows in whose cell stands —."""
        cells = self.cells[key]
        return cells.rows(cells.codes_of(Nothing.CLEARED))

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, at: int) -> "ParsedRow": ...
    @overload
    def __getitem__(self, at: slice) -> "list[ParsedRow]": ...
    def __getitem__(self, at: int | slice) -> "ParsedRow | list[ParsedRow]":
        if isinstance(at, int):
            return ParsedRow(self, at)
        return [ParsedRow(self, one) for one in range(len(self))[at]]

    def __iter__(self) -> Iterator["ParsedRow"]:
        return (ParsedRow(self, at) for at in range(len(self)))


class ParsedRow:
    """A record: `row["name"]` is a clean value (its blank value where the cell is blank or the column missing).

    `"name" in row` is False when the cell held a mistake, which was reported already: then leave further checks out.
    """

    __slots__ = ("_at", "_records")

    def __init__(self, records: Records, at: int) -> None:
        self._records, self._at = records, at

    def __getitem__(self, key: str) -> Any:
        cells = self._records.cells[key]
        return cells.values[cells.codes[self._at]]

    def __contains__(self, key: object) -> bool:
        cells = self._records.cells.get(str(key))
        return cells is not None and not self._is_wrong(cells)

    def _is_wrong(self, cells: Cells) -> bool:
        what = cells.odd.get(cells.codes[self._at])
        return isinstance(what, CellError) or (what is Nothing.BLANK and cells.column.required)

    @property
    def number(self) -> int:
        """The number of the row on its sheet, from 1."""
        return self._records.numbers[self._at]

    @property
    def sheet(self) -> str:
        return self._records.found(self._at).sheet.name

    @property
    def heading(self) -> Heading:
        return self._records.found(self._at).heading

    @property
    def wrong(self) -> frozenset[str]:
        """The columns whose cell holds a mistake."""
        return frozenset(key for key, cells in self._records.cells.items() if self._is_wrong(cells))

    @property
    def cleared(self) -> frozenset[str]:
        """The columns in which — stands."""
        cells = self._records.cells.items()
        return frozenset(key for key, one in cells if one.odd.get(one.codes[self._at]) is Nothing.CLEARED)

    @property
    def values(self) -> dict[str, Any]:
        """All values by column."""
        return {key: cells.values[cells.codes[self._at]] for key, cells in self._records.cells.items()}

    def filled(self) -> dict[str, Any]:
        """Return the values of cells that are filled and right."""
        filled = {key: value for key, value in self.values.items() if value is not None and value != ""}
        return {key: value for key, value in filled.items() if key in self}

    def seen_from(self, other: "ParsedRow") -> str:
        """Return the number of the row, with its sheet where `other` stands on another one."""
        return str(self.number) if self.sheet == other.sheet else f"{self.number}（{self.sheet}）"

    def written(self, key: str) -> Raw:
        """Return the cell as it was read, whatever it was taken for (同上, —); "" where the column is missing."""
        cells = self._records.cells[key]
        return cells.raws[cells.codes[self._at]]

    def raw(self, key: str) -> str:
        """What stands in the cell as it was read; "" where the column is missing."""
        return plain(self.written(key))


class _NoSheet:
    name = ""
    merged: Merged = []

    def rows(self) -> Iterator[tuple[int, list[Raw]]]:
        return iter(())


def row_of_no_sheet() -> ParsedRow:
    """Return what stands for the row of a record that comes from no sheet, or whose sheet has been set aside."""
    records = Records((), Reading(today=dt.date.min))
    records.begin(Found(_NoSheet(), Heading(0, 0, (), {}, {})))
    records.numbers.append(0)
    return records[0]
