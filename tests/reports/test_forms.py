"""The forms d.1, d.2, d.4 and d.19: their columns, their figures on random data, and how many statements they take."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from campaign.common.excel.sheet import FormSheet, Row, Subtotal
from campaign.models import Campaign, Period
from campaign.reports.activity import COLUMNS, ToCome, columns
from campaign.reports.organizations import OVERVIEW
from campaign.reports.registry import ReportRequest, reports
from campaign.reports.services import report_discrepancies
from campaign.selectors import current_period
from orgs.models import Member, Organization, PartyPost, Position
from orgs.roster import PUBLIC_ROSTER, ROSTER
from tests.pledges.conftest import campaign as campaign  # noqa: PLC0414 – a fixture
from tests.pledges.test_metrics import scatter
from tests.reports.figures import assert_linked
from tests.reports.scattered import scatter_people, scatter_reviews
from tests.world import World

pytestmark = pytest.mark.django_db
RANDOM = settings(
    max_examples=5, deadline=None, phases=(Phase.generate,), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SEEDS = given(seed=st.integers(0, 10_000))
D2 = (
    "党组织名称 组织类别 上级党组织 所在单位情况 书记 副书记 委员人数 党员总数 正式党员 预备党员 女党员 "
    "少数民族党员 35岁及以下 大专及以上 一线党员 党小组数 成立时间 本届选举时间 任期届满时间 距届满(月) "
    "联系人 联系电话 备注"
)
D1 = (
    "姓名 性别 民族 出生年月 身份证号 籍贯 学历 学位 参加工作时间 入党时间 转正时间 "
    "人员类别(正式/预备) 所在党组织 所在党小组 党内职务 行政职务 岗位/工种 专业技术职称 是否一线 "
    "是否党务工作者 联系电话 党籍状态 备注"
)
D4 = (
    "点评单位 点评领导 职务 点评时间 点评方式 点评对象类别(党组织/书记/党员) 点评对象 肯定成绩 存在问题 "
    "努力方向 是否形成整改 整改时限 整改完成情况 备注"
)


D3 = (
    "单位 应承诺党组织数 已承诺 承诺率% 应承诺党员数 已承诺 承诺率% 承诺事项总数 已审定 退回 已公示 到期事项 已兑现 基本兑现 "
    "未兑现 客观调整 待评 兑现率% 逾期事项"
)
D3_ITEM = (
    "承诺类别(共性/岗位/实事) 承诺事项 衡量标准(基数/目标) 完成时限 审诺人 审诺时间 审诺结果 示诺日期 示诺方式 践诺进展 "
    "完成情况 评诺得分或等次 是否逾期 备注"
)
D4_UNITS = (
    "单位 参加点评的领导人数 应点评党组织 已点评 覆盖率% 应点评党员 已点评 覆盖率% 集中 个别 现场 随机 "  # as printed
    "提出问题数 已整改数 整改率%"
)
D5_CLASSES = "票类(A/B/C) 权重% 应发 发出 收回 有效 平均分 加权分"
D5_RANKING = "被评议对象 所在单位 A票得分 B票得分 C票得分 综合得分 满意率% 等次 备注"
D6 = "党组织 姓名 人员类别 参加评议情况 优秀票 合格票 基本合格票 不合格票 测评结果 支部评定等次 主要问题或改进措施 本人意见 备注"
D18 = "党组织(党员) 承诺践诺分 点评分 群众评议分 考核评价分 岗区分 载体分 加分 扣分 合计 等次 上期 增减 是否封账 备注"
D19 = (
    "基层党组织数 党员数 承诺党组织 承诺党员 承诺事项 兑现率% 点评党组织 点评党员 评议场次 参评人数 满意率% 表彰组织 表彰个人 "
    "先锋岗 责任区 示范岗 典型 为群众办实事(件) 检查次数 整改问题 整改率% 填报人"
)


def asked(world: World, at: str = "root", campaign: Campaign | None = None, period: Period | None = None) -> Any:
    user = world.user("staff", at) if at == "east" else world.user("office", "root")
    return ReportRequest(user, world.orgs[at], campaign, period or (current_period(campaign) if campaign else None))


def read(key: str, request: ReportRequest, place: int = 0) -> tuple[FormSheet, list[Row]]:
    sheet, rows = reports.get(key).sheets(request)[place]
    return sheet, [row for row in rows if not isinstance(row, Subtotal)]


def by_heading(key: str, request: ReportRequest) -> list[dict[str, Any]]:
    sheet, rows = read(key, request)
    return [dict(zip((column.heading for column in sheet.columns), row, strict=True)) for row in rows]


def headings(sheet: FormSheet) -> list[str]:
    return [column.header for column in sheet.columns]


# -- columns -----------------------------------------------------------------------------------------------------------


def test_the_columns_are_those_of_the_office(world: World, campaign: Campaign) -> None:
    assert headings(ROSTER) == D1.split()
    assert headings(PUBLIC_ROSTER) == [
        each for each in D1.split() if each not in ("出生年月", "身份证号", "籍贯", "联系电话")
    ]
    assert headings(OVERVIEW) == D2.split()
    request = asked(world, campaign=campaign)
    assert headings(read("review_ledger", request)[0]) == D4.split()
    assert headings(read("review_statistics", request)[0]) == D4_UNITS.split()
    assert headings(read("pledge_statistics", request)[0]) == D3.split()
    assert headings(read("pledge_ledger", request)[0]) == ["所在党组织", "姓名", "岗位职务", *D3_ITEM.split()]
    assert headings(read("pledge_ledger", request, 1)[0]) == [
        "党组织",
        "书记",
        "向谁承诺(上级党组织)",
        *D3_ITEM.split(),
    ]
    assert headings(read("member_appraisals", request)[0]) == D6.split()
    assert headings(read("score_summary", request)[0]) == D18.split()
    assert [column.heading for column in read("activity_statistics", request)[0].columns] == ["单位", *D19.split()]


def test_form_d5_has_the_columns_of_the_office_and_few_of_its_own(world: World, campaign: Campaign) -> None:
    """A period has several evaluations: each row names its own; beside the valid ballots stand the invalid ones."""
    sheets = {
        sheet.name: headings(sheet)
        for sheet, _rows in reports.get("evaluation_summary").sheets(asked(world, campaign=campaign))
    }
    own = {"评议名称", "名次", "应到", "收回", "收回率%"}
    assert [each for each in sheets["党组织评议汇总表"] if each not in own] == D5_RANKING.split()
    assert [
        each for each in sheets["票类统计表"] if each not in ("被评议对象", "评议名称", "无效")
    ] == D5_CLASSES.split()


def test_nothing_personal_is_read_for_the_public_roster(world: World) -> None:
    with CaptureQueriesContext(connection) as queries:
        _sheet, rows = read("roster_public", asked(world, "east"))
    assert len(rows) == 12
    said = queries.captured_queries[-1]["sql"].partition(" FROM ")[0]
    assert "cell" in said
    assert not any(field in said for field in ("phone", "id_number", "birth", "native"))


def test_a_column_of_the_activity_form_is_empty_until_an_app_brings_it() -> None:
    """The office's order and headings hold, whoever brings the figure."""
    shown = [(each.group, each.header) for each in columns()]
    assert shown == [(empty.group, empty.header) for _key, empty in COLUMNS]
    to_come = [each.header for each in columns() if isinstance(each, ToCome)]
    assert to_come == ["先锋岗", "责任区", "示范岗", "典型", "检查次数", "问题", "整改率%"]


