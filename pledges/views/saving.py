"""Saving what two people may have open at once."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model

from campaign.common.errors import EditConflict


def saved(form: Any, record: Model, service: Callable[..., Any], **arguments: Any) -> bool:
    """Hand a form with a version to its service; tell whether it went through. Where another was faster the form says so
    and takes the present version of `record`, so that saving again is a decision."""
    done: bool = form.attempt(service, version=form.cleaned_data["version"], **arguments)
    if isinstance(form.refusal, EditConflict):
        record.refresh_from_db()
        form.renew(record)
    return done
