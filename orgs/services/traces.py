"""What an import did, kept so that it can be undone: keys of what it made, old values of what it changed.

Old values are personal: a trace is kept encrypted as a whole, in pieces of a few thousand records.
"""

import datetime as dt
import json
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models

from campaign.common.bulk import portions
from campaign.common.crypto import seal, unseal
from orgs.models import Enrolment, ImportBatch, ImportTrace, Position

PIECE = 5_000
_DAY = "day:"
Old = tuple[int, int, dict[str, Any]]
"""Key of a record, its version after the import (0: it has none), the old values of its columns."""


@dataclass
class Trace:
    """Keys made and records changed, by model."""

    new: dict[type[models.Model], list[int]] = field(default_factory=lambda: defaultdict(list))
    old: dict[type[models.Model], list[Old]] = field(default_factory=lambda: defaultdict(list))
    url: str = ""
    """A page to look at next; not kept."""

    def made(self, model: type[models.Model], keys: Iterable[int]) -> None:
        self.new[model] += keys

    def changed(self, model: type[models.Model], key: int, version: int, values: Mapping[str, Any]) -> None:
        self.old[model].append((key, version, dict(values)))

    def save(self, batch: ImportBatch) -> None:
        """Keep the trace with its batch."""
        ImportTrace.objects.bulk_create(
            ImportTrace(batch=batch, content=seal(zlib.compress(json.dumps([piece]).encode(), 1)))
            for piece in self._pieces()
        )

    def _pieces(self) -> Iterator[list[Any]]:
        """Yield what stands in each part: "new" or "old", model, keys or records."""
        for model, keys in self.new.items():
            for start in range(0, len(keys), PIECE):
                yield ["new", model._meta.label, keys[start : start + PIECE]]
        for model, records in self.old.items():
            for start in range(0, len(records), PIECE):
                some = [
                    (key, version, {name: plain(value) for name, value in values.items()})
                    for key, version, values in records[start : start + PIECE]
                ]
                yield ["old", model._meta.label, some]

    @classmethod
    def load(cls, batch: ImportBatch) -> "Trace":
        """Return what `save` kept."""
        trace = cls()
        for content in batch.traces.order_by("pk").values_list("content", flat=True):
            for what, label, found in json.loads(zlib.decompress(unseal(bytes(content)))):
                model = apps.get_model(label)
                if what == "new":
                    trace.made(model, found)
                else:
                    for key, version, values in found:
                        trace.changed(model, key, version, {name: value_of(value) for name, value in values.items()})
        return trace


def plain(value: Any) -> Any:
    """Return a value of a record as JSON can hold it."""
    return f"{_DAY}{value.isoformat()}" if isinstance(value, dt.date) else value


def value_of(value: Any) -> Any:
    """Return what `plain` was given."""
    return dt.date.fromisoformat(value[len(_DAY) :]) if isinstance(value, str) and value.startswith(_DAY) else value


class Spans:
    """The dated rows (branches, positions) of members before something is stored, to tell afterwards what became of them."""

    MODELS = (Enrolment, Position)

    def __init__(self, members: Sequence[int]) -> None:
        self._members = members
        self._before = self._ends()

    def _ends(self) -> dict[type[models.Model], dict[int, Any]]:
        found: dict[type[models.Model], dict[int, Any]] = {model: {} for model in self.MODELS}
        for keys in portions(self._members):
            for model, ends in found.items():
                ends.update(model._default_manager.filter(member__in=keys).values_list("pk", "ends_on"))
        return found

    def into(self, trace: Trace) -> None:
        """Note in `trace` which rows are new since, and which ended."""
        for model, after in self._ends().items():
            before = self._before[model]
            trace.made(model, (key for key in after if key not in before))
            for key, ends_on in after.items():
                if key in before and before[key] != ends_on:
                    trace.changed(model, key, 0, {"ends_on": before[key]})
