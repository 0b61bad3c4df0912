"""Lists of rows within a form: rows are added, taken out and moved by buttons that send the whole page, so that it works with
the keyboard, on a phone and without scripts, and nothing typed is lost."""

from collections.abc import Mapping
from typing import Any

from django import forms

from campaign.common.exact import hundredths
from campaign.common.forms import Form
from campaign.common.text import is_key

MOST = 60
"""No list has more rows."""
Row = dict[str, Any]


class Rows(forms.BaseFormSet):  # type: ignore[type-arg]
    """A list of which no row may be left empty: it is taken out instead."""

    moved: int | None = None
    """The row that was moved just now: its button keeps the focus."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "empty_permitted": False}


def formset_of(form: type[Form], most: int) -> type[Any]:
    """Return the formset of a list with at most `most` rows. Whatever number a request claims, no more than `MOST` are built:
    Django's own limit is a thousand, which takes seconds."""
    return forms.formset_factory(form, Rows, extra=0, max_num=most, absolute_max=MOST)


class PointsField(forms.DecimalField):
    """Points or percent as people write them; `cleaned` in hundredths."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=100, decimal_places=2, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return hundredths(value).removesuffix(".00") if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        found = super().clean(value)
        return None if found is None else int(found * 100)


def rows_typed(form: type[Form], data: Mapping[str, str], prefix: str) -> list[Row]:
    """Return the rows of a list as they were typed, unchecked."""
    total = data.get(f"{prefix}-TOTAL_FORMS", "0")
    count = min(int(total), MOST) if is_key(total) else 0
    return [{name: data.get(f"{prefix}-{place}-{name}", "") for name in form.base_fields} for place in range(count)]


def edits_rows(op: str) -> bool:
    """Tell whether a button changes the rows of a list, and stores nothing."""
    return op.partition(":")[0] in ("add", "remove", "up", "down")


def rows_edited(rows: dict[str, list[Row]], op: str) -> int | None:
    """Change a list: `add:items`, `remove:items:2`, `up:items:2`, `down:items:2` (places from 0). Returns where a moved row
    stands now."""
    verb, _colon, rest = op.partition(":")
    name, _colon, number = rest.partition(":")
    if name not in rows:
        return None
    found = rows[name]
    if verb == "add":
        found.append({})
        return None
    if not is_key(number) or int(number) >= len(found):
        return None
    place = int(number)
    if verb == "remove":
        del found[place]
        return None
    to = place - 1 if verb == "up" else place + 1
    if verb in ("up", "down") and 0 <= to < len(found):
        found[place], found[to] = found[to], found[place]
        return to
    return None
