"""On random records of every kind, each number of each form leads to what makes it; and a wrong link is found (issue 7)."""

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from campaign.common import clock
from campaign.models import Campaign
from campaign.reports.registry import ReportRequest, reports
from campaign.scoring.models import PeriodScore
from tests.reports.figures import FIGURES, assert_linked, cells, with_wrong_link
from tests.reports.scattered import scatter_all, scatter_scores
from tests.reviews.rounds import STAGE
from tests.scoring.conftest import Measured
from tests.scoring.conftest import measured as measured  # noqa: PLC0414 – a fixture
from tests.world import World

pytestmark = pytest.mark.django_db
WITHOUT_FIGURES = {"roster", "roster_public", "review_ledger", "pledge_overdue"}
"""Lists of people and records; what is overdue has no mark yet."""
EVERYTHING = {
    "organizations": {"委员人数", "党员总数", "女党员", "党小组数", "距届满(月)"},
    "pledge_ledger": {"评诺得分或等次"},
    "pledge_statistics": {"承诺事项总数", "兑现率%", "收到意见和提问", "答复率%", "平均答复天数", "最长待办天数"},
    "review_statistics": {"参加点评的领导人数", "党组织覆盖率%", "党员已点评"},
    "evaluation_summary": {
        "名次", "A票得分", "综合得分", "收回率%", "满意票数", "满意得票率", "项目得分", "发出", "收回", "有效", "无效", "加权分",
    },
    "member_appraisals": {"民主测评优秀票", "民主测评不合格票"},
    "nomination_summary": {"群众评议得分"},
    "score_summary": {"承诺践诺分", "群众评议分", "加分", "扣分", "合计", "上期", "增减"},
    "activity_statistics": {
        "基层党组织数", "党员数", "承诺党组织", "承诺党员", "承诺事项", "点评党组织", "点评党员", "评议场次", "参评人数",
        "满意率%", "表彰组织", "表彰个人",
    },
}  # fmt: skip
"""Columns that have numbers to be compared."""


@pytest.fixture(autouse=True)
def _in_the_stage() -> Iterator[None]:
    with clock.at(STAGE):
        yield


@settings(
    max_examples=2, deadline=None, phases=(Phase.generate,), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10_000))
def test_every_number_of_every_form_leads_to_what_makes_it(seed: int, world: World, measured: Measured) -> None:
    with transaction.atomic():
        campaign = world.campaign()
        period = scatter_all(world, campaign, measured, seed)
        for report in reports:
            for user, at in (("office@root", "root"), ("staff@east", "east")):
                role, place = user.split("@")
                request = ReportRequest(world.user(role, place), world.orgs[at], campaign, period, year=2026)
                compared = assert_linked(report, request)
                if at == "root":
                    assert bool(compared) == (report.key not in WITHOUT_FIGURES), report.key
        transaction.set_rollback(True)


def test_each_form_has_numbers_to_compare_and_a_wrong_link_is_found(world: World, measured: Measured) -> None:
    campaign = world.campaign()
    period = scatter_all(world, campaign, measured, 7)
    request = ReportRequest(world.user("office", "root"), world.orgs["root"], campaign, period, year=2026)
    for report in reports:
        numbers = {column.heading for _number, column, _key, value in cells(report, request) if value}
        if report.key in WITHOUT_FIGURES:
            assert not numbers
            continue
        assert numbers >= EVERYTHING[report.key], (report.key, EVERYTHING[report.key] - numbers)
        with pytest.raises(AssertionError, match=f"{report.key} "):
            assert_linked(with_wrong_link(report, request), request)


def test_every_column_of_numbers_has_a_way_to_its_records(world: World) -> None:
    """Also where the random data have none: all columns but those whose records come later."""
    campaign: Campaign = world.campaign()
    period = campaign.periods.get(code="2026H2")
    request = ReportRequest(world.user("office", "root"), world.orgs["root"], campaign, period, year=2026)
    later = {
        "activity_statistics": {"先锋岗", "责任区", "示范岗", "典型", "检查次数", "整改问题", "整改率%"},
        "review_statistics": {"问题整改提出问题数", "问题整改已整改数", "问题整改整改率%"},
        "nomination_summary": {"排序", "考核得分"},
    }
    for report in reports:
        for sheet, _rows in report.sheets(request):
            without = {each.heading for each in sheet.columns if each.kind in FIGURES and each.counts is None}
            assert without == later.get(report.key, set()), report.key


def test_the_points_of_the_items_make_the_column(world: World, measured: Measured) -> None:
    """The explanation of a score: what stands at a column, to which the form leads, is the sum of the items above it."""
    campaign = world.campaign()
    scatter_scores(world, campaign, measured, 3)
    client, several = Client(), 0
    client.force_login(world.user("office", "root"), backend="orgs.authentication.AccountBackend")
    for score in PeriodScore.objects.current().filter(period__code="2026H2", total__isnull=False):
        page = client.get(score.get_absolute_url()).content.decode()
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for column, points in re.findall(r'data-column="(\w+)">([\d.]+)<', page):
            sums[column] += Decimal(points)
        said = {column: Decimal(points) for column, points in re.findall(r'id="points-(\w+)">([\d.]+)<', page)}
        assert said == sums
        several += len(said)
    assert several > 7
