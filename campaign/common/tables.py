"""Columns that lists share."""

from typing import Any

import django_tables2 as tables
from django.utils.safestring import SafeString

from campaign.common.templatetags import ui

WIDE = {"td": {"class": "cell-wide"}}
"""`attrs` of a column of running text, so that it is not squeezed by the others."""


class StateColumn(tables.Column):
    """A field of choices as a badge in the colour of its state."""

    def render(self, value: Any, record: Any, bound_column: Any) -> SafeString:
        # `value` is the label already: django-tables2 asks get_FOO_display() of its own accord.
        return ui.state(str(bound_column.accessor.resolve(record)), str(value))


class MarkColumn(tables.Column):
    """An integer of hundredths as a decimal, to the right."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", {"td": {"class": "text-end"}, "th": {"class": "text-end"}})
        super().__init__(*args, **kwargs)

    def render(self, value: int) -> str:
        return ui.hundredths(value)


class NumberColumn(tables.Column):
    """A whole number, to the right."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("attrs", {"td": {"class": "text-end"}, "th": {"class": "text-end"}})
        super().__init__(*args, **kwargs)


class DayColumn(tables.DateColumn):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("format", "Y-m-d")
        kwargs.setdefault("attrs", {"td": {"class": "text-nowrap"}})
        super().__init__(*args, **kwargs)


class MomentColumn(tables.DateTimeColumn):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("format", "Y-m-d H:i")
        kwargs.setdefault("attrs", {"td": {"class": "text-nowrap"}})
        super().__init__(*args, **kwargs)
