"""The form that takes a workbook."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.common.forms import Form

LARGEST = 5 * 2**20
"""Bytes of one workbook."""


class WorkbookForm(Form):
    file = forms.FileField(
        label=_("Workbook"),
        help_text=_("The template filled in, or another table with the same headings (xlsx, xls, ods or csv)."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("The file is larger than %(limit)s MB. Split it.") % {"limit": LARGEST >> 20})
        return file
