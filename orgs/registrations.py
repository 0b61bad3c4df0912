"""What leading groups, contact points and the quality of data register: menu, desk, timeline, lists to take out."""

from django.utils.translation import gettext_lazy as _

from campaign.common.capabilities import Cap
from campaign.common.desk import TileSource, desk
from campaign.common.excel.sheet import FormColumn, FormSheet, Kind
from campaign.common.navigation import Entry, menu
from campaign.jobs.registry import kinds
from orgs import contacts, exports, leadership, timeline

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


def register_leadership() -> None:
    """Called when the app is ready."""
    menu.register(
        Entry("contact", "organization", _("Contact points"), "contact_list", "map-pin", Cap.CONTACT_VIEW, order=30)
    )
    desk.register(TileSource("orgs.contacts", contacts.tiles))
    timeline.sources.register(
        timeline.TimelineSource("contacts", _("Contact points"), contacts.of_member, contacts.of_organization)
    )
    exports.exports.register(
        exports.ListExport(
            "leadership", _("Export leading groups and offices"), Cap.ORG_VIEW, LEADERSHIP, leadership.leadership_export
        )
    )
    exports.exports.register(
        exports.ListExport("contacts", _("Export contact points"), Cap.CONTACT_VIEW, CONTACTS, contacts.contact_export)
    )
    kinds.register(exports.KIND)
