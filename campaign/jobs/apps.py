from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "campaign.jobs"
    label = "jobs"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from campaign.common.capabilities import Cap
        from campaign.common.navigation import Entry, menu

        menu.register(Entry("jobs", "work", _("Background jobs"), "jobs_list", "progress", Cap.JOB_VIEW, order=900))
