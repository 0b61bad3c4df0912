"""Entering a bonus, a deduction or a veto."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.attachments.forms import FilesField
from campaign.common.capabilities import Cap
from campaign.common.forms import DateInput, Form
from campaign.models import Campaign
from campaign.scoring.models import EntryKind
from campaign.selectors import campaigns_for
from orgs.models import Member, Organization


class EntryForm(Form):
    """What is entered for one subject, named by its code or personnel number: lists of everybody would be endless."""

    campaign = forms.ModelChoiceField(Campaign.objects.none(), label=_("Campaign"), empty_label=None)
    subject = forms.CharField(
        label=_("Subject"),
        max_length=30,
        help_text=_("The code of a party organization, or the personnel number of a member."),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=EntryKind.choices)
    points = forms.DecimalField(
        label=_("Marks"),
        min_value=0,
        max_value=100,
        decimal_places=2,
        required=False,
        help_text=_("For a bonus or a deduction."),
    )
    grade = forms.CharField(
        label=_("Highest grade"), max_length=20, required=False, help_text=_("The best grade that is still possible.")
    )
    work = forms.CharField(
        label=_("Work honoured"),
        max_length=100,
        required=False,
        help_text=_("For a bonus: the same work honoured at several levels counts once, at the highest."),
    )
    happened_on = forms.DateField(label=_("Date"), widget=DateInput())
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    basis = forms.CharField(label=_("Basis"), max_length=200, help_text=_("Number and title of the document."))
    document = FilesField(label=_("Document"), required=False)

    def __init__(self, user: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        campaigns: Any = self.fields["campaign"]
        campaigns.queryset = campaigns_for(user).running()

    def clean_subject(self) -> Organization | Member:
        code = self.cleaned_data["subject"].strip()
        organization = Organization.objects.allowed(self.user, Cap.SCORE_RUN).filter(code=code).first()
        member = Member.objects.allowed(self.user, Cap.SCORE_RUN).filter(personnel_no=code).first()
        found = organization or member
        if found is None:
            raise forms.ValidationError(_("There is no such organization or member in your reach."))
        return cast(Organization | Member, found)

    def clean_points(self) -> int:
        return int((self.cleaned_data["points"] or 0) * 100)

    def clean_document(self) -> Any:
        files = self.cleaned_data["document"]
        if len(files) > 1:
            raise forms.ValidationError(_("One document is enough: put several pages into one file."))
        return files[0] if files else None
