"""Form d.18: the scores of a period's organizations, column by column (2-domain d.18)."""

from collections.abc import Callable, Iterator
from itertools import islice

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.capabilities import Cap
from campaign.common.errors import NotAllowed
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Keyed, Kind, Row
from campaign.common.text import is_key
from campaign.models import PeriodState
from campaign.reports.registry import Check, Discrepancy, Report, ReportRequest, Severity, Tables
from campaign.scoring.arithmetic import FULL_SHEET
from campaign.scoring.choices import Column
from campaign.scoring.models import PeriodScore, PeriodScoreQuerySet
from campaign.scoring.selectors import column_points, totals_before
from orgs.models import Organization

COLUMNS = {
    Column.PLEDGE: "承诺践诺分",
    Column.REVIEW: "点评分",
    Column.EVALUATION: "群众评议分",
    Column.INSPECTION: "考核评价分",
    Column.POSTS: "岗区分",
    Column.CARRIERS: "载体分",
}


def explained(figure: str) -> Callable[[ReportRequest, str], str]:
    """Return what is behind a figure of a score. Points are no list: it is the line on the page that explains the score, below
    the items that it is made of. Raises NotAllowed."""

    def place(request: ReportRequest, key: str) -> str:
        score = _scores(request).filter(pk=int(key) if is_key(key) else 0).first()
        if score is None:
            raise NotAllowed
        return f"{reverse('score_detail', args=[score.pk])}#{figure}"

    return place


def _points(header: str, figure: str, width: float = 9) -> FormColumn:
    return FormColumn(header, Kind.HUNDREDTHS, width=width, counts=explained(figure))


SUMMARY = FormSheet(
    name="综合得分汇总表",
    title="综合得分汇总表",
    freeze=1,
    columns=(
        FormColumn("党组织(党员)", width=34),
        *(_points(header, f"points-{column}") for column, header in COLUMNS.items()),
        _points("加分", "bonus", 8),
        _points("扣分", "deductions", 8),
        _points("合计", "total"),
        FormColumn("等次", width=8, align="center"),
        _points("上期", "previous"),
        _points("增减", "change"),
        FormColumn("是否封账", Kind.YES_NO, width=8),
        FormColumn("备注", width=20),
    ),
    notes=("注：1.有项目无可计量内容时，基本分按其余项目满分折算为100分。2.“—”表示该组织的评分表没有此项或不适用。",),
)
CHUNK = 500
FOLDED = "基本分已折算"


def _scores(request: ReportRequest) -> PeriodScoreQuerySet:
    scores = request.seen(PeriodScore.objects.all())
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
    cells = (
        score.organization.name,
        *(points.get(column) for column in COLUMNS),
        score.bonus if score.total is not None else None,
        score.deductions if score.total is not None else None,
        score.total,
        score.grade,
        before,
        change,
        score.period.state == PeriodState.FROZEN,
        _remark(score, sum(points.values())),
    )
    return Keyed(score.pk, cells)


def _remark(score: PeriodScore, points: int) -> str:
    if score.total is None:
        return "各项均不适用"
    said = ["一票否决"] if score.vetoed else []
    return "；".join(said + [FOLDED] * (score.base != points))


def _complete(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    """Name the active organizations without a score, of the types that are scored in the period."""
    scored = PeriodScore.objects.current().of_organizations().filter(period=request.period)
    types = set(scored.order_by().values_list("organization__type", flat=True))
    places = Organization.objects.active().in_subtree(request.organization).filter(type__in=types)
    if request.user is not None:
        places = places.allowed(request.user, Cap.SCORE_VIEW)
    missing = places.exclude(pk__in=_scores(request).order_by().values("organization"))
    for name in missing.order_by("path").values_list("name", flat=True):
        yield Discrepancy(gettext("%(name)s has no score in this period.") % {"name": name}, reverse("score_runs"))


def _adds_up(request: ReportRequest, tables: Tables) -> Iterator[Discrepancy]:
    """Points that were not folded make the total with what is added and taken away, and are 100 at most (2-domain d.20, 9)."""
    for line in tables(SUMMARY.name):
        points = sum(line.number(header) for header in COLUMNS.values())
        total = max(0, points + line.number("加分") - line.number("扣分"))
        folded = str(line.values["备注"]).endswith(FOLDED) or line.values["合计"] is None
        if points > FULL_SHEET or (not folded and line.number("合计") != total):
            yield Discrepancy(
                gettext("%(name)s: the columns do not make the total.") % {"name": line.values["党组织(党员)"]},
                reverse("score_detail", args=[line.key]),
            )


ADDS_UP = Check("d.20.9", _("The points of the columns make the total, 100 at most without bonus"), _adds_up)
COMPLETE = Check("d.20.2", _("Every active organization has a score"), _complete, Severity.WARNING)


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
    checks=(COMPLETE, ADDS_UP),
)
