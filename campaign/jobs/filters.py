import django_filters
from django.utils.translation import gettext_lazy as _

from campaign.common.filters import Filters
from campaign.jobs.models import Job, JobState


class JobFilter(Filters):
    state = django_filters.ChoiceFilter(label=_("state"), choices=JobState.choices, empty_label=_("All"))

    class Meta:
        model = Job
        fields = ("state",)
