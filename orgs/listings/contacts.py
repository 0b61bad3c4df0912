"""Lists of contact points: all in sight, branches without one, leaders who stayed away."""

from typing import Any, ClassVar

import django_filters
import django_tables2 as tables
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.filters import Filters, search_box
from campaign.common.tables import DayColumn, NumberColumn
from orgs.contacts import current, not_visited_since, quarter_start
from orgs.filters import Below
from orgs.models import ContactPoint, Member, Organization


class ContactPointTable(tables.Table):
    organization = tables.Column(
        linkify=("contact_detail", {"pk": tables.A("pk")}),
        accessor="organization__display_name",
        order_by=("organization__path", "pk"),
    )
    leader = tables.Column(accessor="leader__name", order_by=("leader__pinyin", "pk"))
    starts_on = DayColumn()
    ends_on = DayColumn(default="—")
    visits_made = NumberColumn(verbose_name=_("visits"), orderable=False)
    last_visit = DayColumn(verbose_name=_("last visit"), default=_("never"), orderable=False)

    class Meta:
        model = ContactPoint
        fields = ("organization", "leader", "starts_on", "ends_on", "visits_made", "last_visit")
        order_by = ()


class ContactPointFilter(Filters):
    personal = True

    q = django_filters.CharFilter(
        label=_("Leader"), method="by_leader", widget=search_box(_("Name or pinyin initials"))
    )
    organization = Below()
    which = django_filters.ChoiceFilter(
        label=pgettext_lazy("contact points", "state"),
        choices=[("current", _("going on")), ("unvisited", _("not visited this quarter")), ("ended", _("ended"))],
        method="by_state",
    )

    class Meta:
        model = ContactPoint
        fields: ClassVar[list[str]] = []

    def by_leader(self, queryset: Any, _name: str, words: str) -> Any:
        typed = "".join(words.split())
        return queryset.filter(Q(leader__name__contains=typed) | Q(leader__initials__begins=typed.lower()))

    def by_state(self, queryset: Any, _name: str, which: str) -> Any:
        if which == "unvisited":
            return not_visited_since(queryset, quarter_start(clock.today()))
        return current(queryset) if which == "current" else queryset.filter(ends_on__isnull=False)


class UncoveredTable(tables.Table):
    name = tables.Column(linkify=("organization_detail", {"pk": tables.A("pk")}), order_by=("path",))
    type = tables.Column(orderable=False)

    class Meta:
        model = Organization
        fields = ("name", "type")
        order_by = ()


class AbsentLeaderTable(tables.Table):
    name = tables.Column(order_by=("pinyin", "pk"))
    organization = tables.Column(accessor="organization__display_name", order_by=("organization__path", "pk"))
    points = NumberColumn(verbose_name=_("contact points"), orderable=False)
    last_visit = DayColumn(verbose_name=_("last visit"), default=_("never"), orderable=False)

    class Meta:
        model = Member
        fields = ("name", "organization", "points", "last_visit")
        order_by = ()


class CoverageFilter(Filters):
    """Where, and since when: neither is personal, so a page of it can be kept as an address."""

    organization = Below()
    since = django_filters.DateFilter(label=_("No visit since"), method="by_day")

    class Meta:
        model = Organization
        fields: ClassVar[list[str]] = []

    def by_day(self, queryset: Any, _name: str, _day: Any) -> Any:
        return queryset  # the page reads the day: it belongs into the inner of the statement
