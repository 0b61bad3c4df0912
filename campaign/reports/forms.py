"""What a report is asked for on its page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import holds
from campaign.common.capabilities import Cap
from campaign.common.forms import Form
from campaign.models import Campaign, Period
from campaign.reports.registry import Report, ReportRequest
from campaign.selectors import campaigns_for, current_campaign, current_period
from orgs.models import Organization


class ReportForm(Form):
    """Offers only what the person may see; campaign and period only where the report needs them."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Organization"))
    campaign = forms.ModelChoiceField(Campaign.objects.none(), label=_("Campaign"))
    period = forms.ModelChoiceField(Period.objects.none(), label=_("Period"))
    year = forms.TypedChoiceField(label=_("Year"), coerce=int, required=False, empty_value=None)
    format = forms.ChoiceField(label=_("File"), choices=(("xlsx", "Excel (.xlsx)"), ("csv", "CSV")))
    unmasked = forms.BooleanField(
        label=_("Show id numbers and phones in full"),
        help_text=_("Your name, the reason and the number of rows are logged."),
        required=False,
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)

    def __init__(self, *args: Any, report: Report, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.report, self.user = report, user
        organizations = self._choices("organization", Organization.objects.allowed(user, Cap.REPORT_EXPORT).active())
        self.fields["organization"].initial = organizations.order_by("path").first()
        if report.by_period:
            campaigns = self._choices("campaign", campaigns_for(user))
            self._choices("period", Period.objects.filter(campaign__in=campaigns).order_by("-starts_on"))
            self._start_from_the_present(campaigns.first())
        else:
            del self.fields["period"]
        if report.by_year:
            self._offer_years()
        elif not report.by_period:
            del self.fields["campaign"]
        if not report.by_year:
            del self.fields["year"]
        for option in report.options:
            choices = [("", _("All")), *option.choices(user)]
            self.fields[f"option_{option.key}"] = forms.ChoiceField(
                label=str(option.label), choices=choices, required=False
            )
        if report.by_period or not holds(user, Cap.PERSONAL_UNMASK):
            del self.fields["unmasked"], self.fields["reason"]

    def _choices(self, name: str, queryset: Any) -> Any:
        field: Any = self.fields[name]
        field.queryset = queryset
        return queryset

    def _start_from_the_present(self, campaign: Campaign | None) -> None:
        if campaign is not None:
            self.fields["campaign"].initial = campaign
            self.fields["period"].initial = current_period(campaign)

    def _offer_years(self) -> None:
        """The years of the campaigns up to the present one; left empty, a request speaks of the present campaign and year."""
        campaigns = self._choices("campaign", campaigns_for(self.user))
        self.fields["campaign"].required = False
        self.fields["campaign"].initial = current_campaign(self.user) or campaigns.first()
        spans = [(each.starts_on.year, each.ends_on.year) for each in campaigns]
        last = min(max((end for _start, end in spans), default=0), clock.today().year)
        years = range(last, min((start for start, _end in spans), default=last + 1) - 1, -1)
        self.fields["year"].choices = [(year, str(year)) for year in years]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        period, campaign = cleaned.get("period"), cleaned.get("campaign")
        if period is not None and campaign is not None and period.campaign_id != campaign.pk:
            self.add_error("period", _("This period belongs to another campaign."))
        year = cleaned.get("year")
        if year and campaign is not None and not campaign.starts_on.year <= year <= campaign.ends_on.year:
            self.add_error("year", _("The campaign does not reach into this year."))
        if cleaned.get("unmasked") and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Please give a reason: personal data leaves the system."))
        return cleaned

    def request(self) -> ReportRequest:
        """Return what was asked for; call it on a valid form."""
        data = self.cleaned_data
        return ReportRequest(
            self.user,
            data["organization"],
            data.get("campaign"),
            data.get("period"),
            bool(data.get("unmasked")),
            data.get("reason", ""),
            year=data.get("year"),
            options=self._options(),
        )

    def _options(self) -> dict[str, str]:
        chosen = {option.key: self.cleaned_data.get(f"option_{option.key}", "") for option in self.report.options}
        return {key: value for key, value in chosen.items() if value}

    def parameters(self) -> dict[str, Any]:
        """Return the job's parameters: ids and choices, nothing personal."""
        data = self.cleaned_data
        return {
            "report": self.report.key,
            "organization": data["organization"].pk,
            "campaign": data["campaign"].pk if data.get("campaign") else None,
            "period": data["period"].pk if data.get("period") else None,
            "year": data.get("year"),
            "format": data["format"],
            "unmasked": bool(data.get("unmasked")),
            "reason": data.get("reason", ""),
            "options": self._options(),
        }
