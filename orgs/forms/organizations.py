"""Forms of organizations."""

import json
from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.common.forms import ModelForm, RemoteSelect, VersionMixin
from orgs.models import Organization, OrganizationQuerySet
from orgs.rules import TERM_YEARS, organization_breaches, term_end
from orgs.services.organizations import OrganizationValues

GROUPS: tuple[tuple[str | Promise, tuple[str, ...]], ...] = (
    (_("Identity"), ("parent", "name", "short_name", "code", "type", "category", "established_on")),
    (_("Unit"), ("unit_kind", "covered_units", "guided_by")),
    (_("Term"), ("term_started_on", "term_ends_on")),
    (_("Contact"), ("contact_name", "contact_phone", "contact_email", "address")),
    (_("Other"), ("is_correction",)),
)
"""The fields of form d.2, as people fill them in."""
OUTSIDE = ("parent", "is_correction")
"""What the service takes by itself."""
FIELDS = tuple(name for _group, names in GROUPS for name in names if name not in OUTSIDE)


class OrganizationFields(ModelForm):
    class Meta:
        model = Organization
        fields = FIELDS
        help_texts = {
            "name": _("As on the seal, for example 中共××公司委员会."),
            "code": _("Leave empty to have one made."),
            "covered_units": _("For a joint branch: the units it covers, one after the other."),
            "guided_by": _(
                "Where the organization is led by its own line and guided by the party organization of the locality."
            ),
            "term_ends_on": _("Left empty: five years later for committees, three for general branches and branches."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].required = False
        self.fields["term_started_on"].widget.attrs["data-term-years"] = json.dumps(TERM_YEARS)

    def groups(self) -> Iterator[tuple[str | Promise, list[forms.BoundField]]]:
        """Yield the fields under their headings, for the page."""
        for heading, names in GROUPS:
            if fields := [self[name] for name in names if name in self.fields]:
                yield heading, fields

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        dates = {name: cleaned.get(name) for name in ("established_on", "term_started_on", "term_ends_on")}
        started = dates["term_started_on"]
        if started and not dates["term_ends_on"] and "term_ends_on" not in self.errors:
            dates["term_ends_on"] = cleaned["term_ends_on"] = term_end(cleaned.get("type", ""), started)
        for breach in organization_breaches(**dates):
            if breach.is_error:
                self.add_error(breach.field, str(breach))
        return cleaned

    def validate_constraints(self) -> None:
        """The service refuses in words; the database's own refusals name constraints that nobody knows."""

    def validate_unique(self) -> None:
        """See `validate_constraints`."""

    @property
    def values(self) -> OrganizationValues:
        """What goes to the service."""
        return {name: self.cleaned_data[name] for name in FIELDS}  # type: ignore[return-value]


class OrganizationCreateForm(OrganizationFields):
    parent = forms.ModelChoiceField(
        Organization.objects.none(), label=_("organization above"), widget=RemoteSelect("organization_search")
    )
    field_order = ("parent", *FIELDS)

    def __init__(self, *args: Any, parents: OrganizationQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = parents  # type: ignore[attr-defined]


class OrganizationEditForm(VersionMixin, OrganizationFields):
    is_correction = forms.BooleanField(
        label=_("Only a correction"),
        required=False,
        help_text=_("A new name or type then leaves no entry in the history."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].required = True
        self.fields["code"].help_text = ""

    @property
    def values(self) -> Any:
        return {**super().values, "is_correction": self.cleaned_data["is_correction"]}
