"""The list of the records behind a figure: its columns are those that the form names."""

from typing import Any

import django_tables2 as tables
from django.db import models
from django.db.models import F, Model
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common.tables import DayColumn, MomentColumn, NumberColumn, StateColumn
from campaign.reports.figures import Records
from campaign.reports.models import ReportDelivery, ReportSchedule, ScheduleState


class ChoiceColumn(tables.Column):
    """A field of choices by its labels: rows are plain values, which have no `get_FOO_display`."""

    def __init__(self, choices: dict[Any, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.labels = choices

    def render(self, value: Any) -> str:
        return str(self.labels.get(value, value))


class YesNoColumn(tables.Column):
    def render(self, value: bool) -> Any:
        return _("Yes") if value else _("No")


def records_table(records: Records) -> tuple[Any, type[tables.Table]]:
    """Return the rows as plain values (no query for each) and the table that shows them; the first column leads to the
    record's own page."""
    columns = {f"column{place}": lookup for place, lookup in enumerate(records.fields)}
    rows = records.found.values(record=F(records.page_key), **{name: F(lookup) for name, lookup in columns.items()})
    page = records.page

    def url(record: dict[str, Any]) -> str:
        return reverse(page, args=[record["record"]])

    made = {
        name: _column(records.found.model, lookup, linkify=url if page and name == "column0" else None)
        for name, lookup in columns.items()
    }
    return rows, type("RecordsTable", (tables.Table,), made)


def _column(model: type[Model], lookup: str, **options: Any) -> tables.Column:
    """Return a column for a field, as its kind is shown everywhere."""
    field = _field(model, lookup)
    options |= {"verbose_name": field.verbose_name, "orderable": False}
    if field.choices:
        return ChoiceColumn(dict(field.flatchoices), **options)
    kinds: tuple[tuple[type[Any], type[tables.Column]], ...] = (
        (models.DateTimeField, MomentColumn),
        (models.DateField, DayColumn),
        (models.BooleanField, YesNoColumn),
        (models.IntegerField, NumberColumn),
    )
    column = next((column for kind, column in kinds if isinstance(field, kind)), tables.Column)
    return column(**options)


def _field(model: Any, lookup: str) -> Any:
    """Follow a lookup to its field. Raises FieldDoesNotExist."""
    *way, last = lookup.split("__")
    for step in way:
        model = model._meta.get_field(step).related_model
    found: Any = model._meta.get_field(model._meta.pk.name if last == "pk" else last)
    return found


class ScheduleTable(tables.Table):
    """A person's own monthly exports."""

    label = tables.Column(_("report"), linkify=("schedule_detail", [tables.A("pk")]), orderable=False)
    organization = tables.Column(accessor="organization__name", orderable=False)
    state = StateColumn(orderable=False)
    next_on = DayColumn(orderable=False)

    class Meta:
        model = ReportSchedule
        fields = ("label", "organization", "state", "next_on")

    def render_next_on(self, value: Any, record: ReportSchedule) -> str:
        return f"{value:%Y-%m-%d}" if record.state == ScheduleState.ACTIVE else "—"


class DeliveryTable(tables.Table):
    """What became of a monthly export, person by person."""

    on = DayColumn(orderable=False)
    user = tables.Column(accessor="user__name", orderable=False)
    state = StateColumn(accessor="job__state", verbose_name=_("state"), orderable=False, default="—")
    note = tables.Column(orderable=False, default="—")

    class Meta:
        model = ReportDelivery
        fields = ("on", "user", "state", "note")
