"""Building a score sheet: the sheet itself, its items, its grades; what it is tried on; from when on it counts."""

import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common.capabilities import Cap
from campaign.common.forms import Form, RemoteSelect
from campaign.common.rows import PointsField, formset_of
from campaign.models import Audience, Campaign, Period, PeriodState, Standard
from campaign.scoring.arithmetic import UNIT, Banded, Grade, Method, method_of
from campaign.scoring.builtin import TEMPLATES, ItemDefinition, SheetDefinition
from campaign.scoring.choices import Column, MethodKind, Tier, WhenNothing
from campaign.scoring.filters import PeriodChoice
from campaign.scoring.models import ScoreSheet, ScoreSheetItem
from campaign.scoring.registry import metrics
from campaign.scoring.wording import PERCENT, decimal
from orgs.models import Organization, OrganizationType
from orgs.models.organizations import Category

MOST_ITEMS, MOST_GRADES = 30, 8
BUILT_IN, STORED = "built-in", "sheet"
BAND = re.compile(r"^([0-9.]+)\s*%?\s*[:：=]\s*([0-9.]+)\s*%?$")


class BeginForm(Form):
    """What a new version is copied from: a built-in sheet, or one of the campaign."""

    source = forms.ChoiceField(
        label=_("Copy from"), help_text=_("Items, marks and grades are taken over; then change them.")
    )
    apart = forms.BooleanField(
        label=_("As a sheet of its own, beside the one it is copied from"),
        required=False,
        help_text=_("For other organizations. Otherwise it becomes the next version."),
    )

    def __init__(self, *args: Any, campaign: Campaign, **options: Any) -> None:
        super().__init__(*args, **options)
        self.sheets = {str(sheet.pk): sheet for sheet in ScoreSheet.objects.newest().filter(campaign=campaign)}
        field: Any = self.fields["source"]
        field.choices = [
            *((f"{STORED}:{pk}", _t("%(name)s, version %(version)s") % {"name": sheet.name, "version": sheet.version})
              for pk, sheet in self.sheets.items()),
            *((f"{BUILT_IN}:{each.key}", _t("%(name)s (built in)") % {"name": each.name}) for each in TEMPLATES),
        ]  # fmt: skip

    def template(self) -> SheetDefinition | None:
        """Return the built-in sheet that was chosen, None for one of the campaign (`stored`)."""
        kind, _colon, key = self.cleaned_data["source"].partition(":")
        return next((each for each in TEMPLATES if each.key == key), None) if kind == BUILT_IN else None

    def stored(self) -> ScoreSheet:
        return self.sheets[self.cleaned_data["source"].partition(":")[2]]


