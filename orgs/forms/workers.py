"""Forms of the workers who are no members."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.forms import Form, ModelForm, RemoteSelect, VersionMixin, WorkbookField
from orgs.models import HeadCount, Organization, OrganizationQuerySet, Worker
from orgs.services.workers import WorkerValues

FIELDS = ("name", "personnel_no", "team", "job", "is_representative")


class _Placed(forms.Form):
    """Asks for the organization; whoever keeps the list of one alone finds it chosen."""

    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("party organization"), widget=RemoteSelect("organization_search")
    )

    def __init__(self, *args: Any, organizations: OrganizationQuerySet, **kwargs: Any) -> None:
        first_two = list(organizations[:2])
        if len(first_two) == 1:
            kwargs["initial"] = {"organization": first_two[0], **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]


class WorkerFields(ModelForm):
    class Meta:
        model = Worker
        fields = FIELDS
        help_texts = {"is_representative": _("Takes part where not everybody does.")}

    def clean_name(self) -> str:
        return "".join(self.cleaned_data["name"].split())

    def validate_unique(self) -> None:
        """The service refuses in words."""

    def validate_constraints(self) -> None:
        """See `validate_unique`."""

    @property
    def values(self) -> WorkerValues:
        """What goes to the service."""
        return {name: self.cleaned_data[name] for name in FIELDS}  # type: ignore[return-value]


class WorkerCreateForm(_Placed, WorkerFields):
    field_order = ("organization", *FIELDS)


class WorkerEditForm(VersionMixin, WorkerFields):
    pass


class HeadCountForm(_Placed, ModelForm):
    field_order = ("organization", "workers", "counted_on")

    class Meta:
        model = HeadCount
        fields = ("workers", "counted_on")
        help_texts = {"workers": _("Those of the organization itself; organizations below count their own.")}

    def clean_counted_on(self) -> Any:
        day = self.cleaned_data["counted_on"]
        if day > clock.today():
            raise forms.ValidationError(_("A day in the future cannot be entered."))
        return day


class WorkerListForm(_Placed, Form):
    """A list to be compared: pasted or as a workbook; when it is confirmed it comes back as text."""

    pasted = forms.CharField(
        label=_("Paste a list"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_(
            "One worker a line, copied from a sheet or typed: name, personnel number, team, job, representative or not."
        ),
    )
    file = WorkbookField(
        label=_("or choose a workbook"),
        required=False,
        largest=settings.UPLOAD_MAX_BYTES,
        help_text=_("Columns 姓名, 工号, 班组, 岗位, 是否代表; only the first is needed."),
    )
    complete = forms.BooleanField(
        label=_("the list is complete"),
        required=False,
        help_text=_("Who does not stand in it is taken off the list of the organization."),
    )
    field_order = ("organization", "pasted", "file", "complete")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not cleaned.get("file") and not str(cleaned.get("pasted", "")).strip() and "file" not in self.errors:
            self.add_error("pasted", _("Paste a list, or choose a workbook."))
        return cleaned
