"""The cells of one column as XML, each different one written once: of the millions of a roster most were seen before."""

import datetime as dt

from openpyxl.utils import get_column_letter

from campaign.common.excel.cells import Tail
from campaign.common.excel.frame import line_count
from campaign.common.excel.sheet import Value

ROW = "\0"
"""Stands in a cell's reference for the number of its row; no text has it."""
_KEPT, _DAYS_KEPT = 4096, 40_000
"""How many cells of a column are kept; days of a hundred years."""
_LONGEST_KEPT = 60


class Lines:
    """How many lines the tallest cell of the present row takes."""

    most = 1


class Cells(dict[Value, str]):
    """The cells of one column by their value, with `ROW` for the row's number, written when first asked for.

    Kept are texts and days that stand on one line: so a taller text comes by each time and says to `lines` how tall it is
    (`width` of a column that wraps), and 1 is not taken for True. With `sparse` an empty cell is no cell. `kept=False`: hardly
    any value comes twice.
    """

    def __init__(
        self,
        place: int,
        tail: Tail,
        *,
        lines: Lines | None = None,
        width: float | None = None,
        sparse: bool = False,
        kept: bool = True,
    ) -> None:
        self._start, self._tail = f'<c r="{get_column_letter(place)}{ROW}"', tail
        self._lines, self._width, self._sparse, self._keeps = lines or Lines(), width, sparse, kept
        self._fits = int((width - 1) / 2.2) if width else 0
        self._tall: dict[str, tuple[str, int]] = {}

    def __missing__(self, value: Value) -> str:
        if isinstance(value, str):
            return self._text(value)
        if value is None:
            self[value] = "" if self._sparse else self._start + self._tail(value)
            return self[value]
        written = self._start + self._tail(value)
        if value.__class__ is dt.date:
            self._keep(value, written, _DAYS_KEPT)
        return written

    def _text(self, value: str) -> str:
        if self._sparse and not value:
            return ""
        if self._width and (len(value) > self._fits or "\n" in value):
            written, taken = self._tall.get(value) or self._measured(value)
            if taken > 1:
                self._lines.most = max(self._lines.most, taken)
                return written
        else:
            written = self._start + self._tail(value)
        if self._keeps and len(value) <= _LONGEST_KEPT:
            self._keep(value, written, _KEPT)
        return written

    def _measured(self, value: str) -> tuple[str, int]:
        found = self._start + self._tail(value), line_count(value, self._width or 1)
        if len(value) <= _LONGEST_KEPT:
            if len(self._tall) >= _KEPT:
                self._tall.clear()
            self._tall[value] = found
        return found

    def _keep(self, value: Value, written: str, limit: int) -> None:
        if len(self) >= limit:
            self.clear()
        self[value] = written
