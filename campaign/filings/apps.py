from django.apps import AppConfig


class FilingsConfig(AppConfig):
    name = "campaign.filings"
    label = "filings"

    def ready(self) -> None:
        from campaign.filings.registrations import register

        register()
