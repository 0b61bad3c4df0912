"""The figures that scoring itself provides: averages of the scores of this run, below an organization."""

from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from campaign.common.capabilities import Cap
from campaign.models import Audience, Period
from campaign.scoring.registry import Metric, Rollup, metrics

ORGANIZATIONS = frozenset({Audience.ORGANIZATION})


def children_url(subject: Any, period: Period) -> str:
    return f"{reverse('score_list')}?{urlencode({'period': period.pk, 'above': subject.pk})}"


def members_url(subject: Any, period: Period) -> str:
    return f"{reverse('grade_list')}?{urlencode({'period': period.pk, 'organization': subject.pk})}"


def register() -> None:
    metrics.register(
        Metric(
            key="children.average",
            label=_("Average score of the organizations directly below"),
            definition=_(
                "Sum of the totals of the active organizations directly below, as this run finds them, divided by their number "
                "and by 100 marks. Those without a score do not count."
            ),
            audiences=ORGANIZATIONS,
            figures=None,
            records_url=children_url,
            rollup=Rollup.CHILDREN,
        )
    )
    metrics.register(
        Metric(
            key="children.weighted",
            label=_("Average score of the organizations directly below, weighted by members"),
            definition=_(
                "Sum of the totals of the active organizations directly below, as this run finds them, each times the members "
                "that it and everything below it have; divided by the sum of these members and by 100 marks. Who is a member "
                "where is told by the last day of the period. Those without a score, and those without members, do not count."
            ),
            audiences=ORGANIZATIONS,
            figures=None,
            records_url=children_url,
            rollup=Rollup.WEIGHTED,
        )
    )
    metrics.register(
        Metric(
            key="members.average",
            label=_("Average score of the members"),
            definition=_(
                "Sum of the totals of the members of the organization and of everything below it, as this run finds them, "
                "divided by their number and by 100 marks. Those without a score do not count."
            ),
            audiences=ORGANIZATIONS,
            figures=None,
            records_url=members_url,
            rollup=Rollup.MEMBERS,
            records_for=Cap.SCORE_VIEW_MEMBER,
        )
    )
