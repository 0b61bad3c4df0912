from typing import Any

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaign.common.filters import Filters, search_box
from campaign.models import Audience, Period
from campaign.selectors import campaigns_for
from reviews.models.leader import LeaderReview, LeaderReviewQuerySet, ReviewMode, ReviewState


def periods_for(request: Any) -> Any:
    return Period.objects.filter(campaign__in=campaigns_for(request.user)).order_by("-starts_on", "pk")


class LeaderReviewFilters(Filters):
    """`about` and `member` come from links (a score's counted records) and are not typed."""

    period = django_filters.ModelChoiceFilter(
        label=_("Period"), queryset=periods_for, method="in_period", empty_label=_("All")
    )
    mode = django_filters.ChoiceFilter(label=_("Mode of review"), choices=ReviewMode.choices, empty_label=_("All"))
    organization = django_filters.CharFilter(
        label=_("Party organization"), method="named", widget=search_box(_("Name or initials"))
    )
    state = django_filters.ChoiceFilter(label=_("State"), choices=ReviewState.choices, empty_label=_("All"))
    mine = django_filters.BooleanFilter(label=_("Written by me"), method="own", widget=forms.CheckboxInput)
    about = django_filters.NumberFilter(method="of_organization", widget=forms.HiddenInput)
    member = django_filters.NumberFilter(field_name="member", widget=forms.HiddenInput)

    class Meta:
        model = LeaderReview
        fields = ("period", "mode", "organization", "state", "mine", "about", "member")

    def in_period(self, queryset: LeaderReviewQuerySet, name: str, value: Period) -> LeaderReviewQuerySet:
        return queryset.during(value)

    def named(self, queryset: LeaderReviewQuerySet, name: str, value: str) -> LeaderReviewQuerySet:
        return queryset.filter(
            Q(organization__name__contains=value)
            | Q(organization__short_name__contains=value)
            | Q(organization__initials__startswith=value.lower())
        )

    def own(self, queryset: LeaderReviewQuerySet, name: str, value: bool) -> LeaderReviewQuerySet:
        return queryset.filter(reviewer=self.request.user) if value else queryset

    def of_organization(self, queryset: LeaderReviewQuerySet, name: str, value: Any) -> LeaderReviewQuerySet:
        return queryset.filter(organization=value, audience=Audience.ORGANIZATION)
