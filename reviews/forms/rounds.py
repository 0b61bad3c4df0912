"""The forms of evaluation rounds: setting one up, and the ballot paper."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.ballots.services import LONGEST_REMARK
from campaign.ballots.sheet import ABSTAIN, Sheet
from campaign.common import clock
from campaign.common.forms import Form
from campaign.models import Campaign
from campaign.selectors import campaigns_for, current_campaign
from orgs.models import Organization
from reviews.models.rounds import PublicationScope
from reviews.questionnaires import schemes, templates
from reviews.selectors.rounds import branches_below, holders

BRANCHES_LISTED = 1000
ALL, CHOSEN = "all", "chosen"


class BranchField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.display_name)


class RoundForm(Form):
    """What a round needs. Days are whole days: from the first moment of the first to the last of the last."""

    name = forms.CharField(
        label=_("Name of the round"), max_length=100, help_text=_("Voters read it, for example “2026年度群众评议”.")
    )
    campaign = forms.ModelChoiceField(label=_("Campaign"), queryset=Campaign.objects.none(), empty_label=None)
    organization = forms.ModelChoiceField(label=_("Held by"), queryset=Organization.objects.none(), empty_label=None)
    template = forms.ChoiceField(label=_("Who is evaluated, with which questions"), widget=forms.RadioSelect)
    which = forms.ChoiceField(
        label=_("Which branches"),
        choices=[(ALL, _("All branches below")), (CHOSEN, _("Those chosen here"))],
        widget=forms.RadioSelect,
        initial=ALL,
    )
    subjects = BranchField(
        label=pgettext_lazy("of a round", "Branches"), queryset=Organization.objects.none(), required=False
    )
    scheme = forms.ChoiceField(
        label=_("Classes of raters"),
        widget=forms.RadioSelect,
        help_text=_(
            "Raters are the members of the branch who have an account. A class with too few ballots is not shown on "
            "its own, and often no total either: choose “all raters together” for small branches."
        ),
    )
    leave_out_empty = forms.BooleanField(
        label=_("Classes without raters are left out of the total"),
        required=False,
        help_text=_("Needed when a class, such as staff and workers, has nobody with an account. It is recorded."),
    )
    opens_on = forms.DateField(label=_("First day"))
    closes_on = forms.DateField(label=_("Last day"), help_text=_("Voting ends at midnight of this day."))
    scope = forms.ChoiceField(label=_("Results are published to"), choices=PublicationScope.choices)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["campaign"].queryset = campaigns_for(user).running()
        fields["campaign"].initial = current_campaign(user)
        fields["organization"].queryset = self.holders = holders(user)
        fields["organization"].initial = self.holders.first()
        listed = branches_below(list(self.holders)).values("pk")[:BRANCHES_LISTED]
        fields["subjects"].queryset = Organization.objects.filter(pk__in=list(listed.values_list("pk", flat=True)))
        fields["template"].choices = [(each.key, each.label) for each in templates]
        fields["scheme"].choices = [(each.key, each.label) for each in schemes]
        for name in ("template", "scheme"):
            fields[name].initial = fields[name].choices[0][0]
        fields["opens_on"].initial = clock.today()
        fields["closes_on"].initial = clock.today() + dt.timedelta(days=7)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = data.get("opens_on"), data.get("closes_on")
        if first and last and last < first:
            self.add_error("closes_on", _("The last day must not be before the first."))
        if data.get("which") == CHOSEN and not data.get("subjects"):
            self.add_error("subjects", _("Please choose at least one branch."))
        return data

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `round_create` but for the actor."""
        data = self.cleaned_data
        holder = data["organization"]
        chosen = data["subjects"] if data["which"] == CHOSEN else branches_below([holder])
        return {
            **{name: data[name] for name in ("name", "campaign", "template", "scheme", "scope", "leave_out_empty")},
            "organization": holder,
            "subjects": list(chosen),
            "opens_at": clock.start_of(data["opens_on"]),
            "closes_at": clock.start_of(data["closes_on"] + dt.timedelta(days=1)),
        }


@dataclass(frozen=True)
class Section:
    """One subject of a paper with its questions."""

    name: str
    questions: list[forms.BoundField]
    remark: forms.BoundField | None


class VoteForm(Form):
    """A ballot paper as it lies in the open page. Nothing of it is kept anywhere."""

    def __init__(self, *args: Any, sheet: Sheet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sheet = sheet
        choices = [*enumerate(sheet.choices), (ABSTAIN, pgettext_lazy("vote", "Abstain"))]
        for subject, _name in sheet.subjects:
            for place, text in enumerate(sheet.items):
                self.fields[_key(subject, place)] = forms.TypedChoiceField(
                    label=f"{place + 1}. {text}",
                    choices=choices,
                    coerce=int,
                    widget=forms.RadioSelect(attrs={"autocomplete": "off"}),
                    error_messages={"required": _("Please answer this, or choose “abstain”.")},
                )
            if sheet.asks_remarks:
                self.fields[_remark(subject)] = forms.CharField(
                    label=_("Remarks (optional)"),
                    required=False,
                    max_length=LONGEST_REMARK,
                    widget=forms.Textarea(attrs={"rows": "2", "autocomplete": "off", "class": "form-control"}),
                )

    def sections(self) -> Iterator[Section]:
        for subject, name in self.sheet.subjects:
            questions = [self[_key(subject, place)] for place in range(len(self.sheet.items))]
            yield Section(name, questions, self[_remark(subject)] if self.sheet.asks_remarks else None)

    def answers(self) -> dict[int, list[int]]:
        """Return the answers as `vote_cast` takes them."""
        given = self.cleaned_data
        return {
            subject: [given[_key(subject, place)] for place in range(len(self.sheet.items))]
            for subject, _name in self.sheet.subjects
        }

    def remarks(self) -> dict[int, str]:
        """Return what was written, as `vote_cast` takes it."""
        given = self.cleaned_data
        return {subject: given.get(_remark(subject), "") for subject, _name in self.sheet.subjects}


def _remark(subject: int) -> str:
    return f"r{subject}"


def _key(subject: int, place: int) -> str:
    return f"s{subject}q{place}"
