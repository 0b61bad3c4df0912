"""From a figure on the preview to the records it counts, and the cross-checks that stand above it."""

from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.common.excel.sheet import FormColumn, FormSheet, Keyed, Kind, Subtotal
from campaign.models import Campaign
from campaign.reports.checks import Check, Discrepancy, Tables, adds_up
from campaign.reports.columns import picked
from campaign.reports.preview import shown
from campaign.reports.registry import Report, ReportRequest
from campaign.reports.services import report_discrepancies
from pledges.behind import counts
from pledges.reports import PLEDGE_STATISTICS
from pledges.services.summarizing import summaries_refresh
from tests.pledges.conftest import NOW
from tests.pledges.conftest import campaign as campaign  # noqa: PLC0414 – a fixture
from tests.pledges.test_metrics import scatter
from tests.reports.figures import assert_linked
from tests.world import World

pytestmark = pytest.mark.django_db
SHEET = FormSheet(
    name="表",
    title="表",
    columns=(
        FormColumn("单位"),
        FormColumn("总数", Kind.INTEGER, total=True),
        FormColumn("男", Kind.INTEGER, group="其中", total=True),
        FormColumn("女", Kind.INTEGER, group="其中", total=True),
        FormColumn("率", Kind.PERCENT),
    ),
    totals=(None, None, None, None, 5000),
)
ROWS = [Keyed(1, ("甲", 5, 3, 2, 6000)), Subtotal((None, 5, 3, 2, None), key="s"), Keyed(2, ("乙", 4, 3, 2, None))]


def page(client: Client, report: str, **asked: Any) -> str:
    return text(client.get(f"{reverse('report_export', args=[report])}?{urlencode(asked)}").content.decode())


def text(html: str) -> str:
    return " ".join(unescape(strip_tags(html)).split())


def signed_in(world: World, user: str, at: str) -> Client:
    client = Client()
    client.force_login(world.user(user, at), backend="orgs.authentication.AccountBackend")
    return client


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_every_figure_of_the_statistics_is_what_lies_behind_it(seed: int, world: World, campaign: Campaign) -> None:
    from django.db import transaction

    first = replace(PLEDGE_STATISTICS, sheets=lambda request: PLEDGE_STATISTICS.sheets(request)[:1])
    with transaction.atomic():
        scatter(world, campaign, seed)
        summaries_refresh()
        request = ReportRequest(world.user("office", "root"), world.orgs["root"], campaign, year=NOW.year)
        assert assert_linked(first, request) > 40
        transaction.set_rollback(True)


def test_a_click_on_a_number_opens_its_records(world: World, campaign: Campaign) -> None:
    scatter(world, campaign, 3)
    summaries_refresh()
    client = signed_in(world, "staff", "east")
    asked = {"organization": world.orgs["east"].pk, "campaign": campaign.pk, "year": NOW.year, "format": "xlsx"}
    response = client.get(f"{reverse('report_export', args=['pledge_statistics'])}?{urlencode(asked)}")
    links = [
        cell
        for sheet in response.context["preview"]
        for line in sheet.lines
        for cell in line.cells
        if cell.url and "column=%E6%89%BF%E8%AF%BA%E4%BA%8B%E9%A1%B9%E6%80%BB%E6%95%B0" in cell.url
    ]
    assert len(links) > 1
    for cell in links:
        answer = client.get(cell.url)
        assert answer.context["table"].paginator.count == int(cell.text)
        assert f"表中数字为{cell.text}" in text(answer.content.decode())


def test_the_records_of_another_s_organization_are_not_found(world: World, campaign: Campaign) -> None:
    asked = {"organization": world.orgs["east"].pk, "campaign": campaign.pk, "year": NOW.year, "column": "承诺事项总数"}
    url = reverse("report_records", args=["pledge_statistics"])
    client = signed_in(world, "staff", "east")
    assert client.get(url, asked).status_code == 200
    assert client.get(url, {**asked, "row": world.orgs["west"].pk}).status_code == 404
    assert client.get(url, {**asked, "organization": world.orgs["west"].pk}).status_code == 404
    for wrong in ({"column": "没有"}, {"column": "单位"}, {"sheet": "9"}, {"sheet": "x"}, {"year": "1800"}):
        assert client.get(url, {**asked, **wrong}).status_code == 404


