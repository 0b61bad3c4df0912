import django_filters
from django.utils.translation import gettext_lazy as _

from campaign.common.filters import Filters
from campaign.jobs.models import Job, JobState
from campaign.jobs.registry import kinds


def kinds_by_label() -> list[tuple[str, str]]:
    return sorted(((kind.key, str(kind.label)) for kind in kinds), key=lambda choice: choice[1])


class JobFilter(Filters):
    kind = django_filters.ChoiceFilter(label=_("kind"), choices=kinds_by_label, empty_label=_("All"))
    state = django_filters.ChoiceFilter(label=_("state"), choices=JobState.choices, empty_label=_("All"))

    class Meta:
        model = Job
        fields = ("kind", "state")
