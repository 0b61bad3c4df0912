"""Metrics of leader reviews (`docs/scoring.md`): who has one, and how far they reach."""

from typing import Any

from django.db.models import Case, F, IntegerField, Value, When
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from campaign.models import Audience, Period
from campaign.scoring.registry import (
    MEMBER,
    ORGANIZATION,
    Evidence,
    Figures,
    Metric,
    MetricScope,
    Watch,
    evidence,
    metrics,
)
from orgs.models import Member, Organization
from reviews.selectors.leader import due_members, due_organizations, reviewed_in


def received(scope: MetricScope) -> Figures:
    """At most one review of the period counts: 1 or 0 of 1."""
    due: Any = due_organizations() if scope.audience == Audience.ORGANIZATION else due_members()
    reviewed = reviewed_in(scope.period, scope.audience, scope.as_of)
    once = Case(When(reviewed, then=1), default=0, output_field=IntegerField())
    figures: Figures = due.order_by().values(whose=F("pk")).annotate(numerator=once, denominator=Value(1))
    return figures


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
            received,
            coverage_url,
            adds_up=frozenset(Audience),
        )
    )
    evidence.register(
        Evidence(
            key="reviews.review",
            watched=(
                Watch(
                    "reviews_leaderreview",
                    ((MEMBER, "member_id"), (ORGANIZATION, "organization_id")),
                    ("state", "campaign_id", "organization_id", "member_id", "audience", "held_on", "submitted_at"),
                ),
            ),
        )
    )
