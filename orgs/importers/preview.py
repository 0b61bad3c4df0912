"""What was found in a workbook, in the reader's language."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext as _

from orgs.importers import IMPORTERS
from orgs.models import ImportBatch, ImportKind, ImportRow, ImportState, RowAction

SHOWN = {RowAction.CHANGED: 20, RowAction.MISSING: 20, RowAction.NEW: 10}
"""How many of each the page of an import shows; the rest stands on a page of its own."""
PAGES = {
    ImportKind.ORGANIZATIONS: "organization_detail",
    ImportKind.MEMBERS: "member_detail",
    ImportKind.POSITIONS: "member_position_edit",
    ImportKind.ACCOUNTS: "user_edit",
}


class Line(NamedTuple):
    """One field of a record: `old` is None for a new one."""

    label: str
    old: str | None
    new: str


class Preview:
    """What a checked workbook would do, for the page."""

    def __init__(self, batch: ImportBatch) -> None:
        self._batch, self._kind = batch, ImportKind(batch.kind)
        self._model, self._found = IMPORTERS[self._kind].model, batch.preview

    @property
    def groups(self) -> Iterator[tuple[RowAction, list[tuple[ImportRow, str, list[Line]]], int]]:
        """(what happens, the first records, how many there are) of what happens at all."""
        for action, shown in SHOWN.items():
            count = self._batch.figures.get(str(action), 0)
            rows = list(ImportRow.objects.filter(batch=self._batch, action=action)[:shown]) if count else []
            if rows:
                yield action, [(row, self.url(row), self.lines(row)) for row in rows], count

    @property
    def understood(self) -> list[tuple[str, str, str]]:
        """(column, heading, what it was understood as) of what was read, where it is called otherwise or not."""
        return [(column, header, meaning) for _sheet, column, header, meaning in self._read if meaning]

    @property
    def ignored(self) -> list[tuple[str, str, str]]:
        """(sheet, column, heading) of what was not read."""
        return [(sheet, column, header) for sheet, column, header, meaning in self._read if not meaning]

    @property
    def _read(self) -> list[list[str]]:
        found: list[list[str]] = self._found.get("read", [])
        return found

    def url(self, row: ImportRow) -> str:
        """Return the page of the record that a row means, "" where there is none."""
        if row.record_id is None or self._kind not in PAGES or self._batch.state == ImportState.UNDONE:
            return ""
        return reverse(PAGES[self._kind], args=[row.record_id])

    def lines(self, row: ImportRow) -> list[Line]:
        """Return what a row says of each field, as far as it says anything."""
        if row.action == RowAction.CHANGED:
            return [
                Line(self._label(field), self._text(field, old), self._text(field, new))
                for field, (old, new) in row.values.items()
            ]
        return [
            Line(self._label(field), None, self._text(field, value))
            for field, value in row.values.items()
            if value not in ("", None)
        ]

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
