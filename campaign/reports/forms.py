"""What a report is asked for on its page."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import holds, under
from campaign.common.capabilities import Cap
from campaign.common.forms import Form
from campaign.models import Campaign, Period, PeriodState
from campaign.reports.models import LAST_DAY
from campaign.reports.registry import LINES, Report, ReportRequest, reports
from campaign.selectors import campaigns_for, current_campaign, current_period
from orgs.forms.choosing import offer_organizations
from orgs.models import Organization, User

FORMATS = (("xlsx", "Excel (.xlsx)"), ("csv", _("CSV, for other programs")), ("print", _("Print view")))
LINE_LABELS = {
    "title": pgettext_lazy("form", "Title"),
    "left": _("Unit line, left"),
    "middle": _("Period line, middle"),
    "right": _("Date line, right"),
    "signature": _("Signature line"),
}
_MOST_COLUMNS = 100


def periods_of(campaigns: Any) -> Any:
    """Return the periods of the campaigns that have begun, the latest first."""
    begun = Period.objects.filter(campaign__in=campaigns, starts_on__lte=clock.today())
    return begun.select_related("campaign").order_by("-starts_on", "ends_on")


def years_of(campaigns: Iterable[Campaign]) -> range:
    """Return the years of the campaigns up to the present one, the latest first."""
    spans = [(each.starts_on.year, each.ends_on.year) for each in campaigns]
    last = min(max((end for _start, end in spans), default=0), clock.today().year)
    return range(last, min((start for start, _end in spans), default=last + 1) - 1, -1)


class PeriodField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Periods by name, with their campaign, and a mark where the figures are final."""

    def label_from_instance(self, obj: Any) -> str:
        frozen = f"（{obj.get_state_display()}）" if obj.state == PeriodState.FROZEN else ""
        return f"{obj.name} · {obj.campaign.name}{frozen}"


class HeadingsField(forms.MultipleChoiceField):
    """Headings of columns in the order in which they stand on the page; one that the form does not have is passed over."""

    def valid_value(self, value: Any) -> bool:
        return len(str(value)) <= _MOST_COLUMNS

    def validate(self, value: Any) -> None:
        super().validate(value[:_MOST_COLUMNS])


