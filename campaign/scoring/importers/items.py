"""The items of a score sheet by workbook, while it is a draft: what is on it, and rows that are added."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.exact import hundredths
from campaign.common.excel.problems import Category, mistake
from campaign.common.excel.schema import ParsedRow, ParsedTable
from campaign.common.excel.sheet import FormColumn, FormSheet, Kind, Row
from campaign.common.excel.values import integer, text
from campaign.lists.entries import Entry, EntryList, Line, ListColumn
from campaign.lists.order import in_order
from campaign.lists.registry import Ground
from campaign.models import Audience, Standard
from campaign.scoring import services
from campaign.scoring.builtin import ItemDefinition
from campaign.scoring.choices import Column, MethodKind, WhenNothing
from campaign.scoring.forms.sheets import MOST_ITEMS, ItemForm
from campaign.scoring.importers.entries import NOT_POSSIBLE, marks
from campaign.scoring.models import ScoreSheet, ScoreSheetItem
from campaign.scoring.registry import Metric, metrics
from orgs.models import User

METHODS = {
    MethodKind.PROPORTIONAL: ("按比例得分", "按比例"),
    MethodKind.BANDED: ("分档得分", "分档"),
    MethodKind.PER_CASE: ("按次扣分",),
    MethodKind.ALL_OR_NOTHING: ("达标得分", "达标得满分，否则不得分"),
}
WHEN_NOTHING = {
    WhenNothing.ZERO: ("不得分",),
    WhenNothing.SKIP: ("该项不计", "不计"),
    WhenNothing.FULL: ("满分", "得满分"),
}
COLUMNS = {
    Column.PLEDGE: ("承诺践诺",),
    Column.REVIEW: ("领导点评",),
    Column.EVALUATION: ("群众评议",),
    Column.INSPECTION: ("考核评价",),
    Column.POSTS: ("岗区",),
    Column.CARRIERS: ("载体",),
}
LONGEST_OFFER = 255
"""What a drop-down of a workbook can hold."""
METRIC_UNKNOWN = mistake(
    "sheet_item.metric",
    gettext_lazy("There is no such figure for those whom the score sheet is for."),
    gettext_lazy("Choose one from the list of the cell; the page “What the figures mean” explains them."),
    Category.UNKNOWN,
)
STANDARD_UNKNOWN = mistake(
    "sheet_item.standard",
    gettext_lazy("There is no such standard in the campaign."),
    gettext_lazy("Choose one from the list of the cell, or write — for none."),
    Category.UNKNOWN,
)
TOO_MANY = mistake(
    "sheet_item.too_many",
    gettext_lazy("A score sheet has %(most)s items at most."),
    gettext_lazy("Delete the row."),
    Category.RULE,
)


@dataclass
class ItemGround(Ground):
    """The draft of a score sheet: what may be measured and referred to in it, by the names that stand in the workbook."""

    sheet: ScoreSheet
    metrics: dict[str, Metric]
    standards: dict[str, Standard]
    items: list[Entry] = field(default_factory=list)
    count: int = 0
    """How many items the rows looked at so far come to."""


class SheetItemList(EntryList):
    key = "item_import"
    heading = gettext_lazy("Items of the score sheet by workbook")
    explained = gettext_lazy(
        "The workbook has the items of this draft. Change them, and add a row for each further one; take items out on the page "
        "of the draft. The full marks must add up to 100 before it is tried or used."
    )
    capability = Cap.CAMPAIGN_MANAGE
    adds = True
    sheet = FormSheet(
        name="评分项目",
        title="评分表评分项目",
        columns=(),
        freeze=2,
        landscape=True,
        notes=(
            "注：1.每行填写一个评分项目，自己加的行不填排序即排在最后；改动排序，该项目即移到这一位。",
            "2.按比例、达标得分填目标值（100即100%）；分档得分填“起点:得分比例”，如60:60; 80:85; 90:100；按次扣分填每次扣分。",
        ),
    )
    columns = (
        ListColumn("order", FormColumn("排序", Kind.INTEGER, width=7), integer(1, MOST_ITEMS)),
        ListColumn("label", FormColumn("评分项目", width=24), text(60), aliases=("项目",), needed=True, expected=True),
        ListColumn("full", FormColumn("满分", width=9, align="right"), marks(), aliases=("分值",), needed=True),
        ListColumn("metric", FormColumn("取用数据", width=30), text(100), aliases=("指标",), needed=True),
        ListColumn("standard", FormColumn("对应标准", width=18), text(60)),
        ListColumn.of_choices("method", "计分方法", METHODS, width=13, needed=True),
        ListColumn(
            "goal", FormColumn("目标值、分档或扣分", Kind.CODE, width=26), text(200), aliases=("目标值",), needed=True
        ),
        ListColumn.of_choices("when_nothing", "无可计量内容时", WHEN_NOTHING, width=16, needed=True),
        ListColumn.of_choices("column", "计入栏目", COLUMNS, width=12, aliases=("所属栏目", "栏目"), needed=True),
    )

    def open(self, actor: User, place: int) -> ItemGround:
        sheet = _sheets(actor).select_related("campaign__organization").filter(pk=place).first()
        if sheet is None:
            raise NotAllowed
        if not sheet.is_draft:
            raise DomainError(_("This version is in use and changes no more: begin the next one."))
        audience = Audience(sheet.audience)
        leaves = Standard.objects.filter(campaign=sheet.campaign_id, audience=audience, parent__isnull=False)
        back = reverse("sheet_edit", args=[place])
        figures = {metric_name(each): each for each in metrics if audience in each.audiences}
        return ItemGround(actor, sheet.name, sheet.name, back, sheet, figures, {leaf.name: leaf for leaf in leaves})

    def form(self, ground: ItemGround) -> tuple[FormSheet, Iterable[Row]]:
        sheet, rows = super().form(ground)
        offers = {"取用数据": tuple(ground.metrics), "对应标准": tuple(ground.standards)}
        columns = (replace(each, choices=_offered(offers.get(each.header, each.choices))) for each in sheet.columns)
        return replace(sheet, columns=tuple(columns)), rows

    def entries(self, ground: ItemGround, *, locked: bool = False) -> Iterable[Entry]:
        if locked:  # whoever changes an item changes the row of its sheet
            drafts = _sheets(ground.actor).select_for_update(of=("self",)).select_related("campaign__organization")
            ground.sheet = drafts.get(pk=ground.sheet.pk)
        items = ScoreSheetItem.objects.filter(sheet=ground.sheet).select_related("standard").order_by("order")
        ground.items = [_entry(ground.sheet, place, item) for place, item in enumerate(items, start=1)]
        ground.count = len(ground.items)
        return ground.items

    def fresh(self, ground: ItemGround, table: ParsedTable, row: ParsedRow) -> Entry | None:
        ground.count += 1
        if ground.count > MOST_ITEMS:
            table.report(row, "label", TOO_MANY, most=MOST_ITEMS)
            return None
        return Entry(ref="", title=row["label"] or "", names={})

    def check(self, ground: ItemGround, table: ParsedTable, row: ParsedRow, line: Line) -> None:
        """Ask the form of the page, so that both take the same."""
        if row.wrong:
            return
        values = line.values or {}
        unknown = [("metric", METRIC_UNKNOWN, ground.metrics), ("standard", STANDARD_UNKNOWN, ground.standards)]
        for key, fault, known in unknown:
            if values[key] and values[key] not in known:  # type: ignore[operator]
                table.report(row, key, fault)
        form = _form(ground, line.entry, values)
        for key in (key for key in form.errors if key not in ("metric", "standard")):
            table.report(row, key, NOT_POSSIBLE, why=" ".join(str(error) for error in form.errors[key]))

    def save(self, ground: ItemGround, lines: Sequence[Line]) -> None:
        after = in_order(ground.items, lines)
        definition, first = services.definition_of(ground.sheet), services.first_free(ground.sheet)
        as_before, edited = {item.key: item for item in definition.items}, {id(line.entry) for line in lines}
        items = [
            _item(ground, entry, values, first + place) if id(entry) in edited else as_before[entry.record]
            for place, (entry, values) in enumerate(after)
        ]
        services.sheet_change(
            actor=ground.actor,
            sheet=ground.sheet,
            revision=ground.sheet.revision,
            definition=replace(definition, items=tuple(items)),
        )
        keys = {id(entry): item.key for (entry, _values), item in zip(after, items, strict=True)}
        stored = {entry.record: entry for entry in self.entries(ground)}
        for line in lines:
            if line.values is not None:
                written = stored[keys[id(line.entry)]]
                line.entry.ref, line.values = written.ref, written.values


def metric_name(metric: Metric) -> str:
    """Return what a figure is called in workbooks, which are Chinese for everybody."""
    with override("zh-hans"):
        return str(metric.label)


def _sheets(actor: User) -> "QuerySet[ScoreSheet]":
    return ScoreSheet.objects.allowed(actor, Cap.CAMPAIGN_MANAGE)


def _offered(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names, none where a drop-down cannot hold them."""
    return names if len(",".join(names)) <= LONGEST_OFFER and not any("," in name for name in names) else ()


