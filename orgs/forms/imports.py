"""The form that takes a workbook."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from campaign.common.forms import Form, RemoteSelect, WorkbookField
from orgs.models import ImportKind, Organization
from orgs.services.imports import capability_of, places_for


class ImportForm(Form):
    """`organization` is asked for only where the person imports for several."""

    kind = forms.ChoiceField(label=_("The file holds"), widget=forms.RadioSelect)
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("import for"), required=False)
    file = WorkbookField(
        label=_("Workbook"),
        help_text=_("xlsx, xls, ods or csv, as it is: titles, notes and other columns do no harm."),
        largest=settings.UPLOAD_MAX_BYTES,
    )

    is_full = forms.BooleanField(
        label=_("The list is complete"),
        required=False,
        help_text=_("Then you are told who is in the system but not in the file. Nobody is deleted by it."),
    )
    kinds: tuple[ImportKind, ...] = (ImportKind.MEMBERS, ImportKind.ORGANIZATIONS, ImportKind.POSITIONS)

    def __init__(self, *args: Any, actor: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = {kind: places_for(actor, kind) for kind in self.kinds}
        self._places = [place.pk for place in places[self.kinds[0]]]
        kinds = [(kind.value, kind.label) for kind in self.kinds if places[kind]]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.fields["kind"].initial = kinds[0][0]
        if len(self._places) == 1:
            del self.fields["organization"]
        else:
            field: Any = self.fields["organization"]
            field.queryset, field.required = Organization.objects.filter(pk__in=self._places), True

    @property
    def place(self) -> Organization:
        """For which organization the file is."""
        chosen: Organization | None = self.cleaned_data.get("organization")
        return chosen or Organization.objects.get(pk=self._places[0])


class AccountImportForm(ImportForm):
    """A list of members for whom accounts are to be made, or whose accounts have another mail."""

    kinds = (ImportKind.ACCOUNTS,)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].widget = forms.HiddenInput()


class TemplateForm(Form):
    """What kind of form is to be filled in, for which organization, and whether it holds what is known."""

    kind = forms.ChoiceField(label=_("The file holds"), widget=forms.RadioSelect)
    organization = forms.ModelChoiceField(
        Organization.objects.none(), label=_("Organization with all below"), widget=RemoteSelect("organization_search")
    )
    holds = forms.ChoiceField(
        label=_("What it holds"),
        choices=[("known", _("with what is in the system")), ("empty", _("empty"))],
        initial="known",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, actor: Any, kinds: Sequence[ImportKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(kind.value, kind.label) for kind in kinds if places_for(actor, kind)]
        field: Any = self.fields["kind"]
        field.choices, field.initial = offered, kinds[0]
        if len(kinds) == 1:
            field.widget = forms.HiddenInput()
        place: Any = self.fields["organization"]
        place.queryset = Organization.objects.active().allowed(actor, capability_of(kinds[0]))
        place.initial = next(iter(places_for(actor, kinds[0])), None)
