from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.filters import Filters, search_box
from campaign.models import Audience
from pledges.models import Decision, ItemKind, ItemResult, Pledge, PledgeItem, PledgeReview, PledgeState
from pledges.queue import late


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


class QueueFilter(Filters):
    """The queue of 审诺; searched by name, so posted."""

    personal = True

    name = django_filters.CharFilter(
        label=_("Name or organization"), method="by_name", widget=search_box(_("Name or initials, such as zs"))
    )
    subject_kind = django_filters.ChoiceFilter(label=_("Pledge of"), choices=Audience.choices)
    kind = django_filters.ChoiceFilter(label=_("Kind of item"), choices=ItemKind.choices, method="by_kind")
    which = django_filters.ChoiceFilter(
        label=_("Which"),
        choices=(("again", _("Handed in again")), ("late", _("Over time"))),
        method="by_which",
    )

    class Meta:
        model = Pledge
        fields = ("name", "subject_kind", "kind", "which")

    by_name = PledgeFilter.by_name

    def by_kind(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        items = PledgeItem.objects.filter(pledge=OuterRef("pk"), kind=value)
        return queryset.filter(Exists(items))

    def by_which(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "late":
            return queryset.filter(late(clock.today()))
        return queryset.filter(Exists(PledgeReview.objects.filter(pledge=OuterRef("pk"), decision=Decision.RETURNED)))


class PersonalItemFilter(Filters):
    """Items, searched by whose they are, so posted."""

    personal = True

    name = django_filters.CharFilter(
        label=_("Name or organization"), method="by_name", widget=search_box(_("Name or initials, such as zs"))
    )
    subject_kind = django_filters.ChoiceFilter(
        field_name="pledge__subject_kind", label=_("Pledge of"), choices=Audience.choices
    )
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=ItemKind.choices)
    result = django_filters.ChoiceFilter(label=_("Fulfilment"), choices=ItemResult.choices)
    due_from = django_filters.DateFilter(field_name="due_on", lookup_expr="gte", label=_("Due from"))
    due_until = django_filters.DateFilter(field_name="due_on", lookup_expr="lte", label=_("Due until"))

    class Meta:
        model = PledgeItem
        fields = ("name", "subject_kind", "kind", "result", "due_from", "due_until")

    def by_name(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        wanted = value.strip()
        found = Q(pledge__subject_name__contains=wanted) | Q(pledge__organization_name__contains=wanted)
        if wanted.isascii():
            initials = wanted.lower()
            found |= Q(pledge__member__initials__startswith=initials)
            found |= Q(pledge__organization__initials__startswith=initials)
        return queryset.filter(found)
