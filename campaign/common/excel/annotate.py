"""Gives an uploaded workbook back with what is wrong marked in it: a list in front, bad cells coloured, a remark per row.

A small xlsx comes back as the sender made it, with its widths, merges and drop-downs; anything else (csv, xls, ods, a
large file) is rebuilt as xlsx from what was read. Formulas come back as the values that were read: nothing that a
stranger typed runs when somebody else opens the file.
"""

import datetime as dt
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

from django.utils.translation import pgettext
from openpyxl import Workbook as OpenpyxlWorkbook
from openpyxl import load_workbook
from openpyxl.cell import Cell, MergedCell, WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from campaign.common.excel.archive import save
from campaign.common.excel.frame import A4, text_width
from campaign.common.excel.layout import REMARKS_HEADER
from campaign.common.excel.problems import Fold, Problem, ProblemList
from campaign.common.excel.reader import Sheet, Workbook
from campaign.common.excel.sheet import sheet_name
from campaign.common.excel.values import Raw

LIST_SHEET = "问题清单"
EDITED_IN_PLACE_UP_TO = 2 * 1024 * 1024
"""Bytes of an xlsx that openpyxl may load as a whole (about 20 000 rows); larger ones are rebuilt row by row."""
MARKED_CELLS = 5000
"""Comments above this number make spreadsheets crawl; further cells are coloured only."""
LISTED = 20_000

_AUTHOR = "问题说明"
_ERROR_FILL = PatternFill("solid", start_color="FFFFC7CE", end_color="FFFFC7CE")
_WARNING_FILL = PatternFill("solid", start_color="FFFFEB9C", end_color="FFFFEB9C")
_HEAD = Font(name="黑体", size=11)
_BODY = Font(name="仿宋", size=11)
_LINK = Font(name="仿宋", size=11, underline="single", color="FF0563C1")
_WRAP = Alignment(vertical="center", wrap_text=True)
_LIST_WIDTHS = (6, 16, 16, 6, 16, 22, 8, 46, 40)
_REMARKS_WIDTH = 60
_MEASURED_ROWS = 100
_WIDEST = 40

Marks = Mapping[tuple[int, str], Sequence[Problem]]
"""Problems of one sheet by row and column letter ("" for the row as a whole)."""


def annotate(
    workbook: Workbook,
    problems: ProblemList,
    target: Path | IO[bytes],
    *,
    made_at: dt.datetime,
    heading_rows: Mapping[str, int] | None = None,
) -> None:
    """Write `workbook` with its `problems` marked to `target`, as xlsx, in the active language.

    `heading_rows`: the row of each sheet's heading, beside which the column 「问题说明」 gets its own heading.
    """
    notes = _Notes(problems, heading_rows or {})
    book = _in_place(workbook, notes) or _rebuilt(workbook, notes)
    save(book, target, streamed=(), made_at=made_at)


