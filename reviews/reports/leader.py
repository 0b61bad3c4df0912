"""Form d.4: leader reviews of a period one by one, and their coverage by unit (2-domain d.4).

What becomes of the problems that a review names (整改) has no records yet: these columns stay empty until it has.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.capabilities import Cap
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Keyed, Kind, Row
from campaign.models import Audience, Period
from campaign.reports.activity import figures
from campaign.reports.registry import Report, ReportRequest, reports
from campaign.reports.units import Column, ToCome, UnitFigure, count_units, every, unit_sheet, units_complete
from orgs.models.members import PartyPost
from reviews.models.leader import LeaderReview, LeaderReviewQuerySet, ReviewMode
from reviews.selectors.leader import due_members, due_organizations, reviewed_in

CHUNK = 1000


def _reviews(request: ReportRequest) -> LeaderReviewQuerySet:
    """Return the reviews of the period in the subtree of the report that the person may see."""
    seen = request.seen(LeaderReview.objects.all())
    found = seen.submitted().filter(under(request.organization.path, "organization__path"))
    return found.during(request.period) if request.period is not None else found.none()


# -- the ledger --------------------------------------------------------------------------------------------------------

LEDGER = FormSheet(
    name="领导点评情况统计表",
    title="领导点评情况统计表",
    freeze=2,
    columns=(
        FormColumn("点评单位", width=20),
        FormColumn("点评领导", width=9, align="center"),
        FormColumn("职务", width=10),
        FormColumn("点评时间", Kind.DATE, width=11),
        FormColumn("点评方式", width=8, align="center"),
        FormColumn("点评对象类别(党组织/书记/党员)", width=11, align="center"),
        FormColumn("点评对象", width=18),
        FormColumn("肯定成绩", width=30),
        FormColumn("存在问题", width=30),
        FormColumn("努力方向", width=30),
        FormColumn("是否形成整改", Kind.YES_NO, width=8),
        FormColumn("整改时限", Kind.DATE, width=11),
        FormColumn("整改完成情况", width=8, align="center"),
        FormColumn("备注", width=10),
    ),
)


def _ledger_rows(request: ReportRequest) -> Iterator[Row]:
    found = _reviews(request).select_related("reviewing_organization", "organization", "member")
    for review in found.order_by("organization__path", "held_on", "pk").iterator(chunk_size=CHUNK):
        yield Keyed(
            review.pk,
            (
                review.reviewing_organization.name, review.reviewer_name, review.reviewer_post, review.held_on,
                review.get_mode_display(), _kind(review), review.subject_name, review.achievements, review.problems,
                review.direction, None, None, None, review.organization.name if review.member_id else "",
            ),
        )  # fmt: skip


def _kind(review: LeaderReview) -> str:
    if review.member is None:
        return "党组织"
    return "书记" if review.member.party_post == PartyPost.SECRETARY else "党员"


# -- the statistics ----------------------------------------------------------------------------------------------------


def _due_organizations(request: ReportRequest) -> QuerySet[Any]:
    """Return the organizations that are due a review. The organization of the report itself is reviewed from above."""
    found: Any = due_organizations().filter(under(request.organization.path)).exclude(pk=request.organization.pk)
    return _covered(found, request)


def _due_members(request: ReportRequest) -> QuerySet[Any]:
    return _covered(due_members().in_subtree(request.organization), request)


def _covered(found: Any, request: ReportRequest) -> QuerySet[Any]:
    return found if request.user is None else found.allowed(request.user, Cap.REVIEW_COVERAGE)  # type: ignore[no-any-return]


def _reviewed_organizations(request: ReportRequest) -> Q:
    return Q(reviewed_in(_period(request), Audience.ORGANIZATION))


def _reviewed_members(request: ReportRequest) -> Q:
    return Q(reviewed_in(_period(request), Audience.MEMBER))


def _period(request: ReportRequest) -> Period:
    if request.period is None:
        raise ValueError("a report by period is never made without one")
    return request.period


ORGANIZATION: dict[str, Any] = {"fields": ("name", "type"), "page": "organization_detail", "place": "path"}
MEMBER: dict[str, Any] = {"fields": ("name", "organization__name"), "page": "member_detail"}
REVIEW: dict[str, Any] = {
    "fields": ("organization__name", "member__name", "reviewer_name", "held_on", "mode"), "page": "review_detail",
}  # fmt: skip


def _of_mode(mode: ReviewMode, header: str) -> UnitFigure:
    return UnitFigure(mode, header, _reviews, which=lambda _request: Q(mode=mode), group="点评方式", **REVIEW)


COLUMNS: tuple[Column, ...] = (
    UnitFigure(
        "reviewers", "参加点评的领导人数", _reviews, ("name", "organization__name"), width=10, differing="reviewer"
    ),
    UnitFigure("due_organizations", "应点评党组织", _due_organizations, group="党组织", **ORGANIZATION),
    UnitFigure(
        "organizations", "已点评", _due_organizations, which=_reviewed_organizations, group="党组织", **ORGANIZATION
    ),
    UnitFigure(
        "organizations_rate",
        "覆盖率%",
        _due_organizations,
        which=_reviewed_organizations,
        group="党组织",
        of=every,
        **ORGANIZATION,
    ),
    UnitFigure("due_members", "应点评党员", _due_members, group="党员", **MEMBER),
    UnitFigure("members", "已点评", _due_members, which=_reviewed_members, group="党员", **MEMBER),
    UnitFigure("members_rate", "覆盖率%", _due_members, which=_reviewed_members, group="党员", of=every, **MEMBER),
    _of_mode(ReviewMode.ASSEMBLED, "集中"),
    _of_mode(ReviewMode.INDIVIDUAL, "个别"),
    _of_mode(ReviewMode.ONSITE, "现场"),
    _of_mode(ReviewMode.RANDOM, "随机"),
    ToCome("提出问题数", "问题整改"),
    ToCome("已整改数", "问题整改"),
    ToCome("整改率%", "问题整改", Kind.HUNDREDTHS),
)
UNITS = FormSheet(
    name="领导点评覆盖统计表",
    title="领导点评覆盖情况统计表",
    columns=(),
    freeze=1,
    notes=(
        "注：1.填报单位本身由上级点评，不计入应点评党组织。2.一名领导点评多个单位的，合计中计一人。3.覆盖率＝已点评÷应点评。",
    ),
)


def _units(request: ReportRequest) -> list[Filled]:
    return [unit_sheet(UNITS, COLUMNS, request)]


REVIEW_LEDGER = Report(
    key="review_ledger",
    form="d.4",
    label=_("Ledger of leader reviews"),
    description=_(
        "Every leader review of a period, one row each: who, whom, how, what was affirmed and what is wrong."
    ),
    sheets=lambda request: [(LEDGER, _ledger_rows(request))],
    count=lambda request: _reviews(request).count(),
    icon="message-2-star",
    is_list=True,
)
REVIEW_STATISTICS = Report(
    key="review_statistics",
    form="d.4",
    label=_("Coverage of leader reviews"),
    description=_("One row for each unit of a level: leaders who reviewed, who is covered, in which of the four ways."),
    sheets=_units,
    count=count_units,
    checks=(units_complete(UNITS.name),),
    icon="chart-donut",
)


def register() -> None:
    reports.register(REVIEW_LEDGER)
    reports.register(REVIEW_STATISTICS)
    figures.register(
        UnitFigure(
            "reviews.organizations",
            "党组织",
            _due_organizations,
            which=_reviewed_organizations,
            group="点评",
            **ORGANIZATION,
        )
    )
    figures.register(
        UnitFigure("reviews.members", "党员", _due_members, which=_reviewed_members, group="点评", **MEMBER)
    )
