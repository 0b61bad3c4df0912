from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "campaign.common"
    label = "common"

    def ready(self) -> None:
        from django.utils.module_loading import autodiscover_modules

        import campaign.common.lookups  # noqa: F401  (registers them)

        autodiscover_modules("overseen")  # each registers its kinds of objects in `campaign.common.oversight`