def test_who_draws_the_activity_form_up_is_named_on_it(world: World) -> None:
    campaign = world.campaign()
    request = asked(world, "east", campaign, campaign.periods.get(code="2026H1"))
    ((sheet, rows),) = reports.get("activity_statistics").sheets(request)
    at = sheet.headings.index("填报人") - 1
    assert {row[at] for row in rows} == {request.user.name}
    ((_sheet, rows),) = reports.get("activity_statistics").sheets(replace(request, user=None))
    assert {row[at] for row in rows} == {""}


# -- figures -----------------------------------------------------------------------------------------------------------


@RANDOM
@SEEDS
def test_every_figure_of_the_overview_is_what_lies_behind_it(seed: int, world: World) -> None:
    with transaction.atomic():
        scatter_people(world, seed)
        found = [assert_linked(reports.get("organizations"), asked(world, at)) for at in ("root", "east", "east_one")]
        assert sum(found) > 40
        transaction.set_rollback(True)


@RANDOM
@SEEDS
def test_every_figure_of_reviews_and_activity_is_what_lies_behind_it(
    seed: int, world: World, campaign: Campaign
) -> None:
    with transaction.atomic():
        scatter(world, campaign, seed)
        scatter_people(world, seed)
        period = scatter_reviews(world, campaign, seed)
        for at in ("root", "east", "east_one"):
            request = asked(world, at, campaign, period)
            assert assert_linked(reports.get("review_statistics"), request) >= 10
            assert assert_linked(reports.get("activity_statistics"), request) >= 10
        transaction.set_rollback(True)


