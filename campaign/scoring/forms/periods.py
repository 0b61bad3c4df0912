"""Adding periods to a campaign."""

from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.common.forms import DateInput, Form
from campaign.models import PeriodKind

CALENDAR = [(kind.value, kind.label) for kind in PeriodKind if kind != PeriodKind.RANGE]


class CalendarForm(Form):
    kind = forms.ChoiceField(
        label=_("Kind"), choices=CALENDAR, help_text=_("One for each that the campaign touches and does not have yet.")
    )


class RangeForm(Form):
    code = forms.RegexField(
        label=_("Code"), regex=r"^[A-Za-z0-9-]+\Z", max_length=12, help_text=_("A short name such as 2026-JUL.")
    )
    starts_on = forms.DateField(label=_("First day"), widget=DateInput())
    ends_on = forms.DateField(label=_("Last day"), widget=DateInput())
