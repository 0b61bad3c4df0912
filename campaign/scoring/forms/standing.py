"""What is ranked: a period, and a group of peers in it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common.forms import Form
from campaign.models import Period
from campaign.scoring.filters import PeriodChoice
from campaign.scoring.standing import PeerGroup
from orgs.forms.choosing import offer


class GroupForm(Form):
    """Only drawn: the view reads the address itself, since what is not there any more gives way to what is."""

    period = PeriodChoice(Period.objects.none(), label=_("Period"), empty_label=None)
    group = forms.ChoiceField(label=_("Among"))

    def __init__(self, *args: Any, periods: Any, groups: Sequence[PeerGroup], **options: Any) -> None:
        super().__init__(*args, **options)
        period: Any = self.fields["period"]
        group: Any = self.fields["group"]
        period.queryset = periods
        if groups:
            offer(
                group,
                [(each.key, each.label) for each in groups],
                "peer_search",
                _("Party organization above, or score sheet"),
            )
        else:
            group.choices = [("", _("nobody yet"))]
        if chosen := self.initial.get("period"):
            group.widget.attrs["data-search-url"] = f"{reverse('peer_search')}?period={chosen}"
