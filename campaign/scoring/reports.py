"""Form d.18: the scores of a period's organizations, column by column (2-domain d.18)."""

from collections.abc import Iterator
from itertools import islice

from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Kind, Row
from campaign.models import PeriodState
from campaign.reports.registry import Report, ReportRequest
from campaign.scoring.choices import Column
from campaign.scoring.models import PeriodScore, PeriodScoreQuerySet
from campaign.scoring.selectors import column_points, totals_before

COLUMNS = (Column.PLEDGE, Column.REVIEW, Column.EVALUATION, Column.INSPECTION, Column.POSTS, Column.CARRIERS)
SUMMARY = FormSheet(
    name="综合得分汇总表",
    title="综合得分汇总表",
    freeze=1,
    columns=(
        FormColumn("党组织(党员)", width=34),
        FormColumn("承诺践诺分", Kind.HUNDREDTHS, width=9),
        FormColumn("点评分", Kind.HUNDREDTHS, width=9),
        FormColumn("群众评议分", Kind.HUNDREDTHS, width=9),
        FormColumn("考核评价分", Kind.HUNDREDTHS, width=9),
        FormColumn("岗区分", Kind.HUNDREDTHS, width=9),
        FormColumn("载体分", Kind.HUNDREDTHS, width=9),
        FormColumn("加分", Kind.HUNDREDTHS, width=8),
        FormColumn("扣分", Kind.HUNDREDTHS, width=8),
        FormColumn("合计", Kind.HUNDREDTHS, width=9),
        FormColumn("等次", width=8, align="center"),
        FormColumn("上期", Kind.HUNDREDTHS, width=9),
        FormColumn("增减", Kind.HUNDREDTHS, width=9),
        FormColumn("是否封账", Kind.YES_NO, width=8),
        FormColumn("备注", width=20),
    ),
    notes=("注：1.有项目无可计量内容时，基本分按其余项目满分折算为100分。2.“—”表示该组织的评分表没有此项或不适用。",),
)
CHUNK = 500


def _scores(request: ReportRequest) -> PeriodScoreQuerySet:
    scores = PeriodScore.objects.all() if request.user is None else PeriodScore.objects.visible_to(request.user)
    wanted = scores.current().of_organizations().filter(period=request.period)
    return wanted.filter(under(request.organization.path, "organization__path"))


def _rows(request: ReportRequest) -> Iterator[Row]:
    found = (
        _scores(request)
        .select_related("organization", "period", "sheet")
        .prefetch_related("sheet__items")
        .order_by("place", "pk")
        .iterator(chunk_size=CHUNK)
    )
    while chunk := list(islice(found, CHUNK)):
        before = totals_before(chunk)
        for score in chunk:
            yield _row(score, before.get(score.pk))


def _row(score: PeriodScore, before: int | None) -> Row:
    items = list(score.sheet.items.all())
    points = column_points(score, items)
    change = score.total - before if score.total is not None and before is not None else None
    return (
        score.organization.name,
        *(points.get(column) for column in COLUMNS),
        score.bonus,
        score.deductions,
        score.total,
        score.grade,
        before,
        change,
        score.period.state == PeriodState.FROZEN,
        _remark(score, sum(points.values())),
    )


def _remark(score: PeriodScore, points: int) -> str:
    if score.total is None:
        return "各项均不适用"
    if score.vetoed:
        return "一票否决"
    return "基本分已折算" if score.base != points else ""


def _sheets(request: ReportRequest) -> list[Filled]:
    return [(SUMMARY, _rows(request))]


SCORE_SUMMARY = Report(
    key="score_summary",
    form="d.18",
    label=_("Summary of periodic scores"),
    description=_("The score of every organization in a period by column, with the period before and the change."),
    sheets=_sheets,
    count=lambda request: _scores(request).count(),
    icon="chart-bar",
)