def _ref(sheet: ScoreSheet, key: str) -> str:
    """Return what tells an item from those of other sheets, too, short enough for a cell."""
    return f"{sheet.pk}.{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _entry(sheet: ScoreSheet, place: int, item: ScoreSheetItem) -> Entry:
    values = ItemForm.values_of(item) | {
        "order": place,
        "full": hundredths(item.full_marks),
        "metric": metric_name(metrics.get(item.metric)) if item.metric in metrics else item.metric,
        "standard": item.standard.name if item.standard else "",
    }
    key = values.pop("key")
    return Entry(ref=_ref(sheet, key), title=item.label, names={}, values=values, record=key)


def _form(ground: ItemGround, entry: Entry, values: dict[str, Any]) -> ItemForm:
    metric, standard = ground.metrics.get(values["metric"]), ground.standards.get(values["standard"])
    data = values | {
        "key": entry.record or "",
        "metric": metric.key if metric else values["metric"],
        "standard": standard.code if standard else values["standard"],
    }
    return ItemForm(data, audience=Audience(ground.sheet.audience), standards=list(ground.standards.values()))


def _item(ground: ItemGround, entry: Entry, values: dict[str, Any], number: int) -> ItemDefinition:
    form = _form(ground, entry, values)
    if not form.is_valid():
        raise DomainError(_("The item “%(item)s” cannot be stored as it is. Look at it again.") % {"item": entry.title})
    return form.item(number)


ITEM_LIST = SheetItemList()
