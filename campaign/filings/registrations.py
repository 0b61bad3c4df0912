"""What implementation plans register: menu, desk, reminders, timeline, the list to take out."""

from django.utils.translation import gettext_lazy as _

from campaign.common.capabilities import Cap
from campaign.common.desk import TileSource, desk
from campaign.common.excel.sheet import FormColumn, FormSheet, Kind
from campaign.common.navigation import Entry, menu
from campaign.notices.registry import reminders

PLANS = FormSheet(
    name="实施方案报备",
    title="创先争优活动实施方案报备情况一览表",
    freeze=1,
    columns=(
        FormColumn("党组织", width=28),
        FormColumn("组织类别", width=12),
        FormColumn("报备单位（上级）", width=26),
        FormColumn("方案名称", width=30),
        FormColumn("状态", width=10),
        FormColumn("报备日期", Kind.DATE),
        FormColumn("审核日期", Kind.DATE),
        FormColumn("退回原因", width=24),
    ),
)


def register() -> None:
    """Called when the app is ready."""
    from campaign.filings import desk as tiles
    from campaign.filings import selectors, timeline
    from campaign.filings.reminders import RULES
    from orgs import exports
    from orgs.timeline import TimelineSource, sources

    menu.register(
        Entry("plan", "work", _("Implementation plans"), "plan_list", "file-description", Cap.PLAN_VIEW, order=15)
    )
    desk.register(TileSource("plans", tiles.tiles))
    sources.register(TimelineSource("plans", _("Implementation plans"), timeline.of_member, timeline.of_organization))
    exports.exports.register(
        exports.ListExport("plans", _("Export implementation plans"), Cap.PLAN_VIEW, PLANS, selectors.plans_export)
    )
    for rule in RULES:
        reminders.register(rule)
