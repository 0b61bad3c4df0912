"""Filters above the lists of plans: nothing personal."""

from typing import Any, ClassVar

import django_filters
from django.utils.translation import gettext_lazy as _

from campaign.common.filters import Filters, search_box
from campaign.filings.models import EXPECTED_TYPES, ImplementationPlan, PlanState
from campaign.filings.selectors import plans_to_decide
from campaign.models import Campaign
from orgs.filters import Below
from orgs.models import Organization, OrganizationType


def visible_campaigns(request: Any) -> Any:
    return Campaign.objects.visible_to(request.user)


class PlanFilter(Filters):
    q = django_filters.CharFilter(field_name="title", lookup_expr="icontains", label=_("Title"), widget=search_box())
    campaign = django_filters.ModelChoiceFilter(label=_("campaign"), queryset=visible_campaigns)
    organization = Below()
    state = django_filters.ChoiceFilter(label=_("state"), choices=PlanState.choices)
    which = django_filters.ChoiceFilter(
        label=_("To do"), choices=[("to_decide", _("waiting for my decision"))], method="by_task"
    )

    class Meta:
        model = ImplementationPlan
        fields: ClassVar[list[str]] = []

    def by_task(self, queryset: Any, _name: str, _what: str) -> Any:
        return queryset.filter(pk__in=plans_to_decide(self.request.user).order_by().values("pk"))


class MissingFilter(Filters):
    organization = Below()
    type = django_filters.ChoiceFilter(
        label=_("type"), choices=[(kind.value, kind.label) for kind in OrganizationType if kind in EXPECTED_TYPES]
    )

    class Meta:
        model = Organization
        fields: ClassVar[list[str]] = []
