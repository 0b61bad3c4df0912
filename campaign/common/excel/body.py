"""The rows of a form as XML of a worksheet, one string per row."""

import datetime as dt
from collections.abc import Sequence

from openpyxl.utils import get_column_letter

from campaign.common.excel.cells import Tail, tail_xml
from campaign.common.excel.frame import BODY_HEIGHT, Frame, line_count, row_height
from campaign.common.excel.sheet import TOTAL, FormColumn, Kind, Row, Value

_EMPTY_TABLE = "无"
_KEPT = 4096
"""How many cells of a column are kept written, so that 男 or the name of a branch is written once and not in every row."""
_LONGEST_KEPT = 60


class _Lines:
    """How many lines the tallest cell of the present row takes."""

    most = 1


class _Cells(dict[Value, str]):
    """The cells of one column by their value, written when first asked for.

    Kept are texts and dates that stand on one line: so a taller text comes by each time and says how tall it is, and 1
    is not taken for True.
    """

    def __init__(self, tail: Tail, lines: _Lines, width: float | None) -> None:
        self._tail, self._lines, self._width = tail, lines, width
        self._fits = int((width - 1) / 2.2) if width else 0

    def __missing__(self, value: Value) -> str:
        written = self._tail(value)
        if isinstance(value, str):
            if self._width and (len(value) > self._fits or "\n" in value):
                taken = line_count(value, self._width)
                if taken > 1:
                    self._lines.most = max(self._lines.most, taken)
                    return written
            if len(value) > _LONGEST_KEPT:
                return written
        elif not (value is None or isinstance(value, dt.date)):
            return written
        if len(self) >= _KEPT:
            self.clear()
        self[value] = written
        return written


class Body:
    """Writes the rows of one sheet with the styles of its frame and adds up what the form totals."""

    def __init__(self, frame: Frame, sums: dict[int, int] | None = None) -> None:
        self._frame = frame
        self._lines = _Lines()
        self._plain = self._cells(bold=False)
        self._bold = self._cells(bold=True)
        self._starts = [f'<c r="{get_column_letter(place)}' for place in range(1, len(frame.columns) + 1)]
        self._added = [place for place, column in enumerate(frame.form.columns) if column.total]
        self.sums = sums or dict.fromkeys(self._added, 0)
        self.has_totals = bool(self._added) or frame.form.totals is not None

    def _cells(self, *, bold: bool) -> list[_Cells]:
        frame = self._frame
        return [
            _Cells(tail_xml(column.kind, styles, frame.form.blank), self._lines, width if _wraps(column) else None)
            for column, styles, width in zip(frame.columns, frame.styles(bold=bold), frame.widths, strict=True)
        ]

    def row(self, number: int, values: Row, *, bold: bool = False) -> str:
        """Return one row; `values` with the running number where the form has one. Raises ValueError for too few or many."""
        self._lines.most = 1
        columns = self._bold if bold else self._plain
        at = f'{number}"'
        written = "".join(
            [f"{start}{at}{cells[value]}" for start, cells, value in zip(self._starts, columns, values, strict=True)]
        )
        height = BODY_HEIGHT if self._lines.most == 1 else row_height(self._lines.most)
        return f'<row r="{number}" ht="{height:g}" customHeight="1">{written}</row>'

    def add(self, values: Row) -> None:
        """Add a record (without its running number) to the totals; what is no number counts nothing."""
        for place in self._added:
            value = values[place]
            if isinstance(value, int):
                self.sums[place] += value

    def empty(self, number: int) -> str:
        """Return the row of a table without records: 无 over its whole width."""
        return self._joined(number, len(self._frame.columns), _EMPTY_TABLE, [])

    def totals(self, number: int) -> str:
        """Return the row 合计, its label over the columns before the first figure."""
        form = self._frame.form
        given: Sequence[Value] = form.totals or [None] * len(form.columns)
        values: list[Value] = [self.sums.get(place, value) for place, value in enumerate(given)]
        if form.sequence:
            values.insert(0, None)
        leading = next((place for place, value in enumerate(values) if value is not None), len(values))
        return self._joined(number, leading, TOTAL, values[leading:])

    def _joined(self, number: int, count: int, text: str, values: Sequence[Value]) -> str:
        """Return a row whose first `count` cells are one, with `values` behind it."""
        styles = self._frame.styles(bold=bool(values))
        first = f'<c r="A{number}" s="{styles[0].words}" t="inlineStr"><is><t>{text}</t></is></c>'
        hidden = [
            f'<c r="{get_column_letter(place)}{number}" s="{styles[place - 1].words}"/>'
            for place in range(2, count + 1)
        ]
        rest = zip(self._starts[count:], self._bold[count:], values, strict=True)
        shown = [f'{start}{number}"{cells[value]}' for start, cells, value in rest]
        self._frame.join(number, 1, max(count, 1))
        return f'<row r="{number}" ht="{BODY_HEIGHT:g}" customHeight="1">{"".join([first, *hidden, *shown])}</row>'


def _wraps(column: FormColumn) -> bool:
    return column.kind is Kind.TEXT
