"""The rows of a form as XML of a worksheet, one string per row."""

from collections.abc import Sequence

from openpyxl.utils import get_column_letter

from campaign.common.excel.cells import tail_xml
from campaign.common.excel.frame import BODY_HEIGHT, Frame, row_height
from campaign.common.excel.kept import ROW, Cells, Lines
from campaign.common.excel.sheet import TOTAL, FormColumn, Kind, Row, Value

_EMPTY_TABLE = "无"


class Body:
    """Writes the rows of one sheet with the styles of its frame and adds up what the form totals."""

    def __init__(self, frame: Frame, sums: dict[int, int] | None = None) -> None:
        self._frame = frame
        self._lines = Lines()
        self.pages = frame.pages()
        self._plain = self._cells(bold=False)
        self._bold = self._cells(bold=True)
        self._added = [place for place, column in enumerate(frame.form.columns) if column.total]
        self.sums = sums or dict.fromkeys(self._added, 0)
        self.has_totals = bool(self._added) or frame.form.totals is not None

    def _cells(self, *, bold: bool) -> list[Cells]:
        frame = self._frame
        columns = zip(frame.columns, frame.styles(bold=bold), frame.widths, strict=True)
        return [
            Cells(
                place,
                tail_xml(column.kind, styles, frame.form.blank),
                lines=self._lines,
                width=width if _wraps(column) else None,
                kept=column.kind is not Kind.CODE,
            )
            for place, (column, styles, width) in enumerate(columns, start=1)
        ]

    def row(self, number: int, values: Row, *, bold: bool = False) -> str:
        """Return one row; `values` with the running number where the form has one. Raises ValueError for too few or many."""
        self._lines.most = 1
        columns = self._bold if bold else self._plain
        written = "".join([cells[value] for cells, value in zip(columns, values, strict=True)])
        height = BODY_HEIGHT if self._lines.most == 1 else row_height(self._lines.most)
        self.pages.add(height)
        return f'<row r="{number}" ht="{height:g}" customHeight="1">{written.replace(ROW, str(number))}</row>'

    def add(self, values: Row) -> None:
        """Add a record (without its running number) to the totals; what is no number counts nothing."""
        for place in self._added:
            value = values[place]
            if isinstance(value, int):
                self.sums[place] += value

    def empty(self, number: int) -> str:
        """Return the row of a table without records: 无 over its whole width."""
        self.pages.add(BODY_HEIGHT)
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
        rest = zip(self._bold[count:], values, strict=True)
        shown = [cells[value].replace(ROW, str(number)) for cells, value in rest]
        self._frame.join(number, 1, max(count, 1))
        return f'<row r="{number}" ht="{BODY_HEIGHT:g}" customHeight="1">{"".join([first, *hidden, *shown])}</row>'


def _wraps(column: FormColumn) -> bool:
    return column.kind is Kind.TEXT
