from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def watch_tables(sender: Any, plan: Any = (), **_options: Any) -> None:
    """Put the triggers of the summary back, and count anew after a migration."""
    from pledges import marking
    from pledges.services.summarizing import summary_reset

    if marking.install() and plan:
        summary_reset()


class PledgesConfig(AppConfig):
    name = "pledges"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from campaign.blockers import BlockerSource, blockers
        from campaign.common.capabilities import Cap
        from campaign.common.desk import TileSource, desk
        from campaign.common.navigation import Entry, menu
        from campaign.lists.registry import kinds
        from campaign.notices.registry import reminders
        from campaign.reports.registry import reports
        from campaign.rulebooks import Rulebook, rulebooks
        from campaign.scoring.registry import evidence, metrics
        from orgs.timeline import TimelineSource, sources
        from pledges import activity, records, structure, timeline
        from pledges import desk as tiles
        from pledges.blockers import blockers_of
        from pledges.importers import PLEDGE_LIST
        from pledges.metrics import EVIDENCE, METRICS
        from pledges.reminders import RULES
        from pledges.reports import REPORTS

        post_migrate.connect(watch_tables, sender=self)
        menu.register(Entry("pledge", "links", _("Public pledges"), "pledge_list", "writing-sign", Cap.PLEDGE_VIEW, 10))
        menu.register(Entry("queue", "links", _("Pledge review"), "pledge_queue", "checklist", Cap.PLEDGE_REVIEW, 11))
        menu.register(Entry("board", "links", _("Pledge board"), "board", "presentation", Cap.BOARD_VIEW, 12))
        menu.register(
            Entry(
                "pledge_statistics", "links", _("Pledge statistics"), "pledge_statistics", "report-analytics",
                Cap.PLEDGE_STATISTICS, 13,
            )
        )  # fmt: skip
        desk.register(TileSource("pledges.review", tiles.review_tiles))
        desk.register(TileSource("pledges.comments", tiles.comment_tiles))
        desk.register(TileSource("pledges.appraise", tiles.appraise_tiles))
        desk.register(TileSource("pledges.peers", tiles.peer_tiles))
        desk.register(TileSource("pledges.supervision", tiles.supervision_tiles))
        desk.register(TileSource("pledges.own", tiles.own_tiles))
        desk.register(TileSource("pledges.missing", tiles.missing_own_tiles))
        desk.register(TileSource("pledges.missing_organization", tiles.missing_organization_tiles))
        sources.register(TimelineSource("pledges", _("Public pledges"), timeline.of_member, timeline.of_organization))
        activity.register()
        records.register()
        kinds.register(PLEDGE_LIST)
        structure.register()
        rulebooks.register(Rulebook("pledges", _("Rules for pledges"), "pledge_rules"))
        blockers.register(BlockerSource("pledges", blockers_of))
        for report in REPORTS:
            reports.register(report)
        for metric in METRICS:
            metrics.register(metric)
        evidence.register(EVIDENCE)
        for rule in RULES:
            reminders.register(rule)
