from typing import Any

from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate, pre_migrate


def clear_the_way(sender: Any, plan: Any = (), **_options: Any) -> None:
    """Take the triggers away on SQLite when something is to be migrated: it rebuilds tables under another name, and a trigger
    that asks a table which is not there for a moment would end the migration."""
    from campaign.scoring import sealing

    if plan and connection.vendor == "sqlite":
        sealing.uninstall()


def watch_tables(sender: Any, **_options: Any) -> None:
    """Put the triggers back that mark changed evidence and keep frozen scores: SQLite drops them when it rebuilds a table."""
    from campaign.scoring import marking, sealing

    marking.install()
    sealing.install()


class ScoringConfig(AppConfig):
    name = "campaign.scoring"
    label = "scoring"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from campaign.common.capabilities import Cap
        from campaign.common.navigation import Entry, menu
        from campaign.jobs.registry import JobKind, kinds
        from campaign.lists.registry import kinds as list_kinds
        from campaign.reports.registry import reports
        from campaign.rulebooks import Rulebook, rulebooks
        from campaign.scoring import desk, marking, metrics, records, structure, timeline
        from campaign.scoring.importers.entries import ENTRY_LIST
        from campaign.scoring.importers.items import ITEM_LIST
        from campaign.scoring.registry import evidence
        from campaign.scoring.reports import SCORE_SUMMARY
        from campaign.scoring.services import KIND, parts, score_run_check, score_run_perform

        pre_migrate.connect(clear_the_way, sender=self)
        post_migrate.connect(watch_tables, sender=self)
        evidence.register(marking.ROLL)
        evidence.register(marking.ENTRIES)
        desk.register()
        metrics.register()
        records.register()
        structure.register()
        timeline.register()
        reports.register(SCORE_SUMMARY)
        list_kinds.register(ENTRY_LIST)
        list_kinds.register(ITEM_LIST)
        kinds.register(JobKind(KIND, _("Computing scores"), score_run_perform, score_run_check))
        kinds.register(JobKind(parts.KIND, _("Part of a score run"), parts.score_part_perform, parts.score_part_check))
        rulebooks.register(Rulebook("periods", _("Periods"), "period_list", "calendar-event"))
        for entry in (
            Entry("score", "results", _("Periodic scores"), "score_list", "chart-bar", Cap.SCORE_VIEW, order=10),
            Entry(
                "grade", "results", _("Members' grades"), "grade_list", "user-check", Cap.SCORE_VIEW_MEMBER, order=20
            ),
            Entry("entry", "results", _("Bonus and deductions"), "entry_list", "plus-minus", Cap.SCORE_RUN, order=15),
            Entry("freeze", "results", _("Frozen periods"), "freeze_list", "lock", Cap.SCORE_FREEZE, order=25),
            Entry("sheet", "results", _("Score sheets"), "sheet_list", "list-check", Cap.CAMPAIGN_VIEW, order=30),
        ):
            menu.register(entry)
