"""Asking for a run."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.attachments.forms import FilesField
from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.forms import DateInput, Form
from campaign.models import Campaign, Period, PeriodState
from campaign.scoring.filters import PeriodChoice
from campaign.scoring.models import EntryKind
from campaign.scoring.selectors import periods_for
from campaign.selectors import campaigns_for
from orgs.models import Member, Organization
from orgs.models.organizations import BRANCH_TYPES


class OrganizationChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{'　' * (obj.depth - 1)}{obj.name}"


class RunForm(Form):
    period = PeriodChoice(Period.objects.none(), label=_("Period"), empty_label=None)
    organization = OrganizationChoice(
        Organization.objects.none(),
        label=_("Party organization"),
        empty_label=None,
        help_text=_("It and everything below it is computed."),
    )

    def __init__(self, user: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        periods: Any = self.fields["period"]
        periods.queryset = periods_for(user).exclude(state=PeriodState.FROZEN)
        organizations: Any = self.fields["organization"]
        organizations.queryset = (
            Organization.objects.allowed(user, Cap.SCORE_RUN).active().exclude(type__in=BRANCH_TYPES)
        )


class FreezeForm(Form):
    period = PeriodChoice(
        Period.objects.none(),
        label=_("Period"),
        empty_label=None,
        help_text=_("Only periods that are over can be frozen."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Read by the second person. Needed where a frozen period is to be corrected."),
    )

    def __init__(self, user: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        periods: Any = self.fields["period"]
        held = Organization.objects.allowed(user, Cap.SCORE_FREEZE)
        periods.queryset = (
            Period.objects.filter(campaign__organization__in=held, ends_on__lt=clock.today())
            .select_related("campaign")
            .order_by("-starts_on", "-pk")
        )


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
