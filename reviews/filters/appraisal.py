"""Filters above the list of branches: nothing personal."""

from typing import Any, ClassVar

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import under
from campaign.common.filters import Filters
from campaign.common.forms import RemoteSelect
from orgs.models import Organization
from reviews.models.appraisal import AppraisedMember, BranchAppraisal, BranchState, FollowUp
from reviews.selectors.appraisal import to_confirm

WHICH = (("to_confirm", _("Waits for me")),)


def seen_organizations(request: Any) -> Any:
    return Organization.objects.visible_to(request.user)


class Below(Filters):
    """Whatever lies in an organization can be looked at for a part of the tree."""

    organization = django_filters.ModelChoiceFilter(
        label=_("Organization with all below"),
        queryset=seen_organizations,
        method="keep_below",
        widget=RemoteSelect("organization_search"),
    )

    def keep_below(self, queryset: Any, _name: str, value: Organization) -> Any:
        return queryset.filter(under(value.path, "organization__path"))


class BranchFilter(Below):
    year = django_filters.NumberFilter(label=_("year"))
    state = django_filters.ChoiceFilter(
        label=_("state"), choices=[choice for choice in BranchState.choices if choice[0] != BranchState.CANCELLED]
    )
    which = django_filters.ChoiceFilter(label=_("Which"), choices=WHICH, method="keep_which")

    class Meta:
        model = BranchAppraisal
        fields: ClassVar[list[str]] = []

    def keep_which(self, queryset: Any, _name: str, _value: str) -> Any:
        return queryset.filter(pk__in=to_confirm(self.request.user).values("pk"))


class FollowUpFilter(Below):
    follow_up = django_filters.ChoiceFilter(
        label=_("follow-up"), choices=[choice for choice in FollowUp.choices if choice[0] != FollowUp.NONE]
    )
    overdue = django_filters.BooleanFilter(label=_("Overdue"), method="keep_overdue", widget=forms.CheckboxInput)

    class Meta:
        model = AppraisedMember
        fields: ClassVar[list[str]] = []

    def keep_overdue(self, queryset: Any, _name: str, value: bool) -> Any:
        return queryset.filter(follow_up=FollowUp.OPEN, due_on__lt=clock.today()) if value else queryset
