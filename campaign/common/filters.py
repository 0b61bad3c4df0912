"""The base of the filters above lists."""

from typing import Any, ClassVar

import django_filters
from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.common.forms import dress


class Filters(django_filters.FilterSet):
    """A form above a list. `personal` filters search by name, phone or number: posted, and kept in the session, since
    nothing personal may stand in an address or a log."""

    personal: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self.form, _("All"))

    def is_active(self) -> bool:
        """Tell whether anything is filtered by."""
        return any(getattr(self.form, "cleaned_data", {}).values())


def search_box(label: str | Promise = "") -> forms.TextInput:
    """Return the widget of a free search; the key / leads to it (`static/js/app.js`)."""
    attrs = {"type": "search", "autocomplete": "off", "placeholder": label, "aria-keyshortcuts": "/"}
    return forms.TextInput(attrs)
