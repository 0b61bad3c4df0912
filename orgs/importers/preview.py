"""A stored preview in the reader's language."""

from collections.abc import Iterator
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from orgs.importers import IMPORTERS
from orgs.models import ImportBatch, ImportKind


class Preview:
    """What a checked workbook would do, for the page; `headings` and `rows` are the first new records."""

    def __init__(self, batch: ImportBatch) -> None:
        importer = IMPORTERS[ImportKind(batch.kind)]
        self._model, self._fields, self._found = importer.model, importer.shown, batch.preview

    @property
    def headings(self) -> list[str]:
        return [self._label(field) for field in self._fields]

    @property
    def rows(self) -> list[tuple[int, list[tuple[str, str]]]]:
        """(row of the file, [(heading, value), …]) of the first new records."""
        return [
            (new["row"], [(self._label(field), self._text(field, new["values"][field])) for field in self._fields])
            for new in self._found.get("new", [])
        ]

    @property
    def changed(self) -> Iterator[tuple[int, str, str, str, str]]:
        """(row of the file, name, field, old, new) of the first changed records."""
        for entry in self._found.get("changed", []):
            for field, (old, new) in entry["changes"].items():
                yield entry["row"], entry["name"], self._label(field), self._text(field, old), self._text(field, new)

    @property
    def ignored(self) -> list[tuple[str, str, str]]:
        """(sheet, column, heading) of what was not read."""
        return [(sheet, column, header) for sheet, column, header in self._found.get("ignored", [])]

    def _label(self, field: str) -> str:
        own = {"id_number": _("id number"), "parent": _("organization above")}
        return own[field] if field in own else str(self._field(field).verbose_name)

    def _text(self, field: str, value: Any) -> str:
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if value in ("", None):
            return "—"
        choices = dict(self._field(field).flatchoices) if field not in ("id_number", "parent") else {}
        return str(choices.get(value, value))

    def _field(self, name: str) -> "models.Field[Any, Any]":
        field: models.Field[Any, Any] = self._model._meta.get_field(name)  # type: ignore[assignment]
        return field