def test_the_overview_names_who_leads_and_counts_what_is_below(world: World) -> None:
    east_one = world.orgs["east_one"]
    first, second, third = world.members["east_one"][:3]
    Position.objects.create(member=second, organization=world.orgs["east"], post=PartyPost.SECRETARY)
    Member.objects.filter(pk=second.pk).update(party_post=PartyPost.DEPUTY_SECRETARY)
    Member.objects.filter(pk=third.pk).update(party_post=PartyPost.GROUP_LEADER, ethnicity="回族", education="中等专科")
    Organization.objects.filter(pk=east_one.pk).update(contact_phone="13800001111", contact_name="联系人")
    request = asked(world, "east")
    top, branch, other = by_heading("organizations", request)
    assert (top["书记"], top["委员人数"], top["上级党组织"]) == (second.name, 1, world.orgs["root"].name)
    assert (branch["书记"], branch["副书记"], branch["委员人数"]) == (first.name, second.name, 2)
    assert (branch["党员总数"], top["党员总数"]) == (6, branch["党员总数"] + other["党员总数"])
    assert branch["少数民族党员"] == 1
    assert branch["联系电话"] == "138****1111"


def test_a_group_of_the_party_is_an_organization_or_a_name_on_the_roster(world: World) -> None:
    Member.objects.filter(pk__in=[each.pk for each in world.members["east_one"]]).update(cell="第一党小组")
    Member.objects.filter(pk__in=[each.pk for each in world.members["east_two"][:2]]).update(cell="第一党小组")
    assert [line["党小组数"] for line in by_heading("organizations", asked(world, "east"))] == [2, 1, 1]
    Organization.objects.filter(pk=world.orgs["west_two"].pk).update(type="cell")
    assert [line["党小组数"] for line in by_heading("organizations", asked(world, "west"))] == [1, 0, 1]


# -- cross-checks --------------------------------------------------------------------------------------------------------


def test_members_where_no_row_stands_are_found(world: World) -> None:
    request = asked(world, "east")
    report = reports.get("organizations")
    assert "d.20.2" not in {checked.check.key for checked in report_discrepancies(report, request) if checked.found}
    Organization.objects.filter(pk=world.orgs["east_two"].pk).update(is_active=False)
    found = [checked for checked in report_discrepancies(report, request) if checked.check.key == "d.20.2"]
    assert str(world.orgs["east_two"].pk) in found[0].found[0].url
    assert "d.20.1" not in {each.check.key for each in report_discrepancies(report, request) if each.found}


# -- statements --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["organizations", "review_statistics", "activity_statistics"])
def test_the_number_of_statements_does_not_grow_with_the_units(key: str, world: World, campaign: Campaign) -> None:
    taken = []
    for at in ("east_one", "root"):
        request = asked(world, at, campaign)
        with CaptureQueriesContext(connection) as queries:
            read(key, request)
        taken.append(len(queries))
    assert taken[0] == taken[1]
    assert taken[0] <= MOST[key]


MOST = {"organizations": 8, "review_statistics": 18, "activity_statistics": 24}


@pytest.mark.parametrize("key", ["organizations", "review_statistics", "activity_statistics"])
def test_each_figure_of_the_total_opens_a_page(key: str, world: World, campaign: Campaign, client: Client) -> None:
    scatter(world, campaign, 3)
    scatter_people(world, 3)
    period = scatter_reviews(world, campaign, 3)
    client.force_login(world.user("office", "root"), backend="orgs.authentication.AccountBackend")
    asked_for = {"organization": world.orgs["root"].pk, "campaign": campaign.pk, "period": period.pk}
    sheet, _rows = read(key, asked(world, "root", campaign, period))
    opened = [column for column in sheet.columns if column.counts]
    assert len(opened) > 8
    for column in opened:
        wanted = {**asked_for, "column": column.heading, "row": world.orgs["root"].pk}
        answer = client.get(reverse("report_records", args=[key]), wanted)
        assert answer.status_code in (200, 302), column.heading
