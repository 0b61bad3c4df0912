"""What of a record is taken out."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.common.forms import Form


class RecordForm(Form):
    """`unmasks`: the person may take personal values out in full; that needs a reason."""

    starts_on = forms.DateField(label=_("from"), required=False, help_text=_("Left empty: from the beginning."))
    ends_on = forms.DateField(label=_("until"), required=False, help_text=_("Left empty: until today."))
    unmasked = forms.BooleanField(
        label=_("id numbers and phones in full"), required=False, help_text=_("Who takes them out, and why, is logged.")
    )
    reason = forms.CharField(
        label=_("What the unmasked values are needed for"), required=False, max_length=500, widget=forms.Textarea
    )

    def __init__(self, *args: Any, unmasks: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not unmasks:
            del self.fields["unmasked"], self.fields["reason"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("unmasked") and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Please say what the unmasked values are needed for."))
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("The last day lies before the first one."))
        return cleaned
