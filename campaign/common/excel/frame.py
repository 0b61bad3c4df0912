"""The frame of a form on a sheet: title, unit line, heading above its rows; totals, signature, notes below (2-domain d.0)."""

from collections.abc import Sequence
from itertools import accumulate, combinations, groupby
from math import ceil

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from campaign.common.excel.cells import Styles
from campaign.common.excel.pages import A3_POINTS, A4_POINTS, Pages, points
from campaign.common.excel.sheet import SEQUENCE, FormColumn, FormSheet, Kind

TITLE_FONT = Font(name="方正小标宋简体", size=18)
LINE_FONT = Font(name="仿宋", size=12)
HEAD_FONT = Font(name="黑体", size=11)
BODY_FONT = Font(name="仿宋", size=11)
BOLD_FONT = Font(name="仿宋", size=11, bold=True)
NOTE_FONT = Font(name="仿宋", size=10)
ANNEX_FONT = Font(name="黑体", size=14)

_THIN = Side(style="thin")
_BOX = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_FOOTER = "第 &P 页 共 &N 页"
_INCHES = 1 / 2.54
_SIDES, _ENDS = 1.5, 1.8
"""Margins of a page in cm: left and right, top and bottom."""
A4, A3 = 9, 8

_ROWS_TO_COME = 1_000
"""How far below the last record drop-downs reach."""

BODY_HEIGHT = 22.0
_LINE_HEIGHT = 15.0
_TALLEST = 409.0

_WIDTHS = {
    Kind.TEXT: 14.0,
    Kind.CODE: 14.0,
    Kind.DATE: 12.0,
    Kind.YEAR_MONTH: 10.0,
    Kind.INTEGER: 8.0,
    Kind.HUNDREDTHS: 10.0,
    Kind.PERCENT: 10.0,
    Kind.YES_NO: 8.0,
}
_FORMATS = {
    Kind.CODE: "@",
    Kind.DATE: "yyyy-mm-dd",
    Kind.YEAR_MONTH: "yyyy.mm",
    Kind.INTEGER: "0",
    Kind.HUNDREDTHS: "0.00",
    Kind.PERCENT: "0.00%",
}
_RUNNING_NUMBER = FormColumn(SEQUENCE, Kind.INTEGER, width=6, align="center")


def text_width(text: str) -> int:
    """Return the width of a text in half-width characters: a Chinese one takes two."""
    return len(text) + sum(letter > "\u2e7f" for letter in text)


def line_count(text: str, width: float) -> int:
    """Return how many lines a text takes in a cell of this width; at 11 pt a character is a tenth wider than the unit."""
    room = max(width - 1, 1.0)
    return sum(max(1, ceil(text_width(line) * 1.1 / room)) for line in text.split("\n"))


def row_height(lines: int, line_height: float = _LINE_HEIGHT) -> float:
    """Return the height of a row in points, at least 22, at most what a spreadsheet allows (409)."""
    return min(max(BODY_HEIGHT, lines * line_height + 7), _TALLEST)


