"""Each form as a file says in openpyxl and in calamine what the report said (issue 7)."""

import datetime as dt
import io
from typing import Any

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from campaign.common.excel.sheet import NOTHING, FormSheet, Kind, Row, Subtotal, Value
from campaign.common.excel.writer import write_xlsx
from campaign.models import Campaign
from campaign.reports.registry import ReportRequest, reports
from campaign.reports.services import framed_sheets
from pledges.services.summarizing import summaries_refresh
from tests.pledges.conftest import NOW
from tests.pledges.conftest import campaign as campaign  # noqa: PLC0414 – a fixture
from tests.pledges.test_metrics import scatter
from tests.reports.scattered import scatter_people, scatter_reviews
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
KEYS = sorted(report.key for report in reports)
SCALE = {Kind.HUNDREDTHS: 100, Kind.PERCENT: 10_000}


def cell(kind: Kind, value: Value) -> Any:
    """Return what a reader has to find where the report says `value`."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, int) and kind in (Kind.INTEGER, *SCALE):
        return value / SCALE.get(kind, 1)
    return value if isinstance(value, dt.date) else str(value)


def read(value: Any) -> Any:
    """Return a value as both libraries mean it."""
    return value.date() if isinstance(value, dt.datetime) else float(value) if isinstance(value, int) else value


def expected(sheet: FormSheet, rows: list[Row | Subtotal]) -> list[list[Any]]:
    return [
        [cell(column.kind, value) for column, value in zip(sheet.columns, values, strict=True)]
        for values in (row.values if isinstance(row, Subtotal) else row for row in rows)
    ]


def body(found: list[list[Any]], sheet: FormSheet, rows: int) -> list[list[Any]]:
    """Return so many rows below the heading, without the running number."""
    heading = next(at for at, row in enumerate(found) if row[0] == "序号") + any(each.group for each in sheet.columns)
    width = len(sheet.columns) + 1
    return [[read(value) for value in row[1:width]] for row in found[heading + 1 : heading + 1 + rows]]


@pytest.mark.parametrize("key", KEYS)
def test_a_form_reads_back_as_it_was_meant(key: str, world: World, campaign: Campaign) -> None:
    scatter(world, campaign, 3)
    scatter_people(world, 3)
    period = scatter_reviews(world, campaign, 3)
    summaries_refresh()
    request = ReportRequest(world.user("office", "root"), world.orgs["root"], campaign, period, year=NOW.year)
    filled: list[tuple[FormSheet, list[Row | Subtotal]]] = [
        (sheet, list(rows)) for sheet, rows in framed_sheets(reports.get(key), request)
    ]
    file = io.BytesIO()
    write_xlsx(file, filled, made_at=request.asked_at)
    opened, fast = load_workbook(file), CalamineWorkbook.from_filelike(io.BytesIO(file.getvalue()))
    assert opened.sheetnames == fast.sheet_names
    for name, (sheet, rows) in zip(opened.sheetnames, filled, strict=True):
        wanted = expected(sheet, rows) or None
        by_openpyxl = [list(row) for row in opened[name].iter_rows(values_only=True)]
        by_calamine = fast.get_sheet_by_name(name).to_python()
        if wanted is None:
            assert any(row[0] == "无" for row in by_openpyxl)
            continue
        assert body(by_openpyxl, sheet, len(rows)) == wanted
        assert body(by_calamine, sheet, len(rows)) == wanted
        assert (opened[name].page_setup.fitToWidth, opened[name].page_setup.fitToHeight) == (1, 0)
        assert opened[name].print_title_rows