class RevisionForm(Form):
    """Only the revision: what is sent with rows that were changed."""

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def renew(self, sheet: ScoreSheet) -> None:
        """Take the present revision, so that saving again is a decision."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data["revision"] = str(sheet.revision)
        self.data = data


class SheetForm(RevisionForm):
    name = forms.CharField(label=pgettext_lazy("thing", "Name"), max_length=60)
    types = forms.MultipleChoiceField(
        label=_("Types"), choices=OrganizationType.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    category = forms.ChoiceField(
        label=_("Only those of the category"),
        choices=[("", _("All")), *Category.choices],
        required=False,
        help_text=_("A sheet for one of the three types goes before the one for all."),
    )
    tier = forms.ChoiceField(label=_("Ranked among"), choices=Tier.choices)
    bonus_cap = PointsField(label=_("Most bonus marks"))
    honour_marks = PointsField(
        label=_("Bonus for an honour"),
        help_text=_("Proposed by itself when an award is announced; a second person confirms it."),
    )

    def __init__(self, *args: Any, audience: Audience, **options: Any) -> None:
        super().__init__(*args, **options)
        if audience == Audience.MEMBER:
            for name in ("types", "category", "tier"):
                del self.fields[name]

    def definition(
        self, sheet: ScoreSheet, items: Sequence[ItemDefinition], grades: Sequence[Grade]
    ) -> SheetDefinition:
        """Return the sheet as it was written down on the page."""
        data = self.cleaned_data
        return SheetDefinition(
            key=sheet.key,
            name=data["name"].strip(),
            audience=Audience(sheet.audience),
            items=tuple(items),
            types=tuple(OrganizationType(kind) for kind in data.get("types", ())),
            grades=tuple(grades),
            tier=Tier(data.get("tier", sheet.tier)),
            bonus_cap=data["bonus_cap"],
            category=data.get("category", ""),
            honour_marks=data["honour_marks"],
        )

    @staticmethod
    def values_of(sheet: ScoreSheet) -> dict[str, Any]:
        names = ("revision", "name", "category", "tier", "bonus_cap", "honour_marks")
        return {**{name: getattr(sheet, name) for name in names}, "types": [row.type for row in sheet.types.all()]}


class ItemForm(Form):
    """One item. `goal` says what the method needs, as people write it: a target, bands, or marks per case."""

    key = forms.SlugField(widget=forms.HiddenInput, max_length=40, required=False)
    label = forms.CharField(label=_("Item"), max_length=60)
    full = PointsField(label=_("Full marks"), widget=forms.NumberInput(attrs={"step": "0.01", "data-marks": ""}))
    metric = forms.ChoiceField(label=_("Figure"))
    standard = forms.ChoiceField(label=pgettext_lazy("of an item", "Standard"), required=False)
    method = forms.ChoiceField(label=_("Method"), choices=MethodKind.choices)
    goal = forms.CharField(label=_("Target, bands or marks"), max_length=200)
    when_nothing = forms.ChoiceField(label=_("When there is nothing to measure"), choices=WhenNothing.choices)
    column = forms.ChoiceField(label=_("Column"), choices=Column.choices)

    def __init__(self, *args: Any, audience: Audience, standards: Sequence[Standard], **options: Any) -> None:
        super().__init__(*args, **options)
        metric, standard = self.fields["metric"], self.fields["standard"]
        metric.choices = [(each.key, each.label) for each in metrics if audience in each.audiences]  # type: ignore[attr-defined]
        standard.choices = [  # type: ignore[attr-defined]
            ("", _t("None in particular")),
            *((each.code, each.name) for each in standards),
        ]
        for name in ("metric", "standard"):
            self.fields[name].widget.attrs.pop("data-select", None)

    def clean_full(self) -> int:
        full: int = self.cleaned_data["full"]
        if not full:
            raise forms.ValidationError(_("An item has more than 0 marks."))
        return full

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if {"goal", "method", "metric"} <= set(data):
            unit = str(metrics.get(data["metric"]).unit)
            try:
                data["rule"] = method_of(data["method"], parameters_of(data["method"], data["goal"], unit))
            except (ValueError, InvalidOperation):
                self.add_error("goal", GOALS[data["method"]])
        return data

    def item(self, number: int) -> ItemDefinition:
        data = self.cleaned_data
        method: Method = data["rule"]
        return ItemDefinition(
            key=data["key"] or f"item-{number}",
            label=data["label"].strip(),
            column=Column(data["column"]),
            metric=data["metric"],
            method=method,
            full=Decimal(data["full"]) / 100,
            when_nothing=WhenNothing(data["when_nothing"]),
            standard=data["standard"],
        )

    @staticmethod
    def values_of(item: ScoreSheetItem) -> dict[str, Any]:
        """Return a stored item as the fields show it. Needs its standard."""
        unit = str(metrics.get(item.metric).unit) if item.metric in metrics else PERCENT
        return {
            "key": item.key, "label": item.label, "full": item.full_marks, "metric": item.metric, "method": item.method,
            "goal": goal_text(method_of(item.method, item.parameters), unit), "when_nothing": item.when_nothing,
            "standard": item.standard.code if item.standard else "", "column": item.column,
        }  # fmt: skip


GOALS = {
    MethodKind.PROPORTIONAL: _("Give the target as a number above 0, such as 100."),
    MethodKind.BANDED: _("Give the bands as “from: part of the marks”, rising in both, such as 60:60; 80:85; 90:100."),
    MethodKind.PER_CASE: _("Give the marks off per case, such as 2."),
    MethodKind.ALL_OR_NOTHING: _("Give the figure to be reached as a number above 0, such as 100."),
}


def parameters_of(method: str, goal: str, unit: str) -> dict[str, Any]:
    """Return the parameters of a method as it stores them, from what was typed. Raises ValueError, InvalidOperation."""
    if method == MethodKind.BANDED:
        parts = [BAND.match(part.strip()) for part in re.split(r"[,，;；、]", goal) if part.strip()]
        if not all(parts):
            raise ValueError(goal)
        bands = [(_whole(found[1], _scale(unit)), _whole(found[2], UNIT // 100)) for found in parts if found]
        return {"bands": [list(band) for band in sorted(bands)]}
    number = goal.strip().removesuffix("%").strip()
    if method == MethodKind.PER_CASE:
        return {"marks": _whole(number, 100)}
    name = "target" if method == MethodKind.PROPORTIONAL else "threshold"
    return {name: _whole(number, _scale(unit))}


def _scale(unit: str) -> int:
    """How many ten-thousandths one of what people write is: a percent, or one case."""
    return UNIT // 100 if unit == PERCENT else UNIT


def _whole(text: str, scale: int) -> int:
    number = Decimal(text) * scale
    if not number.is_finite() or number != int(number):
        raise ValueError(text)
    return int(number)


def goal_text(method: Method, unit: str) -> str:
    """Write what a method needs as it is typed."""
    scale = _scale(unit)
    if isinstance(method, Banded):
        return "; ".join(f"{decimal(low, scale)}:{decimal(share, UNIT // 100)}" for low, share in method.bands)
    (value,) = method.parameters().values()
    return decimal(value, 100 if method.kind == MethodKind.PER_CASE else scale)


class GradeForm(Form):
    name = forms.CharField(label=_("Grade"), max_length=20)
    at_least = PointsField(label=_("from … points"))

    def grade(self) -> Grade:
        return Grade(self.cleaned_data["at_least"], self.cleaned_data["name"].strip())


ItemFormSet = formset_of(ItemForm, MOST_ITEMS)
GradeFormSet = formset_of(GradeForm, MOST_GRADES)


class UseForm(RevisionForm):
    period = PeriodChoice(
        Period.objects.none(),
        label=_("Counts from"),
        empty_label=None,
        help_text=_(
            "This period and those that begin later are scored by it; earlier ones keep the version they have."
        ),
    )

    def __init__(self, *args: Any, campaign: Campaign, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["period"]
        field.queryset = usable_periods(campaign)


def usable_periods(campaign: Campaign) -> "QuerySet[Period]":
    """Return the periods from which on a new version can count."""
    return campaign.periods.exclude(state=PeriodState.FROZEN).select_related("campaign").order_by("starts_on", "pk")


class TrialForm(Form):
    """On whom, and by the records of which period, a draft is tried."""

    period = PeriodChoice(Period.objects.none(), label=_("Period"), empty_label=None)
    organization = forms.ModelChoiceField(
        Organization.objects.none(),
        label=_("Party organization"),
        widget=RemoteSelect("organization_search"),
        help_text=_("It and everything below it."),
    )

    def __init__(self, user: Any, campaign: Campaign, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        periods: Any = self.fields["period"]
        organizations: Any = self.fields["organization"]
        periods.queryset = campaign.periods.select_related("campaign").order_by("-starts_on", "-pk")
        within = campaign.organizations().values("pk")
        organizations.queryset = Organization.objects.allowed(user, Cap.SCORE_RUN).active().filter(pk__in=within)
