"""What leading groups, contact points and the quality of data register: menu, desk, timeline, lists to take out."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common.capabilities import Cap
from campaign.common.desk import Tile, TileSource, desk
from campaign.common.excel.sheet import FormColumn, FormSheet, Kind
from campaign.common.navigation import Entry, menu
from campaign.jobs.registry import kinds
from campaign.lists.registry import kinds as lists
from orgs import contacts, exports, leadership, quality, timeline
from orgs.importers.contacts import CONTACT_LIST
from orgs.importers.leadership import LEADERSHIP_LIST
from orgs.importers.visits import VISIT_LIST
from orgs.models import Organization
from orgs.selectors import within

LEADERSHIP = FormSheet(
    name="领导小组及办公室",
    title="创先争优活动领导小组及办公室一览表",
    freeze=1,
    columns=(
        FormColumn("党组织", width=28),
        FormColumn("组织类别", width=12),
        FormColumn("第一责任人", width=12),
        FormColumn("直接责任人", width=12),
        FormColumn("组长", width=12, group="领导小组"),
        FormColumn("副组长", width=16, group="领导小组"),
        FormColumn("成员", width=24, group="领导小组"),
        FormColumn("主任", width=12, group="办公室"),
        FormColumn("成员", width=20, group="办公室"),
    ),
)
CONTACTS = FormSheet(
    name="联系点",
    title="领导干部联系点一览表",
    freeze=1,
    columns=(
        FormColumn("联系点党组织", width=28),
        FormColumn("联系领导", width=10),
        FormColumn("职务", width=14),
        FormColumn("开始日期", Kind.DATE),
        FormColumn("结束日期", Kind.DATE),
        FormColumn("联系任务", width=24),
        FormColumn("走访次数", Kind.INTEGER, total=True),
        FormColumn("最近走访", Kind.DATE),
    ),
)


FINDINGS = FormSheet(
    name="数据检查",
    title="数据质量检查清单",
    freeze=1,
    columns=(
        FormColumn("名称（姓名）", width=28),
        FormColumn("代码（编号、账号）", Kind.CODE, width=18),
        FormColumn("类别（所在党组织）", width=28),
        FormColumn("说明", width=30),
    ),
)


def register_leadership() -> None:
    """Called when the app is ready."""
    menu.register(
        Entry("contact", "organization", _("Contact points"), "contact_list", "map-pin", Cap.CONTACT_VIEW, order=30)
    )
    menu.register(
        Entry(
            "quality",
            "organization",
            _("Quality of data"),
            "quality_list",
            "checkup-list",
            Cap.DATA_QUALITY,
            order=90,
            also=("double",),
        )
    )
    desk.register(TileSource("orgs.contacts", contacts.tiles))
    desk.register(TileSource("orgs.quality", quality_tiles))
    timeline.sources.register(
        timeline.TimelineSource("contacts", _("Contact points"), contacts.of_member, contacts.of_organization)
    )
    exports.exports.register(
        exports.ListExport(
            "leadership", _("Export leading groups and offices"), Cap.ORG_VIEW, LEADERSHIP, leadership.leadership_export
        )
    )
    lists.register(LEADERSHIP_LIST)
    lists.register(CONTACT_LIST)
    lists.register(VISIT_LIST)
    exports.exports.register(
        exports.ListExport("contacts", _("Export contact points"), Cap.CONTACT_VIEW, CONTACTS, contacts.contact_export)
    )
    for check in quality.checks:
        exports.exports.register(_findings(check))
    kinds.register(exports.KIND)


def quality_tiles(user: Any) -> list[Tile]:
    """How many of the checks find anything (one query)."""
    return [
        Tile(
            label=_("Gaps in the data"),
            count=quality.gaps(user),
            url=reverse("quality_list"),
            icon="checkup-list",
            hint=_("So many checks find something to mend."),
        )
    ]


def _findings(check: quality.Check) -> exports.ListExport:
    """The findings of a check as a workbook; nothing personal beyond names stands in it."""

    def rows(user: Any, organization: Organization) -> Iterator[tuple[Any, ...]]:
        for record in within(check.find(user), organization):
            if isinstance(record, Organization):
                yield (record.name, record.code, record.get_type_display(), _text(check, record))
            else:
                place = record.organization.name if record.organization_id else ""
                number = getattr(record, "personnel_no", None) or getattr(record, "username", "")
                yield (record.name, number, place, _text(check, record))

    return exports.ListExport(f"quality-{check.key}", check.title, check.needs, FINDINGS, rows)


def _text(check: quality.Check, record: Any) -> str:
    return str(check.shown(record)) if check.shown else ""
