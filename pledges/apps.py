from django.apps import AppConfig


class PledgesConfig(AppConfig):
    name = "pledges"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from campaign.common.capabilities import Cap
        from campaign.common.desk import TileSource, desk
        from campaign.common.navigation import Entry, menu
        from campaign.notices.registry import reminders
        from campaign.scoring.registry import metrics
        from orgs.timeline import TimelineSource, sources
        from pledges import desk as tiles
        from pledges import records, structure, timeline
        from pledges.metrics import METRICS
        from pledges.reminders import RULES

        menu.register(Entry("pledge", "links", _("Public pledges"), "pledge_list", "writing-sign", Cap.PLEDGE_VIEW, 10))
        menu.register(Entry("queue", "links", _("Pledge review"), "pledge_queue", "checklist", Cap.PLEDGE_REVIEW, 11))
        menu.register(Entry("board", "links", _("Pledge board"), "board", "presentation", Cap.BOARD_VIEW, 12))
        desk.register(TileSource("pledges.review", tiles.review_tiles))
        desk.register(TileSource("pledges.appraise", tiles.appraise_tiles))
        desk.register(TileSource("pledges.own", tiles.own_tiles))
        desk.register(TileSource("pledges.missing", tiles.missing_own_tiles))
        desk.register(TileSource("pledges.missing_organization", tiles.missing_organization_tiles))
        sources.register(TimelineSource("pledges", _("Public pledges"), timeline.of_member, timeline.of_organization))
        records.register()
        structure.register()
        for metric in METRICS:
            metrics.register(metric)
        for rule in RULES:
            reminders.register(rule)
