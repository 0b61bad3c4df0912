"""The form that takes a workbook."""

from django.utils.translation import gettext_lazy as _

from campaign.common.forms import Form, WorkbookField

LARGEST = 5 * 2**20
"""Bytes of one workbook."""


class WorkbookForm(Form):
    file = WorkbookField(
        label=_("Workbook"),
        help_text=_("The template filled in, or another table with the same headings (xlsx, xls, ods or csv)."),
        largest=LARGEST,
    )
