"""The form of a leader review: made for a phone held during a visit."""

from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.forms import Form, VersionMixin
from campaign.models import Audience
from reviews.models.leader import ReviewMode
from reviews.services.leader import MAX_TEXT

CONTENTS: dict[str, tuple[str | Promise, ...]] = {
    Audience.ORGANIZATION: (
        _("how the campaign is organized and led"),
        _("central work and key tasks"),
        _("pledges and how they are kept"),
        _("serving the masses, problems solved"),
        _("leading group and team"),
        _("Party and masses building together"),
    ),
    Audience.MEMBER: (
        _("taking part in the campaign"),
        _("striving to be excellent at one's post"),
        _("pledges and how they are kept"),
        _("contact with the masses and service to them"),
    ),
}
"""What a review speaks of: six points for an organization, four for a member (2-domain b.6)."""


def text(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=MAX_TEXT,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 5, "maxlength": MAX_TEXT}),
    )


class LeaderReviewForm(Form):
    mode = forms.ChoiceField(
        label=_("Mode of review"), choices=ReviewMode.choices, widget=forms.RadioSelect, initial=ReviewMode.ONSITE
    )
    held_on = forms.DateField(label=_("Reviewed on"), initial=clock.today)
    achievements = text(_("Achievements affirmed"), _("What was done well? Facts and figures rather than praise."))
    problems = text(_("Problems found"), _("What is missing? Name it plainly; 50 to 300 characters are enough."))
    direction = text(_("Direction for improvement"), _("What should be done next, and by when?"))

    def clean(self) -> dict[str, Any]:
        """A draft may have gaps; what is handed over may not (seed 002)."""
        data = super().clean() or self.cleaned_data
        if "hand_over" in self.data:
            for name in ("achievements", "problems", "direction"):
                if name not in self.errors and not data.get(name, "").strip():
                    self.add_error(name, _("Please fill this in before handing the review over."))
        return data


class LeaderReviewEditForm(VersionMixin, LeaderReviewForm):
    pass