def test_one_page_of_records_takes_the_same_statements_however_many_there_are(
    world: World, campaign: Campaign, django_assert_num_queries: Any
) -> None:
    client = signed_in(world, "staff", "east")
    url = reverse("report_records", args=["pledge_statistics"])
    asked = {"organization": world.orgs["root"].pk, "campaign": campaign.pk, "year": NOW.year}
    client = signed_in(world, "office", "root")
    for column in ("党员应承诺党员数", "党组织应承诺党组织数"):
        with django_assert_num_queries(QUERIES):
            assert client.get(url, {**asked, "column": column}).status_code == 200
        one = {**asked, "organization": world.orgs["east_one"].pk, "column": column}
        with django_assert_num_queries(QUERIES):
            assert client.get(url, one).status_code == 200


QUERIES = 20


def test_a_sheet_is_shown_with_its_groups_subtotals_and_total() -> None:
    found = shown((SHEET, iter(ROWS)), lambda column, key: f"/{column.heading}/{key}", rows=10)
    assert [(head.text, head.across, head.down) for head in found.upper] == [
        ("序号", 1, 2),
        ("单位", 1, 2),
        ("总数", 1, 2),
        ("其中", 2, 1),
        ("率", 1, 2),
    ]
    assert found.lower == ["男", "女"]
    assert found.rows == [
        ["1", "甲", "5", "3", "2", "60.00%"],
        ["小计", "—", "5", "3", "2", "—"],
        ["2", "乙", "4", "3", "2", "—"],
        ["合计", "—", "9", "6", "4", "50.00%"],
    ]
    assert not found.more
    assert all(not cell.url for line in found.lines for cell in line.cells), "no column counts anything"


def test_a_long_sheet_shows_its_first_rows_without_a_total() -> None:
    columns = (FormColumn("单位"), FormColumn("数", Kind.INTEGER, total=True, counts=counts("items")))
    sheet = FormSheet(name="长", title="长", columns=columns)
    rows = (Keyed(number, (f"第{number}", number % 2)) for number in range(100_000))
    found = shown((sheet, rows), lambda column, key: f"/{column.heading}/{key}", rows=3)
    assert found.more
    assert [line.cells[2].url for line in found.lines] == ["", "/数/1", ""], "nothing to open behind a nought"
    assert len(found.lines) == 3
    assert next(iter(rows))[0] == "第503", "no more is read than is needed"


def test_columns_are_chosen_by_heading_and_ordered() -> None:
    sheet, rows = picked((SHEET, ROWS), ["其中女", "单位", "没有", "其中女"])
    assert [column.heading for column in sheet.columns] == ["其中女", "单位"]
    kept = list(rows)
    assert kept[0] == (2, "甲")
    assert isinstance(kept[0], Keyed)
    assert kept[0].key == "1"
    assert kept[1] == Subtotal([2, None], key="s")
    assert picked((SHEET, ROWS), ["没有"]) == (SHEET, ROWS)


def test_a_check_says_which_row_does_not_add_up(world: World) -> None:
    sums = adds_up(
        "d.20.1", "男＋女＝总数", sheet="表", whole="总数", parts=("其中男", "其中女"), mend=lambda key: f"/{key}"
    )
    many = Check("d.20.2", "单位齐全", lambda _request, _tables: [Discrepancy(str(number)) for number in range(25)])
    read = []

    def sheets(_request: ReportRequest) -> Any:
        read.append(1)
        return [(SHEET, ROWS)]

    report = Report("x", "d.0", "表", "表", sheets, lambda _: 2, by_period=False, checks=(sums, many, sums))
    found = report_discrepancies(report, ReportRequest(world.user("staff", "east"), world.orgs["east"]))
    assert [(each.text, each.url) for each in found[0].found] == [("乙：总数为4，各分项之和为5。", "/2")]
    assert (len(found[1].found), found[1].more) == (20, 5)
    assert len(read) == 1, "the sheets are read once for all checks"
    assert list(sums.run(None, Tables(list))) == []
    assert "勾稽关系核对" in page(
        signed_in(world, "staff", "east"), "pledge_statistics", organization=world.orgs["east"].pk, format="xlsx"
    )
