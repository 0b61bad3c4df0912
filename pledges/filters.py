from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from campaign.common.filters import Filters, search_box
from campaign.models import Audience
from pledges.models import Pledge, PledgeState


class PledgeFilter(Filters):
    """Searched by name, so posted."""

    personal = True

    name = django_filters.CharFilter(
        label=_("Name or organization"), method="by_name", widget=search_box(_("Name or initials, such as zs"))
    )
    subject_kind = django_filters.ChoiceFilter(label=_("Pledge of"), choices=Audience.choices)
    state = django_filters.ChoiceFilter(label=_("State"), choices=PledgeState.choices)
    year = django_filters.NumberFilter(label=_("Year"))

    class Meta:
        model = Pledge
        fields = ("name", "subject_kind", "state", "year")

    def by_name(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        wanted = value.strip()
        found = Q(subject_name__contains=wanted) | Q(organization_name__contains=wanted)
        if wanted.isascii():
            found |= Q(member__initials__startswith=wanted.lower()) | Q(
                organization__initials__startswith=wanted.lower()
            )
        return queryset.filter(found)
