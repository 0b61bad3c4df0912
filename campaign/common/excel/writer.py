"""Writes forms: the frame of a sheet laid out by openpyxl, its rows streamed as XML into the frame's place for them.

openpyxl alone takes several times as long for many rows; streamed rows take the same memory for 200 as for a million.
Every text goes out as an inline string, so none can become a formula. The same input gives the same bytes: all times
in the file come from `made_at`.
"""

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import chain, islice
from pathlib import Path
from typing import IO

from openpyxl import Workbook

from campaign.common.excel.archive import Streamed, save
from campaign.common.excel.body import Body
from campaign.common.excel.cells import csv_text
from campaign.common.excel.frame import Frame
from campaign.common.excel.sheet import Filled, FormSheet, Row, Subtotal, sheet_name
from campaign.common.excel.twin import FIRST_ROW, NAME, Twin

ROWS_PER_SHEET = 1_000_000
PROGRESS_EVERY = 500
PIECE = 200
"""Rows that are written at once."""

Progress = Callable[[int], None]
"""Called with the number of rows written so far; it may raise to stop the writing."""


def write_xlsx(
    target: Path | IO[bytes],
    sheets: Sequence[Filled],
    *,
    made_at: dt.datetime,
    made_by: str = "",
    progress: Progress | None = None,
    rows_per_sheet: int = ROWS_PER_SHEET,
    twins: bool = False,
) -> int:
    """Write forms with their rows, a sheet each (more where rows do not fit one), and return the number of rows. With `twins`
    each form has a sheet for machines behind the last one (`twin`), for as many rows as one sheet holds.

    Rows are taken one by one. `made_at` (aware) should be the moment the export was asked for, so that a repeated job
    writes the same file. Raises ValueError for a row with more or fewer values than columns.
    """
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    count = _Count(progress)
    with ExitStack() as files:
        streamed, beside = [], []
        for form, rows in sheets:
            source: Iterable[Row | Subtotal] = rows
            if twins:
                plain = workbook.create_sheet(sheet_name(_twin_name(form, sheets), workbook.sheetnames))
                xml = files.enter_context(tempfile.TemporaryFile())
                source = Twin(form, xml).watch(rows, plain)
                beside.append((plain, Streamed(FIRST_ROW, xml)))
            run = _Run(form, iter(source), count, rows_per_sheet)
            while run.goes_on:
                sheet = workbook.create_sheet(sheet_name(form.name, workbook.sheetnames))
                xml = files.enter_context(tempfile.TemporaryFile())
                streamed.append(Streamed(run.write(Frame(sheet, run.form), xml), xml))
        for plain, kept in beside:
            workbook.move_sheet(plain, len(workbook.worksheets))
            streamed.append(kept)
        save(workbook, target, streamed=streamed, made_at=made_at, made_by=made_by)
    count.tell()
    return count.rows


def _twin_name(form: FormSheet, sheets: Sequence[Filled]) -> str:
    return NAME if len(sheets) == 1 else f"{NAME}_{form.name}"


def write_csv(
    target: Path | IO[bytes], form: FormSheet, rows: Iterable[Row | Subtotal], *, progress: Progress | None = None
) -> int:
    """Write heading and records as csv (UTF-8 with mark, as Excel wants it) and return the number of records.

    Without title, totals, notes and subtotals: what is left reads back by machine. Texts cannot become formulas.
    """
    if isinstance(target, Path):
        with target.open("wb") as file:
            return write_csv(file, form, rows, progress=progress)
    count = _Count(progress)
    text = io.TextIOWrapper(target, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(form.headings)
    kinds = [column.kind for column in form.columns]
    for row in rows:
        if isinstance(row, Subtotal):
            continue
        count.up()
        values = [csv_text(kind, value) for kind, value in zip(kinds, row, strict=True)]
        writer.writerow([str(count.rows), *values] if form.sequence else values)
    text.detach()
    count.tell()
    return count.rows


class _Count:
    """Counts rows over all sheets and tells the progress."""

    def __init__(self, progress: Progress | None) -> None:
        self.rows = 0
        self._progress = progress

    def up(self) -> None:
        self.rows += 1
        if self.rows % PROGRESS_EVERY == 0:
            self.tell()

    def tell(self) -> None:
        if self._progress is not None:
            self._progress(self.rows)


class _Run:
    """Writes the rows of one form on one sheet after another."""

    def __init__(self, form: FormSheet, rows: Iterator[Row | Subtotal], count: _Count, rows_per_sheet: int) -> None:
        self.form = form
        self.goes_on = True
        self._rows = rows
        self._count = count
        self._rows_per_sheet = rows_per_sheet
        self._number = 0
        self._sums: dict[int, int] | None = None

    def write(self, frame: Frame, xml: IO[bytes]) -> int:
        """Write as many rows as fit and close the frame; returns the row of the last one."""
        body = Body(frame, self._sums)
        at = frame.first_row - 1
        numbered = zip(range(frame.first_row, frame.first_row + self._rows_per_sheet), self._rows, strict=False)
        while piece := list(islice(numbered, PIECE)):
            xml.write("".join([self._row(body, at, row) for at, row in piece]).encode())
            at = piece[-1][0]
        self._look_ahead()
        if at < frame.first_row:
            at += 1
            xml.write(body.empty(at).encode())
        last_record = at
        if not self.goes_on and body.has_totals:
            at += 1
            xml.write(body.totals(at).encode())
        frame.close(last_record=last_record, last_row=at, pages=body.pages, last_part=not self.goes_on)
        self._sums = body.sums
        return at

    def _row(self, body: Body, at: int, row: Row | Subtotal) -> str:
        if isinstance(row, Subtotal):
            return body.row(at, [row.label, *row.values] if self.form.sequence else row.values, bold=True)
        self._count.up()
        self._number += 1
        body.add(row)
        return body.row(at, [self._number, *row] if self.form.sequence else row)

    def _look_ahead(self) -> None:
        following = next(self._rows, None)
        self.goes_on = following is not None
        if following is not None:
            self._rows = chain([following], self._rows)
