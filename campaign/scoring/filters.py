"""The filters above the lists of scores, grades and runs."""

from typing import Any

import django_filters
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.filters import Filters, search_box
from campaign.models import Period
from campaign.scoring.models import (
    EntryKind,
    EntryState,
    GradeBand,
    PeriodScore,
    PeriodScoreQuerySet,
    ScoreEntry,
    ScoreRun,
)
from campaign.scoring.selectors import default_period, periods_for, sheets_for
from orgs.models import Organization


def period_choices(request: HttpRequest | None) -> Any:
    return periods_for(request.user) if request else Period.objects.none()


class PeriodChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.code} · {obj.campaign.name}"


class PeriodFilter(django_filters.ModelChoiceFilter):
    field_class = PeriodChoice

    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("Period"), queryset=period_choices, **options)


class OfOnePeriod(Filters):
    """Shows one period: the one asked for, else the latest that has something to show."""

    period = PeriodFilter(empty_label=None)

    def __init__(self, data: Any, *args: Any, request: Any = None, **options: Any) -> None:
        chosen = data.copy()
        latest = default_period(request.user)
        if not chosen.get("period") and latest:
            chosen["period"] = str(latest.pk)
        super().__init__(chosen, *args, request=request, **options)

    def is_active(self) -> bool:
        """The period is always chosen: it alone is no filter."""
        cleaned = getattr(self.form, "cleaned_data", {})
        return any(value not in (None, "") for name, value in cleaned.items() if name != "period")


class ScoreFilter(OfOnePeriod):
    name = django_filters.CharFilter(
        "organization__name", lookup_expr="icontains", label=_("Party organization"), widget=search_box()
    )
    grade = django_filters.ChoiceFilter(label=_("Grade"), empty_label=_("All grades"))
    above = django_filters.ModelChoiceFilter(
        method="directly_below", queryset=Organization.objects.all(), widget=forms.HiddenInput
    )

    class Meta:
        model = PeriodScore
        fields = ("period", "name", "grade", "above")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        names = GradeBand.objects.filter(sheet__in=sheets_for(self.request.user)).order_by("-at_least", "name")
        chosen = dict.fromkeys(names.values_list("name", flat=True))
        self.form.fields["grade"].choices = [("", _("All grades")), *((name, name) for name in chosen)]

    def directly_below(self, queryset: PeriodScoreQuerySet, _name: str, above: Organization) -> PeriodScoreQuerySet:
        return queryset.filter(under(above.path, "organization__path"), organization__depth=above.depth + 1)


class GradeFilter(OfOnePeriod):
    organization = django_filters.ModelChoiceFilter(
        method="in_subtree", queryset=Organization.objects.all(), widget=forms.HiddenInput
    )

    class Meta:
        model = PeriodScore
        fields = ("period", "organization")

    def in_subtree(self, queryset: PeriodScoreQuerySet, _name: str, above: Organization) -> PeriodScoreQuerySet:
        return queryset.filter(under(above.path, "organization__path"))


class RunFilter(Filters):
    period = PeriodFilter(empty_label=_("All periods"))

    class Meta:
        model = ScoreRun
        fields = ("period",)


class EntryFilter(Filters):
    kind = django_filters.ChoiceFilter(choices=EntryKind.choices, label=_("Kind"), empty_label=_("All kinds"))
    state = django_filters.ChoiceFilter(choices=EntryState.choices, label=_("State"), empty_label=_("All states"))

    class Meta:
        model = ScoreEntry
        fields = ("kind", "state")
