"""The form that takes a workbook."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from campaign.common.forms import Form
from orgs.models import ImportKind, Organization
from orgs.services.imports import places_for


class ImportForm(Form):
    """`organization` is asked for only where the person imports for several."""

    kind = forms.ChoiceField(label=_("The file holds"), widget=forms.RadioSelect)
    organization = forms.ModelChoiceField(Organization.objects.none(), label=_("import for"), required=False)
    file = forms.FileField(
        label=_("Workbook"),
        help_text=_("xlsx, xls, ods or csv, as it is: titles, notes and other columns do no harm."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xlsx,.xls,.ods,.csv"}),
    )

    def __init__(self, *args: Any, actor: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = {kind: places_for(actor, kind) for kind in ImportKind}
        self._places = [place.pk for place in places[ImportKind.MEMBERS]]
        kinds = [(kind.value, kind.label) for kind in reversed(ImportKind) if places[kind]]
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.fields["kind"].initial = kinds[0][0]
        if len(self._places) == 1:
            del self.fields["organization"]
        else:
            field: Any = self.fields["organization"]
            field.queryset, field.required = Organization.objects.filter(pk__in=self._places), True

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > settings.UPLOAD_MAX_BYTES:
            limit = settings.UPLOAD_MAX_BYTES // 2**20
            raise forms.ValidationError(_("The file is larger than %(limit)s MB. Split it.") % {"limit": limit})
        return file

    @property
    def place(self) -> Organization:
        """For which organization the file is."""
        chosen: Organization | None = self.cleaned_data.get("organization")
        return chosen or Organization.objects.get(pk=self._places[0])
