from django.apps import AppConfig


class AwardsConfig(AppConfig):
    name = "awards"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from awards import activity, desk, merits, records, reminders, reports, structure, timeline
        from awards.importers import NOMINATION_LIST
        from campaign.common.capabilities import Cap
        from campaign.common.navigation import Entry, menu
        from campaign.lists.registry import kinds

        menu.register(Entry("batch", "links", _("Awards"), "batch_list", "award", Cap.AWARD_VIEW, order=50))
        menu.register(Entry("honour", "results", _("Honours"), "honour_list", "trophy", Cap.AWARD_VIEW, order=60))
        kinds.register(NOMINATION_LIST)
        for part in (activity, desk, merits, records, reminders, reports, structure, timeline):
            part.register()
