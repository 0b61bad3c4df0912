"""Form d.7: who is recommended, with the record of each, and the line that compares places with recommendations."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from awards.models import AwardBatch, AwardCategory
from awards.reports import score_page
from campaign.common import clock
from campaign.common.errors import NotAllowed
from campaign.reports.registry import ReportRequest, reports
from campaign.reports.services import report_discrepancies
from orgs.models import Member
from tests.awards.case import NOON, category, nominated, opened
from tests.reports.figures import assert_linked
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_the_stage() -> Iterator[None]:
    with clock.at(NOON):
        yield


HEADINGS = (
    "推荐单位 推荐类别 排序 姓名(党组织名称) 性别 民族 出生年月 学历 入党时间 单位及职务 是否一线 上年民主评议等次 群众评议得分 "
    "考核得分 曾获表彰 主要事迹(100字) 征求意见结果 推荐单位意见 备注"
)


def rows(request: ReportRequest) -> list[dict[str, Any]]:
    sheet, found = reports.get("nomination_summary").sheets(request)[0]
    assert [column.header for column in sheet.columns] == HEADINGS.split()
    return [dict(zip(HEADINGS.split(), row, strict=True)) for row in found]  # type: ignore[arg-type]


def test_the_form_lists_who_stands_and_compares_with_the_places(world: World) -> None:
    campaign = world.campaign()
    batch = opened(world, campaign)
    member = world.members["east_one"][1]
    Member.objects.filter(pk=member.pk).update(birth_date=dt.date(1980, 5, 9), is_frontline=True, admin_post="班长")
    nominated(world, batch, member)
    request = ReportRequest(world.user("office", "root"), world.orgs["root"], campaign, year=2026)
    (row,) = rows(request)
    assert (row["姓名(党组织名称)"], row["出生年月"], row["是否一线"]) == (member.name, dt.date(1980, 5, 1), True)
    assert row["单位及职务"] == f"{world.orgs['east_one'].name}、班长"
    assert (row["排序"], row["考核得分"]) == (None, None)
    sheet = reports.get("nomination_summary").sheets(request)[0][0]
    assert "推荐个人1人，其中一线1人，占100.00%" in sheet.notes[0]
    assert_linked(reports.get("nomination_summary"), request)
    for wrong in ("x", "0", str(AwardBatch.objects.get().pk + 100)):
        with pytest.raises(NotAllowed):
            score_page(request, wrong)
    assert rows(ReportRequest(request.user, world.orgs["west"], campaign, year=request.year)) == []
    assert rows(ReportRequest(request.user, request.organization, campaign, year=2020)) == []
    for other in ({"batch": str(batch.pk + 1)}, {"batch": "x"}):
        assert rows(ReportRequest(request.user, request.organization, campaign, year=request.year, options=other)) == []


def test_more_recommended_than_there_are_places_is_said(world: World) -> None:
    campaign = world.campaign()
    batch = opened(world, campaign)
    nominated(world, batch, world.members["east_one"][1])
    request = ReportRequest(world.user("office", "root"), world.orgs["root"], campaign, year=2026)
    report = reports.get("nomination_summary")
    assert report_discrepancies(report, request)[0].found == []
    AwardCategory.objects.filter(pk=category(batch).pk).update(quota=0)
    (said,) = report_discrepancies(report, request)[0].found
    assert str(AwardBatch.objects.get().pk) in said.url
