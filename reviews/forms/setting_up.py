"""The forms by which a round is set up, one for each step."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.ballots.services import BallotRules, ChoicePlan, ClassPlan, ItemPlan
from campaign.common import clock
from campaign.common.forms import Form, VersionMixin
from campaign.common.rows import PointsField, formset_of
from campaign.models import Audience, Campaign, Standard
from campaign.selectors import campaigns_for, current_campaign
from orgs.forms.choosing import offer
from orgs.models import Organization, PartyPost
from orgs.models.organizations import BRANCH_TYPES, Category, OrganizationType
from reviews.choosing import CHOSEN, RULE, Choosing
from reviews.electorate import Source
from reviews.models.rounds import EvaluationRound, PublicationScope
from reviews.questionnaires import schemes, templates
from reviews.selectors.rounds import branches_below, comparable, holders

OPENS, CLOSES, DAYS = dt.time(8), dt.time(18), 7
MOST_ITEMS, MOST_CHOICES, MOST_BANDS, MOST_CLASSES = 20, 8, 6, 6


class MomentInput(forms.DateTimeInput):
    """The browser's own picker of day and time."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


class PlaceField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.display_name)


class TimesForm(Form):
    """From when until when people vote, and who sees what came out."""

    name = forms.CharField(
        label=_("Name of the round"), max_length=100, help_text=_("Voters read it, for example “2026年度群众评议”.")
    )
    opens_at = forms.DateTimeField(label=_("Voting begins"), widget=MomentInput)
    closes_at = forms.DateTimeField(label=_("Voting ends"), widget=MomentInput)
    scope = forms.ChoiceField(label=_("Results are published to"), choices=PublicationScope.choices)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = data.get("opens_at"), data.get("closes_at")
        if first and last and last <= first:
            self.add_error("closes_at", _("Voting must end after it begins."))
        return data


class BeginForm(TimesForm):
    """What a round is, before anything else."""

    campaign = forms.ModelChoiceField(label=_("Campaign"), queryset=Campaign.objects.none(), empty_label=None)
    organization = forms.ModelChoiceField(label=_("Held by"), queryset=Organization.objects.none(), empty_label=None)
    template = forms.ChoiceField(
        label=_("Who is evaluated, with which questions"),
        widget=forms.RadioSelect,
        help_text=_("The questions can be changed in a later step."),
    )
    field_order = ("name", "campaign", "organization", "template", "opens_at", "closes_at", "scope")

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["campaign"].queryset = campaigns_for(user).running()
        fields["campaign"].initial = current_campaign(user)
        fields["organization"].queryset = self.holders = holders(user)
        fields["organization"].initial = self.holders.first()
        fields["template"].choices = [(each.key, each.label) for each in templates]
        fields["template"].initial = fields["template"].choices[0][0]
        fields["opens_at"].initial = dt.datetime.combine(clock.today(), OPENS)
        fields["closes_at"].initial = dt.datetime.combine(clock.today() + dt.timedelta(days=DAYS), CLOSES)


class BasicsForm(VersionMixin, TimesForm):
    """The same of a round that was begun."""

    previous = forms.ModelChoiceField(
        label=_("Compare with"),
        queryset=EvaluationRound.objects.none(),
        required=False,
        help_text=_("A published round of the same kind, normally last year's."),
    )

    def __init__(self, *args: Any, evaluation_round: EvaluationRound, **kwargs: Any) -> None:
        ballot = evaluation_round.ballot
        initial = {
            "name": evaluation_round.name,
            "scope": evaluation_round.scope,
            "previous": evaluation_round.previous_id,
            "version": evaluation_round.version,
            "opens_at": ballot.opens_at,
            "closes_at": ballot.closes_at,
            **(kwargs.pop("initial", None) or {}),
        }
        super().__init__(*args, initial=initial, **kwargs)
        previous: Any = self.fields["previous"]
        previous.queryset = comparable(evaluation_round)


