"""Each form on paper, with no record, one page and three of them: what the file asks of the printer, and what LibreOffice prints
of it where it is installed (2-domain d.0)."""

import datetime as dt
import io
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from campaign.common.excel.pages import Pages
from campaign.common.excel.sheet import FormSheet, Kind, Row, Value
from campaign.common.excel.writer import write_xlsx
from campaign.models import Campaign
from campaign.reports.registry import ReportRequest, reports
from campaign.reports.services import framed_sheets
from tests.pledges.conftest import NOW
from tests.pledges.conftest import campaign as campaign  # noqa: PLC0414 – a fixture
from tests.reports.scattered import scatter_reviews
from tests.reports.test_read_back import body, expected
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
LONG = "坚持问题导向，把创先争优同安全生产、降本增效、服务职工结合起来，每月检查一次，年底前全部完成。" * 2
SIGNED = "单位负责人"
SAMPLES: dict[Kind, Value] = {
    Kind.TEXT: "第一党支部", Kind.CODE: "13900000000", Kind.DATE: dt.date(2026, 10, 8), Kind.YEAR_MONTH: dt.date(1975, 3, 1),
    Kind.INTEGER: 12, Kind.HUNDREDTHS: 83_33, Kind.PERCENT: 83_33, Kind.YES_NO: True,
}  # fmt: skip


class Book(NamedTuple):
    """One sheet of a form with so many rows, as a workbook of its own."""

    name: str
    form: FormSheet
    rows: list[Row]
    content: bytes


def row(form: FormSheet, number: int) -> Row:
    """Return a row with something in every cell; every seventh has long texts."""
    wordy = LONG if number % 7 == 3 else SAMPLES[Kind.TEXT]
    return [
        wordy if column.kind is Kind.TEXT and (column.width or 14) >= 14 else SAMPLES[column.kind]
        for column in form.columns
    ]


def books(world: World, campaign: Campaign, *counts: int) -> Iterator[Book]:
    """Give each different sheet of each form with so many rows."""
    period = scatter_reviews(world, campaign, 3)
    seen = set()
    for report in reports:
        request = ReportRequest(None, world.orgs["root"], campaign, period, year=NOW.year)
        for place, (form, _rows) in enumerate(framed_sheets(report, request)):
            if (report.key, tuple(form.headings)) in seen:
                continue
            seen.add((report.key, tuple(form.headings)))
            for count in counts:
                file, rows = io.BytesIO(), [row(form, number) for number in range(count)]
                write_xlsx(file, [(form, rows)], made_at=request.asked_at)
                yield Book(f"{report.key}-{place}-{count}", form, rows, file.getvalue())


def sheet_of(book: Book) -> Worksheet:
    return load_workbook(io.BytesIO(book.content)).worksheets[0]


def heading_of(sheet: Worksheet) -> tuple[int, int]:
    first, last = re.findall(r"\d+", str(sheet.print_title_rows))
    return int(first), int(last)


def test_each_form_asks_for_a4_with_repeated_heading_page_numbers_and_lines(world: World, campaign: Campaign) -> None:
    found = list(books(world, campaign, 0, 5, 60))
    assert {book.name.split("-")[0] for book in found} == {report.key for report in reports}
    for book in found:
        sheet, told = sheet_of(book), book.name
        setup = sheet.page_setup
        assert (setup.paperSize, setup.fitToWidth, setup.fitToHeight) == (9, 1, 0), told
        assert setup.orientation == ("landscape" if book.form.landscape else "portrait"), told
        assert sheet.sheet_properties.pageSetUpPr.fitToPage, told
        assert sheet.print_options.horizontalCentered, told
        assert sheet.oddFooter.center.text == "第 &P 页 共 &N 页", told
        first, last = heading_of(sheet)
        assert sheet.cell(first, 1).value == "序号", told
        height = max(len(book.rows), 1) + (1 if book.form.totals is not None else 0)
        width = len(book.form.columns) + 1
        for cells in sheet.iter_rows(min_row=first, max_row=last + height, max_col=width):
            assert all(cell.border.bottom.style == "thin" for cell in cells), told
            assert (sheet.row_dimensions[cells[0].row].height or 0) >= 22, told
        signed = [cell.row for (cell,) in sheet.iter_rows(max_col=1) if str(cell.value or "").startswith(SIGNED)]
        assert signed == ([last + height + 1] if book.form.signature else []), told


def test_each_form_of_three_pages_reads_back_equal(world: World, campaign: Campaign) -> None:
    for book in books(world, campaign, 60):
        wanted = expected(book.form, list(book.rows))
        by_openpyxl = [list(cells) for cells in sheet_of(book).iter_rows(values_only=True)]
        by_calamine = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_index(0).to_python()
        assert body(by_openpyxl, book.form, 60) == wanted, book.name
        assert body(by_calamine, book.form, 60) == wanted, book.name


def test_long_texts_get_the_height_they_take(world: World, campaign: Campaign) -> None:
    for book in books(world, campaign, 5):
        sheet = sheet_of(book)
        _first, last = heading_of(sheet)
        plain, wordy = (sheet.row_dimensions[last + number].height for number in (1, 4))
        if book.rows[3] != book.rows[0]:
            narrowest = min(
                sheet.column_dimensions[cell.column_letter].width for cell in sheet[last + 4] if cell.value == LONG
            )
            lines = len(LONG) * 2 / narrowest
            assert wordy >= min(lines * 14, 409) > plain >= 22, book.name


def test_the_last_rows_go_over_to_the_page_of_the_signature() -> None:
    def filled(rows: int, below: float) -> int:
        pages = Pages((757.0, 493.0), 757.0, above=93.0, repeated=33.0)
        for _number in range(rows):
            pages.add(22.0)
        return pages.taken_along(below)

    assert [filled(rows, 100) for rows in (5, 12)] == [0, 0]
    assert filled(18, 60) == 3
    assert filled(18 + 20, 60) == 3, "the second page holds twenty rows"
    assert filled(18 + 5, 60) == 0
    assert filled(18, 480) == 0, "what does not fit on any page takes nothing along"


if shutil.which("soffice") and shutil.which("pdftotext"):

    def test_libreoffice_prints_each_form_right(world: World, campaign: Campaign, tmp_path: Path) -> None:
        made = list(books(world, campaign, 0, 5, 60))
        for book in made:
            (tmp_path / f"{book.name}.xlsx").write_bytes(book.content)
        office = ["soffice", "--headless", f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"]
        files = [str(tmp_path / f"{book.name}.xlsx") for book in made]
        subprocess.run(
            [*office, "--convert-to", "pdf", "--outdir", str(tmp_path), *files],
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip
        for book in made:
            pages = printed(tmp_path / f"{book.name}.pdf")
            count = len(pages)
            assert count == 1 if len(book.rows) <= 5 else count >= 3, (book.name, count)
            for number, page in enumerate(pages, start=1):
                assert re.search(rf"第\s*{number}\s*页\s*共\s*{count}\s*页", page), (book.name, number)
                assert "序号" in page, (book.name, number, "the heading is repeated")
            if book.form.signature:
                assert SIGNED in pages[-1], book.name
            if book.rows:
                assert re.search(rf"^\s*{len(book.rows)}\s", pages[-1], re.MULTILINE), (book.name, "a torn signature")


def printed(file: Path) -> list[str]:
    """Return the text of each page."""
    told = subprocess.run(["pdftotext", "-layout", str(file), "-"], check=True, capture_output=True).stdout.decode()
    return told.removesuffix("\f").split("\f")
