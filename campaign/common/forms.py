"""Forms: date pickers, searchable choices, the version of what is edited, and a service's refusal as an error on top."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Model
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.common.errors import DomainError, NotAllowed
from campaign.common.text import is_key

LARGEST_NUMBER = 2**31 - 1
"""What every column of numbers takes."""
FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2100, 12, 31)
OUT_OF_TIME = _("Enter a day between 1900 and 2100.")
REQUIRED = forms.Field.default_error_messages["required"]
"""What Django says of "this field"; nobody in an office speaks of fields."""
CHOICES = (forms.ChoiceField, forms.ModelChoiceField, forms.FileField)
NO_CHOICE = "---------"
"""What Django shows where nothing is chosen yet."""


class DateInput(forms.DateInput):
    """The browser's own date picker."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class Textarea(forms.Textarea):
    """Browsers send line breaks as two characters and count them as one: what fits on the page must fit here."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return value.replace("\r\n", "\n") if isinstance(value, str) else value


class WorkbookInput(forms.ClearableFileInput):
    """The browser tells of a file that is too large before it is sent (`app.js`)."""

    def __init__(self, largest: int) -> None:
        super().__init__({"accept": ".xlsx,.xls,.ods,.csv"})
        self.largest = largest

    @property
    def too_large(self) -> str:
        return gettext("The file is larger than %(limit)s MB. Split it.") % {"limit": self.largest >> 20}

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        told = {"data-largest": self.largest, "data-too-large": self.too_large}
        return super().get_context(name, value, {**(attrs or {}), **told})


class WorkbookField(forms.FileField):
    """A workbook of at most `largest` bytes."""

    widget: WorkbookInput

    def __init__(self, *, largest: int, **kwargs: Any) -> None:
        super().__init__(widget=WorkbookInput(largest), **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if file and file.size > self.widget.largest:
            raise forms.ValidationError(self.widget.too_large)
        return file


TYPED = {name: _("Name, pinyin initials or code") for name in ("organization_search", "branch_search")}
"""What is typed into the searches of places, where a form says nothing else."""


class RemoteSelect(forms.Select):
    """A choice among too many to list: typed text is posted to `url_name`, which answers
    `{"results": [{"value": …, "text": …}]}` with what the person may choose. Only the present choice is rendered."""

    def __init__(self, url_name: str, placeholder: str | Promise = "", attrs: dict[str, Any] | None = None) -> None:
        self.typed = TYPED.get(url_name, "")
        super().__init__({"data-search-url": reverse_lazy(url_name), "placeholder": placeholder, **(attrs or {})})

    def optgroups(self, name: str, value: list[str], attrs: dict[str, Any] | None = None) -> list[Any]:
        choices = self.choices
        queryset = getattr(choices, "queryset", None)
        chosen: list[Any]
        if queryset is None:
            chosen = [choice for choice in choices if str(choice[0]) in value]
        else:
            wanted = [item for item in value if is_key(str(item))]
            chosen = [(obj.pk, str(obj)) for obj in queryset.filter(pk__in=wanted)] if wanted else []
        try:
            self.choices = [("", ""), *chosen]
            return super().optgroups(name, value, attrs)
        finally:
            self.choices = choices


def dress(form: forms.BaseForm, nothing: str | Promise = "") -> None:
    """Give the fields of `form` the widgets of the design language: date pickers, searchable selects. Where nothing is
    chosen yet, `nothing` says so (default: "please choose" where something must be, else "none")."""
    for field in form.fields.values():
        widget = field.widget
        _bound(field)
        said = nothing or (_("Please choose") if field.required else _("None"))
        _name_nothing(field, said)
        if field.error_messages.get("required") == REQUIRED:
            field.error_messages["required"] = (
                _("Please choose.") if isinstance(field, CHOICES) else _("Please fill this in.")
            )
        if isinstance(widget, RemoteSelect):
            widget.attrs["placeholder"] = widget.attrs.get("placeholder") or nothing or widget.typed or said
        if type(widget) is forms.DateInput:
            field.widget = DateInput(widget.attrs)
        elif type(widget) is forms.Textarea:
            rows = widget.attrs.get("rows") if widget.attrs.get("rows") != "10" else "4"
            field.widget = Textarea({**widget.attrs, "rows": rows})
            field.widget.is_required = widget.is_required
        elif isinstance(widget, forms.Select) and not isinstance(widget, forms.RadioSelect):
            widget.attrs.setdefault("data-select", "")
            if isinstance(widget, forms.SelectMultiple):
                widget.attrs.setdefault("placeholder", _("Choose one or several"))


def _bound(field: forms.Field) -> None:
    """A number that no column can hold, and a day with which no date can be counted on, are told beside their field."""
    if type(field) is forms.IntegerField and field.max_value is None:
        field.max_value = LARGEST_NUMBER
        field.validators.append(MaxValueValidator(LARGEST_NUMBER))
    elif isinstance(field, forms.DateField):
        field.validators += [MinValueValidator(FIRST_DAY, OUT_OF_TIME), MaxValueValidator(LAST_DAY, OUT_OF_TIME)]


def _name_nothing(field: Any, nothing: str | Promise) -> None:
    if getattr(field, "empty_label", None) == NO_CHOICE:
        field.empty_label = nothing
        field.widget.choices = field.choices
    elif isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        if ("", NO_CHOICE) in choices:
            field.choices = [("", nothing) if choice == ("", NO_CHOICE) else choice for choice in choices]


class FormMixin:
    """What every form of the product does; use `Form` or `ModelForm` below."""

    result: Any = None
    refusal: DomainError | None = None
    add_error: Callable[..., None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        dress(self)  # type: ignore[arg-type]

    def attempt(self, service: Callable[..., Any], **arguments: Any) -> bool:
        """Call `service`; tell whether it went through. What it returned is `result`; a rule's refusal stands on top of
        the form (and is `refusal`), with everything typed still in it. NotAllowed passes, since it must look like "not found"."""
        try:
            self.result = service(**arguments)
        except NotAllowed:
            raise
        except DomainError as refusal:
            self.refusal = refusal
            self.add_error(None, str(refusal))
            return False
        return True


class Form(FormMixin, forms.Form):
    pass


class ModelForm(FormMixin, forms.ModelForm):  # type: ignore[type-arg]
    """For its fields only: views pass `cleaned_data` to a service and never call `save()`."""


class VersionMixin(forms.Form):
    """Carries the version of a `Versioned` record; the service hands it to `save_version`.

    After a conflict the form keeps the version it was opened with; `renew(record)` takes the present one, so that saving
    again is a decision.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        record = getattr(self, "instance", None)
        if record is not None and record.pk:
            self.initial.setdefault("version", record.version)

    def renew(self, record: Model) -> None:
        posted: Any = self.data
        data = posted.copy()
        data[self.add_prefix("version")] = str(record.version)  # type: ignore[attr-defined]
        self.data = data
