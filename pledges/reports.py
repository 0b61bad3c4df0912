"""Form d.3: the ledger of pledges, of members and of organizations, and the statistics by unit (2-domain d.3)."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.excel.sheet import Filled, FormColumn, FormSheet, Keyed, Kind, Row
from campaign.models import Campaign
from campaign.reports.checks import adds_up
from campaign.reports.registry import Report, ReportRequest
from campaign.reports.units import count_units, units_complete
from orgs.models import Member
from orgs.models.members import PartyPost
from pledges.behind import (
    OWN,
    campaign_of,
    comment_days,
    comments,
    counts,
    coverage,
    fulfilment,
    item_mark,
    key_of_unit,
    year_of,
)
from pledges.comment_figures import CommentFigures, CommentUnit, comment_total, comment_units
from pledges.models import PUBLIC, Decision, ItemResult, Pledge, PledgeItem, PledgeProgress, PledgeReview, PledgeState
from pledges.statistics import HANDED_IN, Figures, Unit, item_figures, level_of

CHUNK = 1000
BOARD = "公开栏"


def _until(request: ReportRequest) -> str:
    year, today = year_of(request), timezone.localtime(request.asked_at)
    month, day = (today.month, today.day) if year == today.year else (12, 31)
    return f"统计时间：{year}年1月1日—{month}月{day}日"


# -- the statistics ----------------------------------------------------------------------------------------------------

UNITS = FormSheet(
    name="公开承诺统计表",
    title="公开承诺情况统计表",
    freeze=1,
    columns=(
        FormColumn("单位", width=34),
        FormColumn("应承诺党组织数", Kind.INTEGER, width=8, group="党组织", counts=counts("organizations_obliged")),
        FormColumn("已承诺", Kind.INTEGER, width=8, group="党组织", counts=counts("organizations_pledged")),
        FormColumn("承诺率%", Kind.HUNDREDTHS, width=8, group="党组织", counts=coverage("organizations")),
        FormColumn("应承诺党员数", Kind.INTEGER, width=8, group="党员", counts=counts("members_obliged")),
        FormColumn("已承诺", Kind.INTEGER, width=8, group="党员", counts=counts("members_pledged")),
        FormColumn("承诺率%", Kind.HUNDREDTHS, width=8, group="党员", counts=coverage("members")),
        FormColumn("承诺事项总数", Kind.INTEGER, width=8, counts=counts("items")),
        FormColumn("已审定", Kind.INTEGER, width=8, counts=counts("approved")),
        FormColumn("退回", Kind.INTEGER, width=7, counts=counts("returned")),
        FormColumn("已公示", Kind.INTEGER, width=8, counts=counts("published")),
        FormColumn("到期事项", Kind.INTEGER, width=8, counts=counts("due")),
        FormColumn("已兑现", Kind.INTEGER, width=8, counts=counts("fulfilled")),
        FormColumn("基本兑现", Kind.INTEGER, width=8, counts=counts("basic")),
        FormColumn("未兑现", Kind.INTEGER, width=8, counts=counts("unfulfilled")),
        FormColumn("客观调整", Kind.INTEGER, width=8, counts=counts("adjusted")),
        FormColumn("待评", Kind.INTEGER, width=7, counts=counts("pending")),
        FormColumn("兑现率%", Kind.HUNDREDTHS, width=8, counts=fulfilment),
        FormColumn("逾期事项", Kind.INTEGER, width=8, counts=counts("overdue")),
    ),
    notes=(
        (
            "注：1.到期事项＝已兑现＋基本兑现＋未兑现＋客观调整＋待评，含提前评定的事项。"
            "2.兑现率＝（已兑现＋基本兑现）÷（已评定和逾期事项－客观调整）。"
            "3.承诺事项计入作出承诺时所在的党组织，应承诺、已承诺党员按现所在党组织统计。"
        ),
    ),
)


def _unit_row(name: str, figures: Figures) -> Row:
    return (
        name,
        figures["organizations_obliged"],
        figures["organizations_pledged"],
        figures.organizations_rate,
        figures["members_obliged"],
        figures["members_pledged"],
        figures.members_rate,
        figures["items"],
        figures["approved"],
        figures["returned"],
        figures["published"],
        figures["due"],
        figures["fulfilled"],
        figures["basic"],
        figures["unfulfilled"],
        figures["adjusted"],
        figures["pending"],
        figures.fulfilment_rate,
        figures["overdue"],
    )


def _statistics(request: ReportRequest) -> list[Filled]:
    campaign = campaign_of(request)
    if campaign is None:
        return [(UNITS, [])]
    level = level_of(campaign, year_of(request), request.organization)
    rows = [
        Keyed(key_of_unit(unit.organization, own=unit.own), _unit_row(_unit_name(unit, len(level.units)), unit.figures))
        for unit in level.units
    ]
    total = (None, *_unit_row("", level.total)[1:])
    return [(_dated(UNITS, request, totals=total), rows), _comments(request, campaign)]


COMMENTS = FormSheet(
    name="公示意见统计",
    title="公开承诺公示意见统计表",
    freeze=1,
    columns=(
        FormColumn("单位", width=34),
        FormColumn("收到意见和提问", Kind.INTEGER, width=10, counts=comments("received")),
        FormColumn("其中提问", Kind.INTEGER, width=8, counts=comments("questions")),
        FormColumn("待审核", Kind.INTEGER, width=8, counts=comments("waiting")),
        FormColumn("已公开", Kind.INTEGER, width=8, counts=comments("shown")),
        FormColumn("不予公开", Kind.INTEGER, width=8, counts=comments("hidden")),
        FormColumn("已答复", Kind.INTEGER, width=8, counts=comments("answered")),
        FormColumn("答复率%", Kind.HUNDREDTHS, width=9, counts=comments("answered", of="shown")),
        FormColumn("平均答复天数", Kind.HUNDREDTHS, width=9, counts=comment_days("mean_days")),
        FormColumn("最长待办天数", Kind.INTEGER, width=9, counts=comment_days("oldest_days")),
    ),
    notes=("注：答复率＝已答复÷已公开。待办指尚未审核的意见和提问，以及已公开未答复的提问。",),
)


def _comment_row(name: str, figures: CommentFigures) -> Row:
    return (
        name, figures.received, figures.questions, figures.waiting, figures.shown, figures.hidden, figures.answered,
        figures.answer_rate, figures.mean_days, figures.oldest_days,
    )  # fmt: skip


def _comments(request: ReportRequest, campaign: Campaign) -> Filled:
    units = comment_units(campaign, year_of(request), request.organization)
    rows = [
        Keyed(key_of_unit(unit.organization, own=unit.own), _comment_row(_unit_name(unit, len(units)), unit.figures))
        for unit in units
    ]
    total = (None, *_comment_row("", comment_total(units))[1:])
    return (_dated(COMMENTS, request, totals=total), rows)


def _unit_name(unit: Unit | CommentUnit, units: int) -> str:
    name = unit.organization.name
    return f"{name}（本级）" if unit.own and units > 1 else name


def _dated(sheet: FormSheet, request: ReportRequest, **changes: Any) -> FormSheet:
    return replace(sheet, middle=_until(request), **changes)


# -- the ledger --------------------------------------------------------------------------------------------------------

_ITEM_COLUMNS = (
    FormColumn("承诺类别(共性/岗位/实事)", width=8, align="center"),
    FormColumn("承诺事项", width=26),
    FormColumn("衡量标准(基数/目标)", width=20),
    FormColumn("完成时限", Kind.DATE, width=11),
    FormColumn("审诺人", width=8),
    FormColumn("审诺时间", Kind.DATE, width=11),
    FormColumn("审诺结果", width=7, align="center"),
    FormColumn("示诺日期", Kind.DATE, width=11),
    FormColumn("示诺方式", width=7, align="center"),
    FormColumn("践诺进展", width=22),
    FormColumn("完成情况", width=8, align="center"),
    FormColumn("评诺得分或等次", Kind.HUNDREDTHS, width=8, counts=item_mark),
    FormColumn("是否逾期", Kind.YES_NO, width=5),
    FormColumn("备注", width=11),
)
OF_MEMBERS = FormSheet(
    name="党员公开承诺汇总表",
    title="党员公开承诺情况汇总表",
    freeze=2,
    columns=(
        FormColumn("所在党组织", width=16),
        FormColumn("姓名", width=8),
        FormColumn("岗位职务", width=10),
        *_ITEM_COLUMNS,
    ),
)
OF_ORGANIZATIONS = FormSheet(
    name="党组织公开承诺汇总表",
    title="党组织公开承诺情况汇总表",
    freeze=1,
    columns=(
        FormColumn("党组织", width=18),
        FormColumn("书记", width=8),
        FormColumn("向谁承诺(上级党组织)", width=16),
        *_ITEM_COLUMNS,
    ),
)


def _items(request: ReportRequest) -> QuerySet[PledgeItem]:
    """Return the items of the pledges handed in this year that the person may see."""
    campaign = campaign_of(request)
    pledges = request.seen(Pledge.objects.all())
    mine = pledges.filter(
        under(request.organization.path, "organization__path"),
        campaign=campaign,
        year=year_of(request),
        state__in=HANDED_IN,
    )
    return PledgeItem.objects.filter(pledge__in=mine.order_by().values("pk"))


def _overdue(request: ReportRequest) -> QuerySet[PledgeItem]:
    today = timezone.localtime(request.asked_at).date()
    return _items(request).filter(item_figures(today)["overdue"])


def _ledger_rows(request: ReportRequest, items: QuerySet[PledgeItem], *, members: bool) -> Iterator[Row]:
    found = items.filter(pledge__member__isnull=not members).select_related(
        "pledge", "pledge__organization", "pledge__member", "pledge__reviewing_organization"
    )
    numbers = list(
        found.order_by("pledge__organization__path", "pledge__member__pinyin", "pledge_id", "order").values_list(
            "pk", flat=True
        )
    )
    today = timezone.localtime(request.asked_at).date()
    rest = iter(numbers)
    while chunk := list(islice(rest, CHUNK)):
        by_number = found.in_bulk(chunk)
        more = _Beside([by_number[pk] for pk in chunk])
        for pk in chunk:
            yield more.row(by_number[pk], members=members, today=today)


class _Beside:
    """What a line of the ledger says beside its item: the last decision, the last progress, the secretary."""

    def __init__(self, items: list[PledgeItem]) -> None:
        pledges = {item.pledge_id for item in items}
        reviews = PledgeReview.objects.filter(pledge__in=pledges).order_by("at", "pk")
        self.reviews = {review.pledge_id: review for review in reviews}
        progress = PledgeProgress.objects.filter(item__in=items).order_by("on", "pk")
        self.progress = {entry.item_id: entry for entry in progress}
        places = {item.pledge.organization_id for item in items if item.pledge.member_id is None}
        posts = Member.objects.present().filter(organization__in=places, party_post=PartyPost.SECRETARY)
        self.secretaries = dict(posts.order_by("-pk").values_list("organization_id", "name"))

    def row(self, item: PledgeItem, *, members: bool, today: Any) -> Row:
        pledge = item.pledge
        if members:
            head = (pledge.organization_name, pledge.subject_name, pledge.post)
        else:
            higher = pledge.reviewing_organization.name
            head = (pledge.subject_name, self.secretaries.get(pledge.organization_id, ""), higher)
        return Keyed(item.pk, (*head, *self._item(item, today)))

    def _item(self, item: PledgeItem, today: Any) -> Row:
        pledge = item.pledge
        # What was decided on an earlier version says nothing of the one that waits.
        review = None if pledge.state == PledgeState.SUBMITTED else self.reviews.get(item.pledge_id)
        public, entry = pledge.state in PUBLIC, self.progress.get(item.pk)
        shown = pledge.published_at if public else None
        pending = item.result == ItemResult.PENDING
        return (
            item.get_kind_display(),
            item.text,
            "／".join(part for part in (item.baseline, item.target) if part),
            item.due_on,
            review.by_name if review else "",
            timezone.localtime(review.at).date() if review else None,
            str(Decision(review.decision).label) if review else "待审",
            timezone.localtime(shown).date() if shown else None,
            BOARD if public else "",
            f"{entry.on:%Y-%m-%d} {entry.text}" if entry else "",
            item.get_result_display() if public else "",
            item.mark if public else None,
            bool(public and pending and item.due_on and item.due_on < today),
            item.explanation,
        )


def _ledger(request: ReportRequest) -> list[Filled]:
    return _two_sheets(request, _items(request))


def _overdue_ledger(request: ReportRequest) -> list[Filled]:
    return _two_sheets(request, _overdue(request))


def _two_sheets(request: ReportRequest, items: QuerySet[PledgeItem]) -> list[Filled]:
    return [
        (_dated(OF_MEMBERS, request), _ledger_rows(request, items, members=True)),
        (_dated(OF_ORGANIZATIONS, request), _ledger_rows(request, items, members=False)),
    ]


PLEDGE_LEDGER = Report(
    key="pledge_ledger",
    form="d.3",
    label=_("Ledger of public pledges"),
    description=_("Every item of a year's pledges, one row each: a sheet for members and one for organizations."),
    sheets=_ledger,
    count=lambda request: _items(request).count(),
    by_period=False,
    by_year=True,
    icon="writing-sign",
    is_list=True,
    personal=False,
)
PLEDGE_OVERDUE = replace(
    PLEDGE_LEDGER,
    key="pledge_overdue",
    label=_("Overdue pledge items"),
    description=_("The items on the board whose day is over and that nobody has appraised, in the form of the ledger."),
    sheets=_overdue_ledger,
    count=lambda request: _overdue(request).count(),
    icon="alarm",
)
DUE_ADDS_UP = adds_up(
    "d.20.8",
    _("Items due are kept, mostly kept, not kept, adjusted or still to be appraised"),
    sheet=UNITS.name,
    whole="到期事项",
    parts=("已兑现", "基本兑现", "未兑现", "客观调整", "待评"),
    mend=lambda key: reverse("pledge_statistics_of", args=[key.removesuffix(OWN)]),
)
PLEDGE_STATISTICS = Report(
    key="pledge_statistics",
    checks=(DUE_ADDS_UP, units_complete(UNITS.name)),
    form="d.3",
    label=_("Statistics of public pledges"),
    description=_("One row for each unit of a level: who has pledged, what was approved, shown, kept, and is overdue."),
    sheets=_statistics,
    count=count_units,
    by_period=False,
    by_year=True,
    icon="report-analytics",
    personal=False,
)
REPORTS = (PLEDGE_LEDGER, PLEDGE_STATISTICS, PLEDGE_OVERDUE)
