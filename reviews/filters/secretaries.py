"""Filters above the lists of reports and problems: nothing personal."""

from typing import Any, ClassVar

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from reviews.filters.appraisal import Below
from reviews.models.secretaries import ProblemState, ReportProblem, ReportState, SecretaryGrade, SecretaryReport


class SecretaryReportFilter(Below):
    state = django_filters.ChoiceFilter(
        label=_("state"), choices=[choice for choice in ReportState.choices if choice[0] != ReportState.CANCELLED]
    )
    grade = django_filters.ChoiceFilter(
        label=_("comprehensive grade"), choices=SecretaryGrade.choices, method="keep_grade"
    )

    class Meta:
        model = SecretaryReport
        fields: ClassVar[list[str]] = []

    def keep_grade(self, queryset: Any, _name: str, value: str) -> Any:
        return queryset.filter(grade=value, state=ReportState.GRADED)


class ProblemFilter(Below):
    state = django_filters.ChoiceFilter(label=_("state"), choices=ProblemState.choices)
    overdue = django_filters.BooleanFilter(label=_("Overdue"), method="keep_overdue", widget=forms.CheckboxInput)

    class Meta:
        model = ReportProblem
        fields: ClassVar[list[str]] = []

    def keep_overdue(self, queryset: Any, _name: str, value: bool) -> Any:
        return queryset.unsettled().filter(due_on__lt=clock.today()) if value else queryset
