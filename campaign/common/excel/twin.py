"""The sheet for machines beside a form (2-domain d.0, f.4: never hidden): the same records in one plain table, without merged
cells, titles, totals or dashes. Numbers are numbers, days are days, what is empty is empty; the first column is the row's key.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO

from openpyxl.cell.cell import Cell
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from campaign.common.excel.cells import Styles, tail_xml
from campaign.common.excel.frame import A4
from campaign.common.excel.kept import ROW, Cells
from campaign.common.excel.sheet import FormSheet, Keyed, Kind, Row, Subtotal, key_of

NAME = "数据"
KEY = "键"
_FORMATS = {
    Kind.CODE: "@",
    Kind.DATE: "yyyy-mm-dd",
    Kind.YEAR_MONTH: "yyyy-mm",
    Kind.HUNDREDTHS: "0.00",
    Kind.PERCENT: "0.00%",
}
FIRST_ROW = 2


class Twin:
    """Writes down the records of a form as they pass on their way into it."""

    def __init__(self, form: FormSheet, xml: IO[bytes]) -> None:
        self.form = form
        self._xml = xml
        self._at = FIRST_ROW - 1
        self._keyed = False
        self._cells: list[Cells] = []

    def watch(self, rows: Iterable[Row | Subtotal], sheet: Worksheet) -> Iterator[Row | Subtotal]:
        """Yield `rows` again, keeping the records; `sheet` (empty) becomes the sheet they will stand on."""
        source = iter(rows)
        first = next(source, None)
        self._keyed = isinstance(first, Keyed) or bool(first is not None and key_of(first))
        self._head(sheet)
        for row in chain([first] if first is not None else [], source):
            if not isinstance(row, Subtotal):
                self._keep(row)
            yield row

    def _head(self, sheet: Worksheet) -> None:
        headings = [KEY] * self._keyed + [column.heading for column in self.form.columns]
        for place, heading in enumerate(headings, start=1):
            cell = sheet.cell(1, place)
            cell.value, cell.data_type = heading, "s"
        kinds = [Kind.CODE] * self._keyed + [column.kind for column in self.form.columns]
        self._cells = [
            Cells(place, tail_xml(kind, _styles(sheet, kind)), sparse=True, kept=kind is not Kind.CODE)
            for place, kind in enumerate(kinds, start=1)
        ]
        sheet.cell(FIRST_ROW, 1).number_format = "@"  # the rows will stand here
        sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_setup.fitToHeight = 0

    def _keep(self, row: Row) -> None:
        self._at += 1
        values = [key_of(row), *row] if self._keyed else row
        cells = "".join([cells[value] for cells, value in zip(self._cells, values, strict=True)])
        self._xml.write(f'<row r="{self._at}">{cells.replace(ROW, str(self._at))}</row>'.encode())


def _styles(sheet: Worksheet, kind: Kind) -> Styles:
    cell = Cell(sheet, row=1, column=1)
    cell.number_format = _FORMATS.get(kind, "General")
    return Styles(int(cell.style_id), int(cell.style_id))