class SubjectsForm(VersionMixin, Form):
    """Who is evaluated: by rule, or one by one."""

    which = forms.ChoiceField(
        label=_("How they are chosen"),
        choices=[(RULE, _("All that the rule below names")), (CHOSEN, _("Only those named one by one"))],
        widget=forms.RadioSelect,
    )
    below = PlaceField(
        label=_("Only below these organizations"),
        queryset=Organization.objects.none(),
        required=False,
        help_text=_("Empty: everything below the organization that holds the round."),
    )
    types = forms.MultipleChoiceField(
        label=_("Types of organizations"),
        choices=OrganizationType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    categories = forms.MultipleChoiceField(
        label=_("Kinds of units"),
        choices=Category.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all kinds."),
    )
    posts = forms.MultipleChoiceField(
        label=_("Only members with these positions"),
        choices=PartyPost.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all members."),
    )
    chosen = PlaceField(label=_("One by one"), queryset=Organization.objects.none(), required=False)

    def __init__(self, *args: Any, evaluation_round: EvaluationRound, **kwargs: Any) -> None:
        stored = Choosing.of(evaluation_round.chosen_by)
        initial = {**stored.stored(), "version": evaluation_round.version, **(kwargs.pop("initial", None) or {})}
        super().__init__(*args, initial=initial, **kwargs)
        holder, members = evaluation_round.organization, evaluation_round.audience == Audience.MEMBER
        fields: dict[str, Any] = self.fields
        further = (
            Organization.objects.active()
            .filter(path__startswith=holder.path, depth__range=(holder.depth + 1, holder.depth + 2))
            .exclude(type__in=BRANCH_TYPES)
        )
        everything = branches_below([holder]) if members else Organization.objects.active().in_subtree(holder)
        offer(fields["below"], further)
        offer(fields["chosen"], everything)
        del self.fields["types" if members else "posts"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if data.get("which") == CHOSEN and not data.get("chosen"):
            self.add_error("chosen", _("Please choose at least one."))
        return data

    def choosing(self) -> Choosing:
        data = self.cleaned_data
        return Choosing(
            which=data["which"],
            types=tuple(data.get("types", BRANCH_TYPES)),
            categories=tuple(data["categories"]),
            below=tuple(place.pk for place in data["below"]),
            chosen=tuple(place.pk for place in data["chosen"]),
            posts=tuple(data.get("posts", ())),
        )


class RulesForm(VersionMixin, Form):
    """What is asked besides the questions, and which papers are handed back; the rest of the step is made of rows."""

    asks_remarks = forms.BooleanField(
        label=_("Ask for remarks"),
        required=False,
        help_text=_(
            "Everybody can write some words about each who is evaluated. They are shown after sealing, in random order, and "
            "only where enough were written; the ballot says beforehand who reads them."
        ),
    )
    uniform_refused = forms.BooleanField(
        label=_("Hand back ballots with the same answer to everything"),
        required=False,
        help_text=_("The voter is told at once and can change it; abstaining from everything is allowed."),
    )
    best_most = forms.IntegerField(
        label=_("How many may get the best mark in a question"),
        required=False,
        min_value=1,
        max_value=1000,
        help_text=_("Empty: as many as one likes. Useful where several are compared."),
    )

    def __init__(self, *args: Any, evaluation_round: EvaluationRound, **kwargs: Any) -> None:
        stored = {"version": evaluation_round.version, **asdict(BallotRules.of(evaluation_round.ballot))}
        super().__init__(*args, initial={**stored, **(kwargs.pop("initial", None) or {})}, **kwargs)

    def rules(self) -> BallotRules:
        data = self.cleaned_data
        return BallotRules(data["uniform_refused"], data["best_most"], data["asks_remarks"])


class ItemForm(Form):
    text = forms.CharField(label=_("Question"), max_length=200)
    weight = forms.IntegerField(label=pgettext_lazy("of a question", "Weight"), min_value=1, max_value=100, initial=1)
    standard = forms.TypedChoiceField(
        label=pgettext_lazy("of a question", "Standard"), required=False, coerce=int, empty_value=None
    )

    def __init__(self, *args: Any, standards: Sequence[Standard], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["standard"]
        field.choices = [("", _("None in particular")), *((each.pk, each.name) for each in standards)]

    def plan(self) -> ItemPlan:
        data = self.cleaned_data
        return ItemPlan(data["text"].strip(), data["weight"], data["standard"])


class ChoiceForm(Form):
    label = forms.CharField(label=_("Choice"), max_length=30)
    worth = forms.IntegerField(label=_("Points"), min_value=0, max_value=100)
    is_satisfied = forms.BooleanField(label=_("counts as satisfied"), required=False)

    def plan(self) -> ChoicePlan:
        data = self.cleaned_data
        return ChoicePlan(data["label"].strip(), data["worth"], data["is_satisfied"])


class BandForm(Form):
    name = forms.CharField(label=_("Grade"), max_length=20)
    edge = PointsField(label=_("from … points"))

    def plan(self) -> tuple[int, str]:
        return self.cleaned_data["edge"], self.cleaned_data["name"].strip()


class ClassForm(Form):
    key = forms.RegexField(label=_("Key"), regex=r"^[A-Za-z0-9]{1,10}$", max_length=10)
    name = forms.CharField(label=pgettext_lazy("thing", "Name"), max_length=30)
    weight = PointsField(label=_("Weight (%)"))
    source = forms.ChoiceField(label=_("Who rates"), choices=Source.choices)

    def plan(self) -> ClassPlan:
        data = self.cleaned_data
        return ClassPlan(data["key"], data["name"].strip(), data["weight"])


class RatersForm(VersionMixin, Form):
    minimum_turnout = PointsField(
        label=_("Turnout must exceed (%)"), help_text=_("More than this share of those entitled must vote.")
    )
    leave_out_empty = forms.BooleanField(
        label=_("Classes without raters are left out of the total"),
        required=False,
        help_text=_("Needed when a class, such as staff and workers, has nobody who votes. It is recorded."),
    )

    def __init__(self, *args: Any, evaluation_round: EvaluationRound, **kwargs: Any) -> None:
        ballot = evaluation_round.ballot
        initial = {
            "version": evaluation_round.version,
            "minimum_turnout": ballot.minimum_turnout,
            "leave_out_empty": ballot.leave_out_empty,
            **(kwargs.pop("initial", None) or {}),
        }
        super().__init__(*args, initial=initial, **kwargs)


class ExtendForm(Form):
    closes_at = forms.DateTimeField(label=_("Voting ends"), widget=MomentInput)
    reason = forms.CharField(label=_("Reason"), max_length=200, help_text=_("Everybody who may vote reads it."))


ItemFormSet = formset_of(ItemForm, MOST_ITEMS)
ChoiceFormSet = formset_of(ChoiceForm, MOST_CHOICES)
BandFormSet = formset_of(BandForm, MOST_BANDS)
ClassFormSet = formset_of(ClassForm, MOST_CLASSES)


def scheme_rows(key: str) -> list[dict[str, Any]]:
    """Return the rows of a built-in scheme of classes."""
    scheme = schemes.get(key)
    return [
        {"key": each.key, "name": each.name, "weight": each.weight, "source": scheme.electorate.get(each.key)}
        for each in scheme.classes
    ]


def typed(form: type[Form], data: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a form as they were typed, unchecked; a box that is not ticked is not sent."""
    return {name: data.get(name, "") for name in form.base_fields}
