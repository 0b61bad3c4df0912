"""The forms of appraisals of members. Views pass what they hold to a service."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.forms import DateInput, Form, VersionMixin
from campaign.models import Campaign
from campaign.selectors import campaigns_for, current_campaign
from orgs.forms.choosing import offer
from orgs.models import Organization
from reviews.models.appraisal import (
    REMARK,
    AppraisalGrade,
    AppraisedMember,
    Attendance,
    BranchAppraisal,
    Consequence,
    MemberAppraisal,
)
from reviews.selectors.appraisal import holders
from reviews.selectors.rounds import branches_below
from reviews.services.appraisal_branch import LONGEST, Decision

UNGRADED = ("", _("Not decided"))
FIRST_YEAR, LAST_YEAR = 2000, 2100
ALL, CHOSEN = "all", "chosen"


class BranchField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.display_name)


class Days(Form):
    """Name and days of an appraisal."""

    name = forms.CharField(
        label=pgettext_lazy("of an appraisal", "Name"),
        max_length=100,
        help_text=_("Members read it, for example “2026年度民主评议党员”."),
    )
    self_until = forms.DateField(
        label=_("self-appraisal until"), help_text=_("Self-appraisal and remarks on colleagues.")
    )
    votes_from = forms.DateField(label=_("ballot from"))
    votes_until = forms.DateField(label=_("ballot until"), help_text=_("Voting ends at midnight of this day."))
    decide_until = forms.DateField(label=_("branches decide until"))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last, decided = data.get("votes_from"), data.get("votes_until"), data.get("decide_until")
        if first and last and last < first:
            self.add_error("votes_until", _("The last day of the ballot must not be before its first."))
        elif decided and last and data.get("self_until") and decided < max(last, data["self_until"]):
            self.add_error(
                "decide_until", _("Branches decide after self-appraisal and ballot: choose a later day for it.")
            )
        return data


class AppraisalForm(Days):
    """Set an appraisal up for all branches below an organization, or for some."""

    campaign = forms.ModelChoiceField(label=_("Campaign"), queryset=Campaign.objects.none(), empty_label=None)
    organization = forms.ModelChoiceField(label=_("Held by"), queryset=Organization.objects.none(), empty_label=None)
    year = forms.IntegerField(label=_("year"), min_value=FIRST_YEAR, max_value=LAST_YEAR)
    which = forms.ChoiceField(
        label=_("Which branches"),
        choices=[(ALL, _("All branches below")), (CHOSEN, _("Those chosen here"))],
        widget=forms.RadioSelect,
        initial=ALL,
    )
    branches = BranchField(
        label=pgettext_lazy("of an appraisal", "Branches"), queryset=Organization.objects.none(), required=False
    )
    field_order = ("year", "name", "organization", "campaign", "which", "branches")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["campaign"].queryset = campaigns_for(user).running()
        fields["campaign"].initial = current_campaign(user)
        fields["organization"].queryset = self.holders = holders(user)
        fields["organization"].initial = self.holders.first()
        offer(fields["branches"], branches_below(list(self.holders)))
        today = clock.today()
        fields["year"].initial = today.year
        fields["name"].initial = f"{today.year}年度民主评议党员"
        for name, days in (("self_until", 14), ("votes_from", 15), ("votes_until", 21), ("decide_until", 35)):
            fields[name].initial = today + dt.timedelta(days=days)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("which") == CHOSEN and not data.get("branches"):
            self.add_error("branches", _("Please choose at least one branch."))
        return data

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of `appraisal_create` but for the actor."""
        data = {name: value for name, value in self.cleaned_data.items() if name not in ("which", "branches")}
        chosen = self.cleaned_data["branches"] if self.cleaned_data["which"] == CHOSEN else None
        return {**data, "branches": chosen}


class AppraisalEditForm(VersionMixin, Days):
    @classmethod
    def of(cls, appraisal: MemberAppraisal, data: Any = None) -> "AppraisalEditForm":
        names = ("name", "self_until", "votes_from", "votes_until", "decide_until", "version")
        return cls(data, initial={name: getattr(appraisal, name) for name in names})


