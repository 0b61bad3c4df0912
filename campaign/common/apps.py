from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "campaign.common"
    label = "common"
