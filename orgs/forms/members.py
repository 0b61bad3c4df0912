"""Forms of members."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.excel.values import CellError, Reading, birth_in, id_number, is_male, phone
from campaign.common.forms import Form, ModelForm, RemoteSelect, VersionMixin
from orgs.models import Member, Organization, OrganizationQuerySet, Sex
from orgs.rules import member_breaches
from orgs.services.members import MemberValues
from orgs.services.probation import EXTENSIONS

GROUPS: tuple[tuple[str | Promise, tuple[str, ...]], ...] = (
    (
        _("Person"),
        (
            "organization",
            "name",
            "id_number",
            "sex",
            "birth_date",
            "ethnicity",
            "native_place",
            "phone",
            "personnel_no",
        ),
    ),
    (
        _("Membership"),
        ("kind", "joined_on", "probation_ends_on", "full_member_on", "status", "status_since"),
    ),
    (_("In the party"), ("cell", "party_post", "is_party_worker", "is_mobile", "is_exempt")),
    (
        _("Work and education"),
        ("admin_post", "job", "technical_title", "is_frontline", "started_work_on", "education", "degree"),
    ),
    (_("Other"), ("remarks",)),
)
"""The fields of form d.1, as people fill them in."""
OWN = ("organization", "id_number")
"""What the service takes by itself."""
FIELDS = tuple(name for _group, names in GROUPS for name in names if name not in OWN)


class MemberFields(ModelForm):
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("party organization"), widget=RemoteSelect("organization_search")
    )
    id_number = forms.CharField(
        label=_("id number"), required=False, max_length=30, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    class Meta:
        model = Member
        fields = FIELDS
        help_texts = {
            "personnel_no": _("Leave empty to have one made."),
            "is_mobile": _("Works or lives away from the branch for a long time and cannot take part in its life."),
            "is_exempt": _("Retired, old or ill members pledge voluntarily."),
            "probation_ends_on": _("Only where it is not a year after joining."),
            "status_since": _("Left empty, a new status counts from today."),
        }

    def __init__(self, *args: Any, organizations: OrganizationQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]
        # Taken from the id number where they are left empty.
        for name in ("sex", "birth_date", "personnel_no", "status"):
            self.fields[name].required = False
        self.fields["status_since"].widget.attrs["max"] = clock.today().isoformat()

    def groups(self) -> Iterator[tuple[str | Promise, list[forms.BoundField]]]:
        """Yield the fields under their headings, for the page."""
        for heading, names in GROUPS:
            yield heading, [self[name] for name in names if name in self.fields]

    def clean_status(self) -> str:
        return str(self.cleaned_data["status"] or self.instance.status)

    def clean_status_since(self) -> dt.date | None:
        day: dt.date | None = self.cleaned_data["status_since"]
        if day is not None and day > clock.today():
            raise ValidationError(_("The day of the status lies in the future."))
        return day

    def clean_id_number(self) -> str:
        return self._converted("id_number", id_number())

    def clean_phone(self) -> str:
        return self._converted("phone", phone())

    def _converted(self, name: str, convert: Any) -> str:
        """Return what was typed as the importer would store it, with the importer's words for what is wrong."""
        written = self.cleaned_data[name].strip()
        if not written:
            return ""
        try:
            return str(convert(written, Reading(today=clock.today())))
        except CellError as error:
            words = {"value": "", "header": "", **error.params}
            raise ValidationError(f"{error.kind.text % words} {error.kind.advice % words}") from None

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        number = cleaned.get("id_number", "")
        if number:
            cleaned["sex"] = cleaned.get("sex") or (Sex.MALE if is_male(number) else Sex.FEMALE)
            cleaned["birth_date"] = cleaned.get("birth_date") or birth_in(number)
        if not cleaned.get("sex") and "sex" not in self.errors and "id_number" not in self.errors:
            self.add_error("sex", _("Choose the sex, or give the id number."))
        compared = {name: cleaned.get(name) for name in ("birth_date", "joined_on", "full_member_on", "kind")}
        for breach in member_breaches(
            sex=cleaned.get("sex") or None, id_number=self.known_id_number(number), **compared
        ):
            if breach.is_error:
                self.add_error(breach.field, str(breach))
        return cleaned

    def known_id_number(self, typed: str) -> str:
        return typed

    def validate_constraints(self) -> None:
        """The service refuses in words; the database's own refusals name constraints that nobody knows."""

    def validate_unique(self) -> None:
        """See `validate_constraints`."""

    @property
    def values(self) -> MemberValues:
        """What goes to the service."""
        return {name: self.cleaned_data[name] for name in self.Meta.fields}  # type: ignore[return-value]


class MemberCreateForm(MemberFields):
    pass


class MemberEditForm(VersionMixin, MemberFields):
    """What the editor may not read in full is not shown; left empty, it stays as it is."""

    def __init__(self, *args: Any, shows_phone: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["personnel_no"].required = True
        self.fields["personnel_no"].help_text = ""
        self.fields["organization"].help_text = _(
            "Change it only where it was wrong. Who goes to another branch is transferred."
        )
        self.fields["party_post"].help_text = _(
            "A change ends the other positions in the branch. "
            "Dates and positions elsewhere are kept under “Positions and branches”."
        )
        hidden = {"birth_date": self.instance.birth_date, "phone": "" if shows_phone else self.instance.phone}
        self._hidden = {name: stored for name, stored in hidden.items() if stored}
        for name in self._hidden:
            self.initial[name] = None
        for name in (*self._hidden, *(["id_number"] if self.instance.id_number_digest else [])):
            self.fields[name].help_text = _("Stored. Fill it in only to replace it.")

    def clean(self) -> dict[str, Any]:
        typed = {name: self.cleaned_data.get(name) for name in self._hidden}
        self.cleaned_data.update({name: typed[name] or stored for name, stored in self._hidden.items()})
        return super().clean()

    def known_id_number(self, typed: str) -> str:
        return typed or self.instance.id_number


class ProbationExtendForm(VersionMixin, Form):
    months = forms.TypedChoiceField(
        label=_("extend by"),
        coerce=int,
        choices=[(months, _("%(count)s months") % {"count": months}) for months in EXTENSIONS],
    )
    reason = forms.CharField(label=_("reason"), max_length=500, widget=forms.Textarea)


class ProbationFinishForm(VersionMixin, Form):
    full_member_on = forms.DateField(label=_("full member since"))


class ReasonForm(Form):
    reason = forms.CharField(
        label=_("What you need it for"), max_length=500, widget=forms.Textarea(attrs={"autocomplete": "off"})
    )
