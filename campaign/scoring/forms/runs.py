"""Asking for a run, and for a period to be frozen."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.forms import Form
from campaign.models import Period, PeriodState
from campaign.scoring.filters import PeriodChoice
from campaign.scoring.selectors import periods_for
from orgs.forms.choosing import offer_organizations
from orgs.models import Organization
from orgs.models.organizations import BRANCH_TYPES


class RunForm(Form):
    period = PeriodChoice(Period.objects.none(), label=_("Period"), empty_label=None)
    organization = forms.ModelChoiceField(
        Organization.objects.none(),
        label=_("Party organization"),
        help_text=_("It and everything below it is computed."),
    )

    def __init__(self, user: Any, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        periods: Any = self.fields["period"]
        periods.queryset = periods_for(user).exclude(state=PeriodState.FROZEN)
        places = Organization.objects.allowed(user, Cap.SCORE_RUN).active().exclude(type__in=BRANCH_TYPES)
        offer_organizations(self.fields["organization"], places)


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
