"""The filters above the lists of scores, grades and runs."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.filters import Filters, search_box
from campaign.models import Period
from campaign.scoring.models import (
    EntryKind,
    EntryState,
    PeriodScore,
    PeriodScoreQuerySet,
    ScoreEntry,
    ScoreEntryQuerySet,
    ScoreRun,
)
from campaign.scoring.selectors import default_period, grade_names, periods_for
from orgs.models import Organization


def period_choices(request: HttpRequest | None) -> Any:
    return periods_for(request.user) if request else Period.objects.none()


class PeriodChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.campaign.name}"


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
        names = grade_names(self.request.user)
        self.form.fields["grade"].choices = [("", _("All grades")), *((name, name) for name in names)]

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
    personal = True

    name = django_filters.CharFilter(
        method="of_subject",
        label=_("Subject"),
        widget=search_box(_("Name, pinyin initials or reason")),
    )
    kind = django_filters.ChoiceFilter(choices=EntryKind.choices, label=_("Kind"), empty_label=_("All kinds"))
    state = django_filters.ChoiceFilter(choices=EntryState.choices, label=_("State"), empty_label=_("All states"))

    class Meta:
        model = ScoreEntry
        fields = ("name", "kind", "state")

    def of_subject(self, queryset: ScoreEntryQuerySet, _name: str, words: str) -> ScoreEntryQuerySet:
        typed = "".join(words.split()).lower()
        member = Q(member__name__contains=words) | Q(member__initials__startswith=typed)
        place = Q(organization__name__icontains=words) | Q(organization__initials__contains=typed)
        return queryset.filter(member | (Q(member=None) & place) | Q(reason__icontains=words))
