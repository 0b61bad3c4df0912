"""Metrics of leader reviews (`docs/scoring.md`): who has one, and how far they reach."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.models import Audience, Period
from campaign.scoring.registry import FigureRow, Metric, MetricScope, metrics
from orgs.models import Member, Organization
from reviews.selectors.leader import Counts, counts_by_path, due_members, due_organizations, reviewed_in


def received(scope: MetricScope) -> Iterator[FigureRow]:
    """At most one review of the period counts: 1 or 0 of 1. One query."""
    if scope.audience == Audience.ORGANIZATION:
        subjects: Any = due_organizations().filter(under(scope.path))
    else:
        subjects = due_members().filter(under(scope.path, "organization__path"))
    marked = subjects.order_by("pk").annotate(reviewed=reviewed_in(scope.period, scope.audience, scope.as_of))
    for pk, reviewed in marked.values_list("pk", "reviewed").iterator():
        yield pk, int(reviewed), 1


def coverage_figures(scope: MetricScope) -> Iterator[FigureRow]:
    """Organizations below and members of the subtree that have a review, of those due one. Three queries: the counts are
    grouped by place and added up to every organization above."""
    step = Organization.steplen
    totals: defaultdict[str, Counts] = defaultdict(Counts)
    for path, counts in counts_by_path(scope.period, scope.path, as_of=scope.as_of).items():
        # An organization is reviewed from above, so it counts for those above it only; its members count for it too.
        totals[path] += Counts(members_due=counts.members_due, members_reviewed=counts.members_reviewed)
        for end in range(len(scope.path), len(path), step):
            totals[path[:end]] += counts
    organizations = due_organizations().filter(under(scope.path)).order_by("pk").values_list("pk", "path")
    for pk, path in organizations.iterator():
        yield pk, totals[path].reviewed, totals[path].due


def received_url(subject: Organization | Member, period: Period) -> str:
    name = "member" if isinstance(subject, Member) else "about"
    return f"{reverse('review_list')}?{urlencode({'period': period.pk, name: subject.pk})}"


def coverage_url(subject: Organization, period: Period) -> str:
    return f"{reverse('review_coverage_of', args=[subject.pk])}?{urlencode({'period': period.pk})}"


def register() -> None:
    metrics.register(
        Metric(
            "reviews.received",
            _("Leader review received"),
            _("1 if at least one leader review was received in the period, else 0."),
            frozenset({Audience.ORGANIZATION, Audience.MEMBER}),
            received,
            received_url,
        )
    )
    metrics.register(
        Metric(
            "reviews.coverage",
            _("Coverage of leader reviews"),
            _("Organizations below and members of the subtree that have a review in the period ÷ those due one."),
            frozenset({Audience.ORGANIZATION}),
            coverage_figures,
            coverage_url,
        )
    )
