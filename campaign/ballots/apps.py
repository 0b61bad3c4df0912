from django.apps import AppConfig


class BallotsConfig(AppConfig):
    name = "campaign.ballots"
    label = "ballots"