class Frame:
    """Lays one form out on an empty sheet: the upper half at once, the lower half by `close`."""

    def __init__(self, sheet: Worksheet, form: FormSheet) -> None:
        self.sheet = sheet
        self.form = form
        self.columns = ((_RUNNING_NUMBER,) if form.sequence else ()) + form.columns
        self.widths = [column.width or _natural_width(column) for column in self.columns]
        self._row = 0
        self._columns()
        self._upper()
        self.first_row = self._row + 1
        self._page()

    # -- above the rows

    def _columns(self) -> None:
        for place, width in enumerate(self.widths, start=1):
            self.sheet.column_dimensions[get_column_letter(place)].width = width

    def _upper(self) -> None:
        form = self.form
        if form.annex:
            self._line(form.annex, ANNEX_FONT, "left", 24)
        self._line(form.title, TITLE_FONT, "center", 20 + 18 * self._lines(form.title, 18))
        self._unit_line()
        self._heading()

    def _line(self, text: str, font: Font, align: str, height: float) -> None:
        """One text over the whole width of the table."""
        self._row += 1
        self._put(self._row, 1, text, font, Alignment(horizontal=align, vertical="center", wrap_text=True))
        self._merge(self._row, 1, self._row, len(self.columns))
        self.sheet.row_dimensions[self._row].height = min(height, _TALLEST)

    def _unit_line(self) -> None:
        """Unit, period and date in one row, each over columns in proportion to its length."""
        texts = [(self.form.left, "left"), (self.form.middle, "center"), (self.form.right, "right")]
        texts = [(text, align) for text, align in texts if text]
        if len(texts) > len(self.columns):
            texts = [("    ".join(text for text, _align in texts), "left")]
        if not texts:
            return
        self._row += 1
        lines, start = 1, 1
        ends = _shares(self.widths, [text_width(text) for text, _align in texts])
        for (text, align), end in zip(texts, ends, strict=True):
            self._put(self._row, start, text, LINE_FONT, Alignment(horizontal=align, vertical="center", wrap_text=True))
            self._merge(self._row, start, self._row, end)
            lines = max(lines, line_count(text, sum(self.widths[start - 1 : end]) / 1.1))
            start = end + 1
        self.sheet.row_dimensions[self._row].height = row_height(lines, 16)

    def _heading(self) -> None:
        first = self._row + 1
        grouped = any(column.group for column in self.columns)
        last = first + 1 if grouped else first
        self._row = last
        self.heading_rows = (first, last)
        place = 1
        for group, members in groupby(self.columns, key=lambda column: column.group):
            width = len(list(members))
            if group:
                self._head(first, place, group)
                self._merge(first, place, first, place + width - 1)
            for number in range(place, place + width):
                self._head(last if group else first, number, self.columns[number - 1].header)
                if not group:
                    self._merge(first, number, last, number)
            place += width
        pairs = zip(self.columns, self.widths, strict=True)
        deepest = max(line_count(column.header, width) for column, width in pairs)
        for row in range(first, last + 1):
            for number in range(1, len(self.columns) + 1):
                self.sheet.cell(row, number).border = _BOX
        self.sheet.row_dimensions[last].height = row_height(deepest, 15)
        self.sheet.row_dimensions[first].height = row_height(deepest if not grouped else 1, 15)

    def _head(self, row: int, place: int, text: str) -> None:
        self._put(row, place, text, HEAD_FONT, Alignment(horizontal="center", vertical="center", wrap_text=True))

    def _page(self) -> None:
        sheet, form = self.sheet, self.form
        sheet.page_setup.orientation = "landscape" if form.landscape else "portrait"
        sheet.page_setup.paperSize = A3 if form.paper_a3 else A4
        sheet.page_setup.fitToWidth = 1
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.print_options.horizontalCentered = True
        margins = sheet.page_margins
        margins.left = margins.right = _SIDES * _INCHES
        margins.top = margins.bottom = _ENDS * _INCHES
        margins.header = margins.footer = 0.8 * _INCHES
        sheet.oddFooter.center.text = _FOOTER  # type: ignore[union-attr]
        sheet.print_title_rows = f"{self.heading_rows[0]}:{self.heading_rows[1]}"
        sheet.freeze_panes = f"{get_column_letter(form.freeze + form.sequence + 1)}{self.first_row}"

    # -- the rows

    def styles(self, *, bold: bool = False) -> list[Styles]:
        """The styles of each column's cells, which the workbook keeps for the rows to come."""
        font = BOLD_FONT if bold else BODY_FONT
        return [
            Styles(
                self._style(font, column.align or align_of(column.kind), _FORMATS.get(column.kind, "General")),
                self._style(font, "center", "@" if column.kind is Kind.CODE else "General"),
            )
            for column in self.columns
        ]

    def _style(self, font: Font, align: str, number_format: str) -> int:
        cell = Cell(self.sheet, row=1, column=1)
        cell.font, cell.border, cell.number_format = font, _BOX, number_format
        cell.alignment = Alignment(horizontal=align, vertical="center", wrap_text=True)
        return int(cell.style_id)

    # -- below the rows

    def pages(self) -> Pages:
        """Return the pages that the rows to come will fill."""
        across, along = A3_POINTS if self.form.paper_a3 else A4_POINTS
        if self.form.landscape:
            across, along = along, across
        room = (across - 144 * _SIDES * _INCHES, along - 144 * _ENDS * _INCHES)
        first, last = self.heading_rows
        above, repeated = self._heights(1, last), self._heights(first, last)
        return Pages(room, points(self.widths), above=above, repeated=repeated)

    def _heights(self, first: int, last: int) -> float:
        return sum(self.sheet.row_dimensions[row].height or BODY_HEIGHT for row in range(first, last + 1))

    def close(self, *, last_record: int, last_row: int, pages: Pages, last_part: bool = True) -> None:
        """Lay out what stands below the rows that end with `last_row` (totals included) and mark their place.

        The filter reaches to `last_record`; signature and notes stand on the last part of a form in several, on one page with
        the last of the records, which `pages` has followed.
        """
        self._row = last_row
        self.sheet.cell(last_row, len(self.columns)).border = _BOX  # the rows will stand here
        last = get_column_letter(len(self.columns))
        self._offer_choices(last_record)
        self.sheet.auto_filter.ref = f"A{self.heading_rows[1]}:{last}{last_record}"
        if not last_part:
            return
        if self.form.signature:
            self._line(self.form.signature, LINE_FONT, "left", 30)
        for note in (*self.form.notes, self.form.provenance):
            if note:
                self._line(note, NOTE_FONT, "left", 6 + 14 * self._lines(note, 10))
        below = self._heights(last_record + 1, self._row)
        along = pages.taken_along(below)
        if along and last_record - along >= self.first_row:
            self.sheet.row_breaks.append(Break(id=last_record - along))

    def _offer_choices(self, last_record: int) -> None:
        """Give columns with `choices` a drop-down; other entries are warned of, not refused."""
        for place, column in enumerate(self.columns, start=1):
            if column.choices:
                listed = '"' + ",".join(column.choices) + '"'
                offer = DataValidation("list", formula1=listed, allow_blank=True, errorStyle="warning")
                letter = get_column_letter(place)
                offer.add(f"{letter}{self.first_row}:{letter}{last_record + _ROWS_TO_COME}")
                self.sheet.add_data_validation(offer)

    def join(self, row: int, first: int, last: int) -> None:
        """Merge cells of a row that is not laid out here."""
        if first != last:
            self.sheet.merged_cells.add(f"{get_column_letter(first)}{row}:{get_column_letter(last)}{row}")

    # -- helpers

    def _put(self, row: int, place: int, text: str, font: Font, alignment: Alignment) -> None:
        cell = self.sheet.cell(row, place)
        cell.value = text
        cell.data_type = "s"  # never a formula
        cell.font, cell.alignment = font, alignment

    def _merge(self, first_row: int, first: int, last_row: int, last: int) -> None:
        if (first_row, first) != (last_row, last):
            self.sheet.merge_cells(start_row=first_row, start_column=first, end_row=last_row, end_column=last)

    def _lines(self, text: str, size: int) -> int:
        return line_count(text, sum(self.widths) * 11 / size)


def align_of(kind: Kind) -> str:
    """Texts left, all else centred: so figures keep off the lines in every program."""
    return "left" if kind is Kind.TEXT else "center"


def _natural_width(column: FormColumn) -> float:
    return max(_WIDTHS[column.kind], min(text_width(column.header) * 1.1 + 2, 16.0))


def _shares(widths: Sequence[float], wanted: Sequence[int]) -> list[int]:
    """Return the last column (from 1) of each text, one column at least: so that the text with the least room for its length has
    as much as can be."""
    reached = [0.0, *accumulate(widths)]

    def least_room(ends: Sequence[int]) -> float:
        parts = zip((0, *ends), ends, wanted, strict=False)
        return min((reached[end] - reached[start]) / part for start, end, part in parts)

    possible = [[*inner, len(widths)] for inner in combinations(range(1, len(widths)), len(wanted) - 1)]
    return max(possible, key=least_room)
