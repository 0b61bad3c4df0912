"""What the pages of this part share."""

from collections.abc import Callable, Iterable
from typing import Any

from campaign.common.models import Versioned


def save_version_form(form: Any, record: Versioned, service: Callable[..., Any], **arguments: Any) -> bool:
    """Call `service` with the version the form was opened with; tell whether it saved.

    When somebody else saved meanwhile, the form keeps what was typed and takes the present version, so that saving
    again is a decision.
    """
    version = form.cleaned_data["version"]
    if form.attempt(service, version=version, **arguments):
        return True
    record.refresh_from_db()
    if record.version != version:
        form.renew(record)
    return False


def shown(record: Any, names: Iterable[str]) -> list[tuple[str, Any]]:
    """Return (heading, value as people read it) of fields."""
    return [(str(record._meta.get_field(name).verbose_name), _readable(record, name)) for name in names]


def _readable(record: Any, name: str) -> Any:
    from django.utils.translation import gettext as _

    label = getattr(record, f"get_{name}_display", None)
    value = label() if label else getattr(record, name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return f"{value:%Y-%m-%d}" if hasattr(value, "isoformat") else value
