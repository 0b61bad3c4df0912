from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "campaign.notices"
    label = "notices"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from campaign.common.desk import TileSource, desk
        from campaign.common.navigation import Entry, menu
        from campaign.notices import terms
        from campaign.notices.contacts import RULES as CONTACT_RULES
        from campaign.notices.desk import tiles
        from campaign.notices.membership import RULES
        from campaign.notices.registry import reminders
        from campaign.notices.roles import RULES as ROLE_RULES

        desk.register(TileSource("notices", tiles))
        for rule in (*RULES, *ROLE_RULES, *CONTACT_RULES):
            reminders.register(rule)
        menu.register(Entry("notice", "work", _("Reminders"), "notice_list", "bell", order=20))
        terms.register()
