from django.apps import AppConfig


class CampaignConfig(AppConfig):
    name = "campaign"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from campaign.common.capabilities import Cap
        from campaign.common.navigation import Entry, menu

        menu.register(Entry("home", "work", _("My desk"), "home", "home", order=0))
        menu.register(Entry("campaign", "work", _("Campaigns"), "campaign_list", "flag", Cap.CAMPAIGN_VIEW, order=10))
