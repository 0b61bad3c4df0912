from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from campaign.common.capabilities import Cap
from campaign.common.navigation import Entry, menu


def protect_tables(sender: Any, **_options: Any) -> None:
    from campaign.audit.models import PROTECTED
    from campaign.common.append_only import protect

    for model in PROTECTED:
        protect(model)


class AuditConfig(AppConfig):
    name = "campaign.audit"
    label = "audit"

    def ready(self) -> None:
        from django.utils.translation import gettext_lazy as _

        from campaign.audit import checks  # noqa: F401  registers itself

        post_migrate.connect(protect_tables, sender=self)
        from campaign.audit.export import EXPORT_JOB
        from campaign.jobs.registry import kinds

        kinds.register(EXPORT_JOB)
        menu.register(Entry("audit", "administration", _("Audit log"), "audit_list", "history", Cap.AUDIT_VIEW))
