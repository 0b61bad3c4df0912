"""What differs between a record and the values given for it."""

from collections.abc import Mapping
from typing import Any

from django.db import models


def differences(record: models.Model, values: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return field → (old, new) for those of `values` that differ from `record`."""
    old = {field: getattr(record, field) for field in values}
    return {field: (old[field], new) for field, new in values.items() if old[field] != new}
