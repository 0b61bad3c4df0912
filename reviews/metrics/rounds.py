"""Metrics of mass evaluation (`docs/scoring.md`): the published, valid result of the period; the last one where there are
several. What is hidden is nothing to measure."""

import datetime as dt
from collections.abc import Collection
from functools import partial
from typing import Any

from django.db.models import F, Value, Window
from django.db.models.functions import RowNumber
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.ballots.models import Subject
from campaign.common import clock
from campaign.models import Audience, Period
from campaign.scoring.registry import Concerned, Evidence, Figures, Metric, MetricScope, Watch, evidence, metrics
from orgs.models import Member
from reviews.selectors.rounds import valid_results

FULL = 10_000


def figures(figure: str, scope: MetricScope) -> Figures:
    """The last result sealed within the period and published by `as_of`, in hundredths, of 100 × 100."""
    subject = "subject__member_id" if scope.audience == Audience.MEMBER else "subject__organization_id"
    found = valid_results(scope.audience).filter(
        ballot__round__campaign=scope.period.campaign_id,
        ballot__round__published_at__lte=scope.as_of,
        ballot__sealed_at__gte=clock.start_of(scope.period.starts_on),
        ballot__sealed_at__lt=clock.start_of(scope.period.ends_on + dt.timedelta(days=1)),
        **{f"{figure}__isnull": False},
    )
    later = (F("ballot__sealed_at").desc(), F("ballot_id").desc())
    number = Window(RowNumber(), partition_by=F(subject), order_by=later)
    last = found.order_by().annotate(number=number).filter(number=1)
    latest: Figures = last.values(whose=F(subject), numerator=F(figure), denominator=Value(FULL))
    return latest


def results_url(subject: Any, period: Period) -> str:
    """Return where the result counted for `subject` in `period` is shown; nothing where none was counted."""
    own = {"member": subject} if isinstance(subject, Member) else {"organization": subject, "member": None}
    found = (
        valid_results(Audience.MEMBER if isinstance(subject, Member) else Audience.ORGANIZATION)
        .filter(
            **{f"subject__{name}": value for name, value in own.items()},
            ballot__round__campaign=period.campaign_id,
            ballot__sealed_at__gte=clock.start_of(period.starts_on),
            ballot__sealed_at__lt=clock.start_of(period.ends_on + dt.timedelta(days=1)),
        )
        .order_by("-ballot__sealed_at", "-ballot_id")
        .values_list("ballot_id", "subject_id")
        .first()
    )
    return reverse("round_result", args=found) if found else ""


def concerned(rounds: Collection[int]) -> Concerned:
    """Return whom rounds that were published or taken back concern: their subjects."""
    rated = Subject.objects.filter(ballot__in=rounds).order_by()
    return Concerned(
        frozenset(rated.filter(audience=Audience.MEMBER).values_list("member", flat=True)),
        frozenset(rated.filter(audience=Audience.ORGANIZATION).values_list("organization", flat=True)),
    )


def register() -> None:
    both = frozenset({Audience.ORGANIZATION, Audience.MEMBER})
    metrics.register(
        Metric(
            "evaluation.score",
            _("Total score of the mass evaluation"),
            _("The published, valid total of the last round sealed in the period ÷ 100."),
            both,
            partial(figures, "total"),
            results_url,
        )
    )
    metrics.register(
        Metric(
            "evaluation.satisfaction",
            _("Satisfaction in the mass evaluation"),
            _(
                "Votes satisfied, fairly satisfied or basically satisfied ÷ votes that are no abstentions, published and valid."
            ),
            both,
            partial(figures, "satisfaction"),
            results_url,
        )
    )
    evidence.register(
        Evidence(
            key="reviews.round",
            label=_("Rounds of mass evaluation"),
            watched=(
                Watch(
                    "reviews_evaluationround", (("reviews.round", "ballot_id"),), ("state", "published_at"), "ballot_id"
                ),
            ),
            concerned=concerned,
        )
    )
