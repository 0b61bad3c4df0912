from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "campaign.reports"
    label = "reports"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from campaign.common.capabilities import Cap
        from campaign.common.navigation import Entry, menu
        from campaign.jobs.registry import kinds
        from campaign.notices.registry import reminders
        from campaign.reports import activity
        from campaign.reports.bundle import BUNDLE_JOB
        from campaign.reports.organizations import ORGANIZATION_OVERVIEW
        from campaign.reports.registry import reports
        from campaign.reports.rosters import MEMBER_ROSTER, PUBLIC_MEMBER_ROSTER
        from campaign.reports.schedules import RULE
        from campaign.reports.services import EXPORT_JOB

        kinds.register(EXPORT_JOB)
        kinds.register(BUNDLE_JOB)
        reminders.register(RULE)
        for report in (MEMBER_ROSTER, PUBLIC_MEMBER_ROSTER, ORGANIZATION_OVERVIEW, activity.ACTIVITY_STATISTICS):
            reports.register(report)
        activity.figures.register(activity.ORGANIZATIONS)
        activity.figures.register(activity.MEMBERS)
        menu.register(
            Entry(
                "report", "results", _("Excel reports"), "report_list", "file-spreadsheet", Cap.REPORT_EXPORT, order=50
            )
        )
