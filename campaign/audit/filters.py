from typing import Any, ClassVar

import django_filters
from django.utils.translation import gettext_lazy as _

from campaign.audit.labels import action_choices
from campaign.audit.models import AuditEntry, AuditQuerySet
from campaign.audit.search import Criteria, kind_choices
from campaign.common.filters import Filters, search_box
from campaign.common.forms import DateInput


class AuditFilter(Filters):
    """By person, action, kind of object, organization, day and words. Names are personal, so the search is posted."""

    personal = True

    person = django_filters.CharFilter(label=_("person"), widget=search_box(_("Name or account")))
    organization = django_filters.CharFilter(
        label=_("organization of the person"), widget=search_box(_("Name, pinyin initials or code"))
    )
    action = django_filters.ChoiceFilter(label=_("action"), choices=action_choices, empty_label=_("All"))
    kind = django_filters.ChoiceFilter(label=_("kind of object"), choices=kind_choices, empty_label=_("All"))
    words = django_filters.CharFilter(label=_("words"), widget=search_box(_("In the object's name or the reason")))
    since = django_filters.DateFilter(label=_("from day"), widget=DateInput)
    until = django_filters.DateFilter(label=_("to day"), widget=DateInput)

    class Meta:
        model = AuditEntry
        fields: ClassVar[list[str]] = []

    def criteria(self) -> Criteria:
        """Return what is searched for; call it once the form is valid."""
        return Criteria.typed(self.form.cleaned_data, self.request.user)

    def filter_queryset(self, queryset: Any) -> AuditQuerySet:
        return self.criteria().apply(queryset)
