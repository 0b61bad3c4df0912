"""A form on a page: its first rows before the export, or all of them for the printer. Numbers lead to the records they count."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlencode

from django.urls import reverse

from campaign.common.excel.cells import csv_text
from campaign.common.excel.sheet import (
    NOTHING,
    SEQUENCE,
    TOTAL,
    Filled,
    FormColumn,
    FormSheet,
    Kind,
    Row,
    Subtotal,
    Value,
    key_of,
)
from campaign.reports.registry import Report, ReportRequest

PREVIEW_ROWS = 10
_LOOKED_AT = 500
"""So many rows are read on for the totals of a preview; a longer table shows none."""
_ONE_LINE, _ROOMY = 14, 24
_FIGURES = (Kind.INTEGER, Kind.HUNDREDTHS, Kind.PERCENT)


@dataclass(frozen=True)
class Cell:
    """A cell as the page shows it; `url` lists the records it counts. `room` says how much a text may take before it wraps."""

    text: str
    url: str = ""
    number: bool = False
    room: str = ""


@dataclass(frozen=True)
class Line:
    """A row of the table; `strong` are subtotals and the row 合计."""

    cells: list[Cell]
    strong: bool = False


@dataclass(frozen=True)
class Head:
    """A heading cell of the upper row: over several columns, or down over both rows."""

    text: str
    across: int = 1
    down: int = 1


@dataclass(frozen=True)
class ShownSheet:
    """One sheet: its texts, its headings in one or two rows, and the rows that are shown (`more`: there are others)."""

    sheet: FormSheet
    upper: list[Head]
    lower: list[str]
    lines: list[Line]
    more: bool

    @property
    def title(self) -> str:
        return self.sheet.title

    @property
    def headings(self) -> list[str]:
        return self.sheet.headings

    @property
    def rows(self) -> list[list[str]]:
        """The texts alone."""
        return [[cell.text for cell in line.cells] for line in self.lines]


Link = Callable[[FormColumn, str], str]
"""Column and key of the row → the address of the records behind a figure."""


def records_url(report: Report, request: ReportRequest, number: int, heading: str, key: str) -> str:
    """Return the address of the records behind a figure: ids and a heading, nothing personal. `number`: of the sheet."""
    asked = {
        "organization": request.organization.pk,
        "campaign": request.campaign.pk if request.campaign else "",
        "period": request.period.pk if request.period else "",
        "year": request.year or "",
        **{f"option_{name}": value for name, value in request.options.items()},
        "sheet": number,
        "column": heading,
        "row": key,
    }
    query = urlencode({name: value for name, value in asked.items() if value != ""})
    return f"{reverse('report_records', args=[report.key])}?{query}"


def shown(filled: Filled, link: Link, *, rows: int, totals: bool = True) -> ShownSheet:
    """Return at most `rows` rows of a sheet; the row 合计 stands below them when all rows could be looked at."""
    sheet, source = filled
    iterator = iter(source)
    first = list(islice(iterator, rows))
    rest = list(islice(iterator, _LOOKED_AT)) if totals else list(islice(iterator, 1))
    lines = _lines(sheet, first, link)
    complete = len(rest) < _LOOKED_AT if totals else not rest
    if lines and complete and (total := _total(sheet, [*first, *rest], link)):
        lines.append(total)
    return ShownSheet(sheet, *_heads(sheet), lines, more=bool(rest))


def _lines(sheet: FormSheet, rows: Iterable[Row | Subtotal], link: Link) -> list[Line]:
    lines, number = [], 0
    for row in rows:
        if isinstance(row, Subtotal):
            values, lead = row.values, row.label
        else:
            number += 1
            values, lead = row, str(number)
        cells = _cells(sheet, values, key_of(row), link)
        lines.append(Line([Cell(lead), *cells] if sheet.sequence else cells, strong=isinstance(row, Subtotal)))
    return lines


def _cells(sheet: FormSheet, values: Row, key: str, link: Link) -> list[Cell]:
    return [_cell(column, value, key, link) for column, value in zip(sheet.columns, values, strict=True)]


def as_text(kind: Kind, value: Value) -> str:
    """Return a value as the page shows it; — where there is none."""
    return csv_text(kind, value).lstrip("\t'") or NOTHING


def _cell(column: FormColumn, value: Value, key: str, link: Link) -> Cell:
    number = column.kind in _FIGURES and isinstance(value, int) and not isinstance(value, bool)
    url = link(column, key) if number and value and column.counts else ""
    return Cell(as_text(column.kind, value), url, number, _room(column))


def _room(column: FormColumn) -> str:
    """Return the class of a column by its width on the sheet: figures, dates and names stand in one line."""
    width = column.width or 0
    if column.kind is not Kind.TEXT or width <= _ONE_LINE:
        return "cell-line"
    return "cell-roomy" if width >= _ROOMY else "cell-some"


def _total(sheet: FormSheet, rows: list[Row | Subtotal], link: Link) -> Line | None:
    """Return the row 合计: sums of the columns that are totalled, and what the form gives for the others."""
    if sheet.totals is None and not any(column.total for column in sheet.columns):
        return None
    records = [row for row in rows if not isinstance(row, Subtotal)]
    values: list[Value] = list(sheet.totals or [None] * len(sheet.columns))
    for place, column in enumerate(sheet.columns):
        if column.total:
            values[place] = sum(value for row in records if isinstance(value := row[place], int))
    cells = [_cell(column, value, "", link) for column, value in zip(sheet.columns, values, strict=True)]
    if sheet.sequence:
        return Line([Cell(TOTAL), *cells], strong=True)
    return Line([Cell(TOTAL), *cells[1:]], strong=True)


def _heads(sheet: FormSheet) -> tuple[list[Head], list[str]]:
    """Return the headings as a table draws them: groups over their columns, the others down over both rows."""
    grouped = any(column.group for column in sheet.columns)
    down = 2 if grouped else 1
    upper = [Head(SEQUENCE, down=down)] if sheet.sequence else []
    lower: list[str] = []
    last = ""
    for column in sheet.columns:
        if not column.group:
            upper.append(Head(column.header, down=down))
        else:
            lower.append(column.header)
            if column.group == last:
                upper[-1] = Head(column.group, across=upper[-1].across + 1)
            else:
                upper.append(Head(column.group))
        last = column.group
    return upper, lower
