from datetime import timedelta
from typing import Any

import django_filters
from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaign.audit.labels import action_choices
from campaign.audit.models import AuditEntry, AuditQuerySet
from campaign.common import clock
from campaign.common.filters import Filters, search_box
from campaign.common.forms import DateInput

PEOPLE = 200
"""At most as many accounts are meant by a name: whoever types less than a name gets the first ones."""


class AuditFilter(Filters):
    """By person, action and day. Names are personal, so the search is posted."""

    personal = True

    person = django_filters.CharFilter(label=_("person"), method="by_person", widget=search_box(_("Name or account")))
    action = django_filters.ChoiceFilter(label=_("action"), choices=action_choices, empty_label=_("All"))
    since = django_filters.DateFilter(label=_("from day"), method="from_day", widget=DateInput)
    until = django_filters.DateFilter(label=_("to day"), method="to_day", widget=DateInput)

    class Meta:
        model = AuditEntry
        fields = ("person", "action", "since", "until")

    def by_person(self, entries: AuditQuerySet, _name: str, value: str) -> AuditQuerySet:
        meant = get_user_model().objects.filter(Q(username=value) | Q(name__startswith=value))
        return entries.filter(actor__in=list(meant.values_list("pk", flat=True)[:PEOPLE]))

    def from_day(self, entries: AuditQuerySet, _name: str, value: Any) -> AuditQuerySet:
        return entries.filter(at__gte=clock.start_of(value))

    def to_day(self, entries: AuditQuerySet, _name: str, value: Any) -> AuditQuerySet:
        return entries.filter(at__lt=clock.start_of(value + timedelta(days=1)))
