"""The forms of appraisals of secretaries. Views pass what they hold to a service."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.attachments.forms import FilesField
from campaign.common import clock
from campaign.common.forms import Form, VersionMixin
from campaign.models import Campaign
from campaign.selectors import campaigns_for, current_campaign
from orgs.models import Organization
from reviews.forms.appraisal import FIRST_YEAR, LAST_YEAR
from reviews.models.appraisal import REMARK
from reviews.models.secretaries import SecretaryGrade
from reviews.selectors.secretaries import secretary_holders
from reviews.services.secretaries import LONGEST


class SecretaryAppraisalForm(Form):
    """Set the appraisal of a year up for all secretaries below an organization."""

    year = forms.IntegerField(label=_("year"), min_value=FIRST_YEAR, max_value=LAST_YEAR)
    name = forms.CharField(
        label=pgettext_lazy("of an appraisal", "Name"),
        max_length=100,
        help_text=_("Secretaries read it, for example “2026年度党组织书记述职评议”."),
    )
    organization = forms.ModelChoiceField(
        label=_("Held by"),
        queryset=Organization.objects.none(),
        empty_label=None,
        help_text=_("All organizations below that have a secretary take part."),
    )
    campaign = forms.ModelChoiceField(label=_("Campaign"), queryset=Campaign.objects.none(), empty_label=None)
    report_until = forms.DateField(label=_("reports until"))
    meeting_on = forms.DateField(label=_("meeting on"), help_text=_("The secret ballot begins on this day."))
    votes_until = forms.DateField(label=_("ballot until"), help_text=_("Voting ends at midnight of this day."))
    good_share = forms.IntegerField(
        label=_("at most so many percent good"),
        min_value=1,
        max_value=100,
        required=False,
        help_text=_("Empty: no limit. More is warned of, and not prevented."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["campaign"].queryset = campaigns_for(user).running()
        fields["campaign"].initial = current_campaign(user)
        fields["organization"].queryset = held = secretary_holders(user)
        fields["organization"].initial = held.first()
        today = clock.today()
        fields["year"].initial = today.year
        fields["name"].initial = f"{today.year}年度党组织书记述职评议"
        for name, days in (("report_until", 14), ("meeting_on", 21), ("votes_until", 23)):
            fields[name].initial = today + dt.timedelta(days=days)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        reports, meeting, votes = (data.get(name) for name in ("report_until", "meeting_on", "votes_until"))
        if reports and meeting and meeting < reports:
            self.add_error("meeting_on", _("The meeting comes after the reports."))
        elif meeting and votes and votes < meeting:
            self.add_error("votes_until", _("The last day of the ballot must not be before its first."))
        return data


class ReportForm(VersionMixin, Form):
    text = forms.CharField(
        label=pgettext_lazy("of a secretary", "report"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": "14"}),
        help_text=_("What you did for the party work of your organization, what is lacking and why, what comes next."),
    )
    documents = FilesField(label=_("documents"), required=False)


class GradeForm(VersionMixin, Form):
    comment = forms.CharField(
        label=_("comment of the organization above"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": "6"}),
        help_text=_("What was done well, what was not, where to go. The secretary reads it."),
    )
    grade = forms.ChoiceField(label=_("comprehensive grade"), choices=SecretaryGrade.choices, widget=forms.RadioSelect)


class QuestionForm(Form):
    text = forms.CharField(label=_("question"), max_length=REMARK, widget=forms.Textarea(attrs={"rows": "2"}))


class AnswerForm(Form):
    text = forms.CharField(label=_("answer"), max_length=REMARK, widget=forms.Textarea(attrs={"rows": "2"}))


class ProblemForm(Form):
    text = forms.CharField(
        label=pgettext_lazy("of a secretary", "problem"), max_length=REMARK, widget=forms.Textarea(attrs={"rows": "3"})
    )
    due_on = forms.DateField(label=_("to be done by"))


class MeasuresForm(VersionMixin, Form):
    measures = forms.CharField(label=_("measures"), max_length=REMARK, widget=forms.Textarea(attrs={"rows": "3"}))
