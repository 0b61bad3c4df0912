"""Form d.19, the figures of a campaign's period unit by unit (2-domain d.19): each app brings the columns of its records.

    activity.figures.register(UnitFigure("rounds.held", "评议场次", _rounds, ("name", "state"), "round_detail"))

`COLUMNS` is the order of the office; a column for which no app has a figure yet is empty.
"""

from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.excel.sheet import Filled, FormSheet, Kind
from campaign.common.registry import Registry
from campaign.reports.organizations import members_seen, organizations_seen
from campaign.reports.registry import Report, ReportRequest
from campaign.reports.units import Column, ToCome, UnitFigure, Word, count_units, unit_sheet, units_complete
from orgs.models import OrganizationType

figures: Registry[UnitFigure] = Registry("activity figures")

COLUMNS: tuple[tuple[str, ToCome | Word], ...] = (
    ("organizations", ToCome("基层党组织数")),
    ("members", ToCome("党员数")),
    ("pledges.organizations", ToCome("党组织", "承诺")),
    ("pledges.members", ToCome("党员", "承诺")),
    ("pledges.items", ToCome("事项", "承诺")),
    ("pledges.fulfilment", ToCome("兑现率%", kind=Kind.HUNDREDTHS)),
    ("reviews.organizations", ToCome("党组织", "点评")),
    ("reviews.members", ToCome("党员", "点评")),
    ("rounds.held", ToCome("评议场次")),
    ("rounds.raters", ToCome("参评人数")),
    ("rounds.satisfaction", ToCome("满意率%", kind=Kind.HUNDREDTHS)),
    ("awards.organizations", ToCome("组织", "表彰")),
    ("awards.members", ToCome("个人", "表彰")),
    ("posts.pioneer", ToCome("先锋岗")),
    ("posts.area", ToCome("责任区")),
    ("posts.model", ToCome("示范岗")),
    ("exemplars", ToCome("典型")),
    ("pledges.deeds", ToCome("为群众办实事(件)")),
    ("inspections", ToCome("检查次数")),
    ("rectification.items", ToCome("问题", "整改")),
    ("rectification.rate", ToCome("整改率%", kind=Kind.HUNDREDTHS)),
    ("prepared_by", Word("填报人", lambda request: request.user.name if request.user else "")),
)
"""The key under which a figure is registered, and how the column looks until then."""

ACTIVITY = FormSheet(
    name="活动统计表",
    title="创先争优活动统计表",
    columns=(),
    freeze=1,
    notes=(
        "注：1.承诺、点评按本期计，评议场次计入组织评议的单位，参评人数为收回票数，一人评议多个对象的按对象计。2.满意率为各被评议对象满意率的平均数。",
        "3.为群众办实事为已兑现、基本兑现的实事承诺。4.“—”为本期无记录来源的项目。5.各项由系统按记录汇总，填报人为制表人。",
    ),
)

ORGANIZATIONS = UnitFigure(
    "organizations",
    "基层党组织数",
    lambda request: organizations_seen(request).exclude(type=OrganizationType.CELL),
    ("name", "type"),
    "organization_detail",
    place="path",
)
MEMBERS = UnitFigure(
    "members",
    "党员数",
    lambda request: members_seen(request).present().filter(under(request.organization.path, "organization__path")),
    ("name", "organization__name", "kind"),
    "member_detail",
)


def columns() -> list[Column]:
    """Return the columns of the form: what is registered, in the office's order and under its headings."""
    return [figures.get(key) if key in figures else empty for key, empty in COLUMNS]


def _sheets(request: ReportRequest) -> list[Filled]:
    return [unit_sheet(ACTIVITY, columns(), request)]


ACTIVITY_STATISTICS = Report(
    key="activity_statistics",
    form="d.19",
    label=_("Statistics of the campaign"),
    description=_("One row for each unit: pledges, reviews, evaluations, awards of a half-year or year, with totals."),
    sheets=_sheets,
    count=count_units,
    checks=(units_complete(ACTIVITY.name),),
    icon="report",
)
