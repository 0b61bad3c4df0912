"""The form that decides which of two records is kept."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.common.forms import Form
from orgs.models import Member


class ResolveForm(Form):
    keep = forms.ChoiceField(label=_("Which record is kept?"), widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason"), max_length=100)

    def __init__(self, *args: Any, members: tuple[Member, Member], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._members = {str(member.pk): member for member in members}
        self.fields["keep"].choices = [  # type: ignore[attr-defined]
            (key, f"{member.personnel_no} · {member.organization.display_name}")
            for key, member in self._members.items()
        ]
        for key, member in self._members.items():
            self.fields[f"version_{key}"] = forms.IntegerField(widget=forms.HiddenInput, initial=member.version)

    def chosen(self) -> dict[str, Any]:
        """What goes to the service: the record to keep, the other one, and their versions that were looked at."""
        kept = self.cleaned_data["keep"]
        (other,) = (key for key in self._members if key != kept)
        return {
            "keep": self._members[kept],
            "drop": self._members[other],
            "version": self.cleaned_data[f"version_{other}"],
            "keep_version": self.cleaned_data[f"version_{kept}"],
            "reason": self.cleaned_data["reason"],
        }