class ReportForm(Form):
    """Offers only what the person may see; campaign and period only where the report needs them."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Organization"))
    campaign = forms.ModelChoiceField(Campaign.objects.none(), label=_("Campaign"))
    period = PeriodField(Period.objects.none(), label=_("Period"))
    year = forms.TypedChoiceField(label=_("Year"), coerce=int, required=False, empty_value=None)
    format = forms.ChoiceField(label=_("File"), choices=FORMATS, initial="xlsx", required=False)
    unmasked = forms.BooleanField(
        label=_("Show id numbers and phones in full"),
        help_text=_("Your name, the reason and the number of rows are logged."),
        required=False,
    )
    reason = forms.CharField(label=_("Reason"), max_length=200, required=False)
    columns = HeadingsField(required=False)

    def __init__(self, *args: Any, report: Report, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.report, self.user = report, user
        offer_organizations(self.fields["organization"], Organization.objects.allowed(user, Cap.REPORT_EXPORT).active())
        if report.by_period:
            campaigns = self._choices("campaign", campaigns_for(user))
            self._choices("period", periods_of(campaigns))
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
        if report.by_period or not report.personal or not holds(user, Cap.PERSONAL_UNMASK):
            del self.fields["unmasked"], self.fields["reason"]
        if not report.is_list:
            del self.fields["columns"]

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
        field: Any = self.fields["year"]
        field.choices = [("", _("This year")), *((year, str(year)) for year in years_of(campaigns))]

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

    def starting(self) -> dict[str, Any]:
        """Return what the page starts from as if it had been chosen; without an organization there is nothing to show."""
        chosen = {name: field.initial for name, field in self.fields.items() if field.initial is not None}
        return {name: getattr(value, "pk", value) for name, value in chosen.items()}

    def request(self, **more: Any) -> ReportRequest:
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
            columns=tuple(data.get("columns") or ()),
            **more,
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
            "format": data.get("format") or "xlsx",
            "unmasked": bool(data.get("unmasked")),
            "reason": data.get("reason", ""),
            "options": self._options(),
            "columns": data.get("columns") or [],
        }

    def query(self) -> str:
        """Return what was chosen as the query of an address: ids and headings, neither reason nor wording."""
        chosen = {
            name: value
            for name, value in self.parameters().items()
            if value and name not in ("report", "format", "unmasked", "reason", "options")
        }
        return urlencode({**chosen, **{f"option_{key}": value for key, value in self._options().items()}}, doseq=True)


class ScheduleForm(Form):
    """When a report is exported every month, and for whom."""

    day = forms.TypedChoiceField(
        label=_("Day of the month"),
        coerce=int,
        choices=[(day, str(day)) for day in range(1, 29)] + [(LAST_DAY, _("The last day"))],
        initial=5,
    )
    format = forms.ChoiceField(label=_("File"), choices=FORMATS[:2], initial="xlsx")
    recipients = forms.ModelMultipleChoiceField(
        User.objects.none(),
        label=_("Recipients"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Who may export this organization. Everybody gets what they may see themselves."),
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["recipients"]
        field.queryset = people


class BundleForm(Form):
    """Which reports of which units go into one zip."""

    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("Units directly below"))
    campaign = forms.ModelChoiceField(Campaign.objects.none(), label=_("Campaign"), required=False)
    period = PeriodField(Period.objects.none(), label=_("Period"), required=False)
    year = forms.TypedChoiceField(label=_("Year"), coerce=int, required=False, empty_value=None)
    format = forms.ChoiceField(label=_("File"), choices=FORMATS[:2], initial="xlsx", required=False)
    reports = forms.MultipleChoiceField(
        label=_("Reports"), widget=forms.CheckboxSelectMultiple({"class": "form-check-input"})
    )
    units = forms.ModelMultipleChoiceField(
        Organization.objects.none(),
        label=_("Units"),
        widget=forms.CheckboxSelectMultiple({"class": "form-check-input"}),
    )

    def __init__(self, *args: Any, user: Any, above: Organization | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        places = Organization.objects.allowed(user, Cap.REPORT_EXPORT).active()
        offer_organizations(fields["organization"], places)
        fields["organization"].initial = above
        if above is not None:
            fields["units"].queryset = places.filter(under(above.path), depth__lte=above.depth + 1).order_by("path")
        campaigns = campaigns_for(user)
        fields["campaign"].queryset = campaigns
        fields["period"].queryset = periods_of(campaigns)
        if present := current_campaign(user) or campaigns.first():
            fields["campaign"].initial, fields["period"].initial = present, current_period(present)
        fields["year"].choices = [("", _("This year")), *((year, str(year)) for year in years_of(campaigns))]
        fields["reports"].choices = [(report.key, report.label) for report in sorted(reports, key=lambda r: r.number)]

    def parameters(self) -> dict[str, Any]:
        """Return the job's parameters: ids and choices."""
        data = self.cleaned_data
        return {
            "reports": data["reports"],
            "organizations": [place.pk for place in data["units"]],
            "campaign": data["campaign"].pk if data.get("campaign") else None,
            "period": data["period"].pk if data.get("period") else None,
            "year": data.get("year"),
            "format": data.get("format") or "xlsx",
        }


class WordingForm(Form):
    """The lines around the table; what stands there without a change is the hint of each field."""

    prefix = "line"

    def __init__(self, *args: Any, hints: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in LINES:
            widget = forms.TextInput({"placeholder": (hints or {}).get(name, ""), "autocomplete": "off"})
            self.fields[name] = forms.CharField(
                label=LINE_LABELS[name], required=False, max_length=200, strip=False, widget=widget
            )