class SelfForm(VersionMixin, Form):
    """One's own appraisal: how the year was, and the grade one would give oneself."""

    text = forms.CharField(
        label=_("How you see your year"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": "10"}),
        help_text=_("What you did, what was lacking and why, what you will do about it. Facts say more than phrases."),
    )
    grade = forms.ChoiceField(
        label=_("Own grade"), choices=AppraisalGrade.choices, widget=forms.RadioSelect, required=True
    )

    def __init__(self, *args: Any, full: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not full:
            del self.fields["grade"]


class RemarksForm(Form):
    """A remark for each colleague, all optional."""

    def __init__(self, *args: Any, colleagues: list[AppraisedMember], said: dict[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in colleagues:
            self.fields[f"m{each.pk}"] = forms.CharField(
                label=each.name,
                max_length=REMARK,
                required=False,
                initial=said.get(each.pk, ""),
                widget=forms.Textarea(attrs={"rows": "2"}),
            )

    def remarks(self) -> dict[int, str]:
        """Return the text for each colleague's entry."""
        return {int(name[1:]): text for name, text in self.cleaned_data.items()}


class BranchForm(VersionMixin, Form):
    """What stands above the grades: when the branch met, and what it has to explain."""

    met_on = forms.DateField(label=_("decided at the meeting of"), required=False)
    remarks = forms.CharField(
        label=_("explanation"),
        max_length=REMARK,
        required=False,
        widget=forms.Textarea(attrs={"rows": "2"}),
        help_text=_("For example why more than a third are excellent. The organization above reads it."),
    )

    @classmethod
    def of(cls, branch: BranchAppraisal, data: Any = None) -> "BranchForm":
        return cls(data, initial={name: getattr(branch, name) for name in ("met_on", "remarks", "version")})


class DecisionForm(Form):
    """What was decided on one member."""

    grade = forms.ChoiceField(
        label=_("grade of the branch"), choices=[UNGRADED, *AppraisalGrade.choices], required=False
    )
    problems = forms.CharField(
        label=_("main problems and measures"),
        max_length=REMARK,
        required=False,
        widget=forms.Textarea(attrs={"rows": "2"}),
    )
    consequence = forms.ChoiceField(label=_("consequence"), choices=Consequence.choices)
    due_on = forms.DateField(label=_("to be done by"), required=False, widget=DateInput())

    def __init__(self, data: Any = None, *, entry: AppraisedMember) -> None:
        names = ("grade", "problems", "consequence", "due_on")
        super().__init__(data, prefix=f"m{entry.pk}", initial={name: getattr(entry, name) for name in names})
        self.entry = entry
        # Four selects of a handful of entries in every row: plain ones, without a search box each.
        for name in ("grade", "consequence"):
            self.fields[name].widget.attrs.pop("data-select", None)
        if not entry.is_gradable:
            del self.fields["grade"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("consequence", Consequence.NONE) != Consequence.NONE and not data.get("due_on"):
            self.add_error("due_on", _("By which day?"))
        return data

    @property
    def is_filled(self) -> bool:
        """Whether more than a grade stands here, or something is wrong with it."""
        more = [self[name].value() for name in ("problems", "due_on")]
        return bool(self.errors or any(more) or self["consequence"].value() != Consequence.NONE)

    def decision(self) -> Decision:
        data = self.cleaned_data
        return Decision(self.entry.pk, data.get("grade", ""), data["problems"], data["consequence"], data["due_on"])


def decision_forms(data: Any, roll: list[AppraisedMember]) -> Iterator[DecisionForm]:
    """Give a form for everybody on the roll who has not left."""
    for entry in roll:
        if entry.attendance != Attendance.LEFT:
            yield DecisionForm(data, entry=entry)


class AttendanceForm(VersionMixin, Form):
    attendance = forms.ChoiceField(
        label=_("attendance"),
        choices=[choice for choice in Attendance.choices if choice[0] != Attendance.LEFT],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=pgettext_lazy("attendance", "reason"),
        max_length=200,
        required=False,
        help_text=_("Needed for who is away or exempt, such as “长期出差” or “年老体弱，本人申请”."),
    )


class OpinionForm(VersionMixin, Form):
    opinion = forms.CharField(
        label=_("What you say to your result"), max_length=REMARK, widget=forms.Textarea(attrs={"rows": "2"})
    )
