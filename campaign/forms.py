"""Forms of the campaign office."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.blueprints import blueprints
from campaign.common.forms import DateInput, Form, ModelForm, VersionMixin
from campaign.models import CampaignStage
from campaign.selectors import campaign_holders
from orgs.forms.choosing import offer
from orgs.models import Organization


def _templates() -> list[tuple[str, str]]:
    return [(plan.key, str(plan.label)) for plan in blueprints]


class CampaignForm(Form):
    """A campaign from a template; the organizations offered are those the person may hold one for."""

    template = forms.ChoiceField(label=_("template"), choices=_templates)
    organization = forms.ModelChoiceField(
        label=_("held by"),
        queryset=Organization.objects.none(),
        help_text=_("This organization and all below it take part."),
    )
    starts_on = forms.DateField(
        label=_("starts on"),
        widget=DateInput,
        help_text=_("The stages follow from here; you can move them afterwards."),
    )
    code = forms.RegexField(
        label=_("code"),
        regex=r"^[A-Za-z0-9-]+\Z",
        max_length=30,
        error_messages={"invalid": _("Letters, digits and hyphens only, such as CXZY-2026.")},
        help_text=_("A short name for commands and file names, such as CXZY-2026."),
    )
    name = forms.CharField(
        label=pgettext_lazy("thing", "name"),
        max_length=100,
        required=False,
        help_text=_("Left empty, the name of the template."),
    )
    theme = forms.CharField(
        label=_("theme"), max_length=200, required=False, help_text=_("Left empty, the theme of the template.")
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self.fields["organization"], campaign_holders(user))


class StageForm(VersionMixin, ModelForm):
    class Meta:
        model = CampaignStage
        fields = ("name", "focus", "starts_on", "ends_on")
        widgets = {"focus": forms.Textarea(attrs={"rows": 3})}

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, last = cleaned.get("starts_on"), cleaned.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("The last day must not lie before the first."))
        return cleaned
