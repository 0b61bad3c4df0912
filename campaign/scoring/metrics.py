"""The figures that scoring itself provides: averages of the scores of this run, below an organization."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from campaign.common.capabilities import Cap
from campaign.models import Audience, Period
from campaign.scoring.registry import FigureRow, Metric, MetricScope, Rollup, metrics

ORGANIZATIONS = frozenset({Audience.ORGANIZATION})


def made_by_the_engine(scope: MetricScope) -> Iterable[FigureRow]:
    """An average of this run's scores comes from no query (`Metric.rollup`)."""
    raise NotImplementedError


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
            figures=made_by_the_engine,
            records_url=children_url,
            rollup=Rollup.CHILDREN,
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
            figures=made_by_the_engine,
            records_url=members_url,
            rollup=Rollup.MEMBERS,
            records_for=Cap.SCORE_VIEW_MEMBER,
        )
    )