class _Notes:
    """The problems as the sheets need them."""

    def __init__(self, problems: ProblemList, heading_rows: Mapping[str, int]) -> None:
        self.folds = problems.folded()
        self.heading_rows = heading_rows
        self._comments_left = MARKED_CELLS
        self._by_sheet: defaultdict[str, defaultdict[tuple[int, str], list[Problem]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for problem in problems:
            if problem.row is not None:
                self._by_sheet[problem.sheet][problem.row, problem.column].append(problem)

    def of(self, sheet: str) -> Marks:
        return self._by_sheet.get(sheet, {})

    def rows(self, sheet: str) -> dict[int, str]:
        """The remark on each row, all its problems in one text."""
        texts: defaultdict[int, list[str]] = defaultdict(list)
        for (row, _column), problems in self.of(sheet).items():
            texts[row] += [_in_row(problem) for problem in problems]
        return {row: "\n".join(dict.fromkeys(said)) for row, said in texts.items()}

    def mark(self, cell: Cell | MergedCell, problems: Sequence[Problem]) -> None:
        cell.fill = _ERROR_FILL if any(problem.is_error for problem in problems) else _WARNING_FILL
        if self._comments_left > 0 and isinstance(cell, Cell):
            said = "\n".join(problem.said for problem in problems)
            cell.comment = Comment(said, _AUTHOR, height=90, width=260)
            self._comments_left -= 1


def _in_row(problem: Problem) -> str:
    return f"【{problem.header}】{problem.said}" if problem.header else problem.said


# -- the workbook as it was sent -----------------------------------------------------------------------------------


def _in_place(workbook: Workbook, notes: _Notes) -> OpenpyxlWorkbook | None:
    """Return the workbook as openpyxl understands it, marked; None when that is not to be had."""
    if workbook.kind != "xlsx" or len(workbook.content) > EDITED_IN_PLACE_UP_TO:
        return None
    try:
        book = load_workbook(io.BytesIO(workbook.content), keep_links=False)
    except (InvalidFileException, KeyError, ValueError, TypeError, AttributeError, IndexError):
        return None  # what calamine forgives and openpyxl does not
    if LIST_SHEET in book.sheetnames:
        del book[LIST_SHEET]
    read = {sheet.name: sheet for sheet in workbook.sheets}
    for sheet in book.worksheets:
        _forget_earlier_marks(sheet)
        _kill_formulas(sheet, read.get(sheet.title))
        _mark_sheet(sheet, notes)
    _list(book.create_sheet(LIST_SHEET, 0), notes.folds)
    book.active = 0
    return book


def _forget_earlier_marks(sheet: Worksheet) -> None:
    for row in sheet.iter_rows():
        for cell in row:
            if cell.comment is not None and cell.comment.author == _AUTHOR:
                cell.comment = None
                cell.fill = PatternFill()


def _kill_formulas(sheet: Worksheet, read: Sheet | None) -> None:
    """Put the value that was read in the place of each formula; its text, where no value was stored with it."""
    formulas: dict[tuple[int, int], Cell] = {}
    for number, row in enumerate(sheet.iter_rows(), start=1):
        for place, cell in enumerate(row, start=1):
            if isinstance(cell, Cell) and cell.data_type == "f":
                formulas[number, place] = cell
    if not formulas:
        return
    values = _values_at(read, set(formulas)) if read else {}
    for position, cell in formulas.items():
        written = cell.value if isinstance(cell.value, str) else ""
        _put(cell, values.get(position) or written)


def _values_at(read: Sheet, places: set[tuple[int, int]]) -> dict[tuple[int, int], Raw]:
    rows = {row for row, _column in places}
    return {
        (number, column): value
        for number, row in read.rows()
        if number in rows
        for column, value in enumerate(row, start=1)
        if (number, column) in places
    }


def _mark_sheet(sheet: Worksheet, notes: _Notes) -> None:
    marks = notes.of(sheet.title)
    if not marks:
        return
    for (row, column), problems in marks.items():
        if column:
            notes.mark(sheet.cell(row, column_index_from_string(column)), problems)
    heading = notes.heading_rows.get(sheet.title, 1)
    place = _remarks_place(sheet, heading)
    sheet.column_dimensions[get_column_letter(place)].width = _REMARKS_WIDTH
    for row in range(heading + 1, sheet.max_row + 1):
        old = sheet.cell(row, place)
        if isinstance(old, Cell):
            old.value = None
    texts = {heading: REMARKS_HEADER, **notes.rows(sheet.title)}
    for row, text in texts.items():
        cell = sheet.cell(row, place)
        if isinstance(cell, Cell):
            _put(cell, REMARKS_HEADER if row == heading else text)
            cell.font, cell.alignment = (_HEAD if row == heading else _BODY), _WRAP


def _remarks_place(sheet: Worksheet, heading: int) -> int:
    """The column of earlier remarks, else the one behind the last."""
    for cell in sheet[heading]:
        if cell.value == REMARKS_HEADER:
            return int(cell.column)
    return int(sheet.max_column) + 1


# -- the workbook rebuilt from what was read -----------------------------------------------------------------------


def _rebuilt(workbook: Workbook, notes: _Notes) -> OpenpyxlWorkbook:
    book = OpenpyxlWorkbook(write_only=True)
    _list(book.create_sheet(LIST_SHEET), notes.folds)
    for read in workbook.sheets:
        if read.name == LIST_SHEET:
            continue
        sheet = book.create_sheet(sheet_name(read.name, book.sheetnames))
        for row in _rows(sheet, read, notes):
            sheet.append(row)
    return book


def _rows(sheet: Worksheet, read: Sheet, notes: _Notes) -> Iterator[list[Cell]]:
    marks, remarks = notes.of(read.name), notes.rows(read.name)
    heading = notes.heading_rows.get(read.name, 1)
    width = max((len(row) for _number, row in read.rows()), default=0)
    for place, characters in _widths(read).items():
        sheet.column_dimensions[get_column_letter(place)].width = characters
    if remarks:
        sheet.column_dimensions[get_column_letter(width + 1)].width = _REMARKS_WIDTH
        remarks[heading] = REMARKS_HEADER
    bad = {row for row, _column in marks}
    for number, row in read.rows():
        cells = [_put(WriteOnlyCell(sheet), value) for value in row]
        if number in remarks:
            cells += [WriteOnlyCell(sheet) for _missing in range(width - len(cells))]
            cells.append(_put(WriteOnlyCell(sheet), remarks[number]))
            cells[-1].alignment = _WRAP
        if number in bad:
            for place, cell in enumerate(cells[:width], start=1):
                if problems := marks.get((number, get_column_letter(place))):
                    notes.mark(cell, problems)
        yield cells


def _widths(read: Sheet) -> dict[int, int]:
    """Column widths by the first rows of the table; lines of one or two texts are titles and say nothing."""
    widths: dict[int, int] = {}
    for _number, row in islice(read.rows(), _MEASURED_ROWS):
        filled = [(place, text_width(str(value))) for place, value in enumerate(row, start=1) if value != ""]
        if len(filled) > 2:
            widths.update((place, max(width + 2, widths.get(place, 6))) for place, width in filled)
    return {place: min(width, _WIDEST) for place, width in widths.items()}


# -- the list in front ---------------------------------------------------------------------------------------------


def _list(sheet: Worksheet, folds: Sequence[Fold]) -> None:
    for place, width in enumerate(_LIST_WIDTHS, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.append([_styled(sheet, text, _HEAD) for text in _list_heading()])
    for number, fold in enumerate(folds[:LISTED], start=1):
        problem = fold.problem
        where = [problem.sheet, fold.rows_text, problem.column, problem.header, problem.value]
        said = [str(problem.mistake.severity.label), problem.text, problem.advice]
        cells = [_styled(sheet, text, _BODY) for text in [str(number), *where, *said]]
        if problem.sheet and problem.row is not None:
            cells[2].hyperlink = Hyperlink(ref="", location=_location(problem))
            cells[2].hyperlink.ref = f"C{number + 1}"
            cells[2].font = _LINK
        sheet.append(cells)


def _list_heading() -> list[str]:
    return [
        pgettext("workbook", "No."),
        pgettext("workbook", "Sheet"),
        pgettext("workbook", "Rows"),
        pgettext("workbook", "Column"),
        pgettext("workbook", "Heading"),
        pgettext("workbook", "Value"),
        pgettext("workbook", "Kind"),
        pgettext("workbook", "What is wrong"),
        pgettext("workbook", "What to do"),
    ]


def _location(problem: Problem) -> str:
    name = problem.sheet.replace("'", "''")
    return f"'{name}'!{problem.column or 'A'}{problem.row}"


def _styled(sheet: Worksheet, text: str, font: Font) -> Cell:
    cell = _put(WriteOnlyCell(sheet), text)
    cell.font, cell.alignment = font, _WRAP
    return cell


def _put(cell: Cell, value: Raw) -> Cell:
    """Give a cell a value: text stays text, whatever it begins with, and keeps its leading zeros when typed over."""
    if value == "":
        cell.value = None
    elif isinstance(value, str):
        cell.value = value
        cell.data_type = "s"
        cell.number_format = "@"
    else:
        cell.value = value
    return cell
