"""The system check of `check --database default`, which every migrate makes too."""

from typing import Any

from django.core import checks
from django.db import connection


@checks.register(checks.Tags.database)
def check_protection(databases: Any = None, **_options: Any) -> list[checks.CheckMessage]:
    """Warn where the triggers that keep the log from change are gone. A warning, since migrate puts them back."""
    from campaign.audit.selectors import unprotected_tables

    if not databases or connection.alias not in databases:
        return []
    return [
        checks.Warning(
            f"the table {table} lacks triggers that refuse change: {', '.join(names)}",
            hint="Somebody took them away. Run migrate to put them back, then verify_audit.",
            id="audit.W001",
        )
        for table, names in unprotected_tables().items()
    ]
