from django.apps import AppConfig


class DraftsConfig(AppConfig):
    name = "campaign.drafts"
    label = "drafts"
