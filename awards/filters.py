from typing import Any

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from awards.models import BatchState, Honour, HonourQuerySet, Nomination, NominationState
from awards.selectors import batches_for
from campaign.common.filters import Filters, search_box


def announced(request: Any) -> Any:
    return batches_for(request.user).filter(state=BatchState.ANNOUNCED)


class NominationFilters(Filters):
    state = django_filters.ChoiceFilter(label=_("State"), choices=NominationState.choices, empty_label=_("All"))

    class Meta:
        model = Nomination
        fields = ("state",)


class HonourFilters(Filters):
    batch = django_filters.ModelChoiceFilter(label=_("Award batch"), queryset=announced, empty_label=_("All"))
    organization = django_filters.CharFilter(
        label=_("Party organization"), method="named", widget=search_box(_("Name or initials"))
    )

    class Meta:
        model = Honour
        fields = ("batch", "organization")

    def named(self, queryset: HonourQuerySet, name: str, value: str) -> HonourQuerySet:
        return queryset.filter(
            Q(organization_name__contains=value) | Q(organization__initials__startswith=value.lower())
        )
