"""Forms of members."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.excel.values import CellError, Reading, birth_in, id_number, is_male, phone
from campaign.common.forms import ModelForm, RemoteSelect, VersionMixin
from orgs.models import Member, Organization, OrganizationQuerySet, Sex
from orgs.rules import member_breaches
from orgs.services.members import MemberValues

FIELDS = (
    "name", "sex", "ethnicity", "birth_date", "phone", "kind", "joined_on", "full_member_on", "party_post", "cell",
    "admin_post", "job", "technical_title", "education", "degree", "native_place", "started_work_on", "is_frontline",
    "is_party_worker", "is_exempt", "personnel_no", "remarks",
)  # fmt: skip
FIRST = ("organization", "name", "id_number")


class MemberFields(ModelForm):
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("party organization"), widget=RemoteSelect("organization_search")
    )
    id_number = forms.CharField(
        label=_("id number"), required=False, max_length=30, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    field_order: tuple[str, ...] = (*FIRST, *FIELDS)

    class Meta:
        model = Member
        fields = FIELDS
        help_texts = {
            "personnel_no": _("Leave empty to have one made."),
            "is_exempt": _("Retired, old or ill members pledge voluntarily."),
        }

    def __init__(self, *args: Any, organizations: OrganizationQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organization"].queryset = organizations  # type: ignore[attr-defined]
        # Taken from the id number where they are left empty.
        for name in ("sex", "birth_date", "personnel_no"):
            self.fields[name].required = False

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

    field_order = (*FIRST, *FIELDS, "status")

    class Meta(MemberFields.Meta):
        fields = (*FIELDS, "status")  # type: ignore[assignment]

    def __init__(self, *args: Any, shows_phone: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["personnel_no"].required = True
        self.fields["personnel_no"].help_text = ""
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
