from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def install_function(**_options: Any) -> None:
    """Put the function of a vote back."""
    from campaign.ballots import counting

    counting.install()


class BallotsConfig(AppConfig):
    name = "campaign.ballots"
    label = "ballots"

    def ready(self) -> None:
        post_migrate.connect(install_function, sender=self)
