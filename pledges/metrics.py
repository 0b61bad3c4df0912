"""The figures that scores take from pledges. Definitions: the metrics table of docs/scoring.md.

A record counts when it was entered by `as_of` and is dated within the period: a pledge when it was on the board by the
period's end, an item when it is due within the period.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import ancestors_and_self, under
from campaign.models import Audience, Period
from campaign.scoring.registry import FigureRow, Metric, MetricScope
from orgs.models import Member, Organization
from pledges.models import KEPT, ItemResult, Pledge, PledgeItem, PledgeQuerySet

Figures = dict[str, tuple[int, int]]
"""Numerator and denominator by the path of the organization in which the records lie."""


def published_in(period: Period, as_of: dt.datetime) -> PledgeQuerySet:
    """Return the pledges on the board that were put there by the period's end, and by `as_of`."""
    after = clock.start_of(period.ends_on + dt.timedelta(days=1))
    return Pledge.objects.public().filter(
        campaign=period.campaign_id,
        year__range=(period.starts_on.year, period.ends_on.year),
        published_at__lt=after,
        published_at__lte=as_of,
    )


def obliged_members(path: str, as_of: dt.datetime) -> QuerySet[Member]:
    """Return the members below `path` who are asked for a pledge: all but the exempt."""
    return Member.objects.present().filter(under(path, "organization__path"), is_exempt=False, created_at__lte=as_of)


def due_items(period: Period, as_of: dt.datetime) -> QuerySet[PledgeItem]:
    """Return the items of pledges on the board that are due within the period."""
    return PledgeItem.objects.filter(
        pledge__in=Pledge.objects.public().filter(campaign=period.campaign_id, published_at__lte=as_of),
        due_on__range=(period.starts_on, period.ends_on),
    )


def appraised(as_of: dt.datetime) -> Q:
    return Q(appraised_at__lte=as_of)


def measured(as_of: dt.datetime) -> Q:
    """Return what the fulfilment rate is taken over: appraised or overdue, without what was adjusted objectively."""
    overdue = (Q(appraised_at=None) | Q(appraised_at__gt=as_of)) & Q(due_on__lt=timezone.localtime(as_of).date())
    return (appraised(as_of) & ~Q(result=ItemResult.ADJUSTED)) | overdue


def coverage(scope: MetricScope) -> list[FigureRow]:
    published = Exists(published_in(scope.period, scope.as_of).filter(member=OuterRef("pk")))
    rows = (
        obliged_members(scope.path, scope.as_of)
        .order_by()
        .values("organization__path")
        .annotate(covered=Count("pk", filter=published), obliged=Count("pk"))
        .values_list("organization__path", "covered", "obliged")
    )
    return rolled_up(scope.path, {path: (covered, obliged) for path, covered, obliged in rows})


def fulfilment(scope: MetricScope) -> list[FigureRow]:
    return _kept(scope, _subject_key(scope))


def _subject_key(scope: MetricScope) -> str:
    return "pledge__member_id" if scope.audience == Audience.MEMBER else "pledge__organization_id"


def _items_of(scope: MetricScope, audience: str) -> QuerySet[PledgeItem]:
    lookup = "pledge__member__organization__path" if audience == Audience.MEMBER else "pledge__organization__path"
    return due_items(scope.period, scope.as_of).filter(under(scope.path, lookup), pledge__subject_kind=audience)


def _kept(scope: MetricScope, key: str, audience: str = "") -> list[Any]:
    """Return (key, items kept, items measured) for each value of `key`."""
    counts = (
        _items_of(scope, audience or scope.audience)
        .order_by()
        .values(key)
        .annotate(
            kept=Count("pk", filter=appraised(scope.as_of) & Q(result__in=KEPT)),
            measured=Count("pk", filter=measured(scope.as_of)),
        )
    )
    return list(counts.values_list(key, "kept", "measured"))


def members_fulfilment(scope: MetricScope) -> list[FigureRow]:
    rows = _kept(scope, "pledge__member__organization__path", Audience.MEMBER)
    return rolled_up(scope.path, {path: (kept, items) for path, kept, items in rows})


def mark(scope: MetricScope) -> list[FigureRow]:
    """The mean mark of 100: Σ marks (hundredths) / (items with a mark × 100)."""
    key = _subject_key(scope)
    rows = (
        _items_of(scope, scope.audience)
        .filter(appraised(scope.as_of), mark__isnull=False)
        .order_by()
        .values(key)
        .annotate(marks=Sum("mark"), items=Count("pk"))
        .values_list(key, "marks", "items")
    )
    return [(subject, marks, items * 100) for subject, marks, items in rows]


def rolled_up(path: str, figures: Figures) -> list[FigureRow]:
    """Add the figures of each place to every organization above it, up to the one at `path`: one query, one pass."""
    totals: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for place, (numerator, denominator) in figures.items():
        for above in ancestors_and_self(place):
            if above.startswith(path):
                before = totals[above]
                totals[above] = (before[0] + numerator, before[1] + denominator)
    organizations = Organization.objects.filter(under(path)).values_list("path", "pk")
    return [(pk, *totals[place]) for place, pk in organizations if place in totals]


def counted(key: str, period: Period, subject: Organization | Member) -> QuerySet[Pledge]:
    """Return the pledges behind a figure: what `records_url` shows."""
    now = clock.now()
    if key == "pledges.coverage" and isinstance(subject, Organization):
        return published_in(period, now).filter(member__in=obliged_members(subject.path, now))
    items = due_items(period, now).filter(_behind(key, now))
    if isinstance(subject, Member):
        return Pledge.objects.filter(member=subject, items__in=items).distinct()
    if key == "pledges.members_fulfilment":
        members = under(subject.path, "member__organization__path")
        return Pledge.objects.filter(members, items__in=items).distinct()
    return Pledge.objects.filter(member=None, organization=subject, items__in=items).distinct()


def _behind(key: str, as_of: dt.datetime) -> Q:
    return appraised(as_of) & Q(mark__isnull=False) if key == "pledges.mark" else measured(as_of)


def _records(key: str) -> Any:
    def url(subject: Organization | Member, period: Period) -> str:
        kind = "member" if isinstance(subject, Member) else "organization"
        query = urlencode({"counted": key, "period": period.pk, "of": f"{kind}:{subject.pk}"})
        return f"{reverse('pledge_list')}?{query}"

    return url


ORGANIZATION, BOTH = frozenset({Audience.ORGANIZATION}), frozenset({Audience.ORGANIZATION, Audience.MEMBER})

METRICS: Iterable[Metric] = (
    Metric(
        "pledges.coverage",
        _("Pledge coverage"),
        _(
            "Members of the organization and below with a published pledge, of those who are asked for one (exempt left out)"
        ),
        ORGANIZATION,
        coverage,
        _records("pledges.coverage"),
    ),
    Metric(
        "pledges.fulfilment",
        _("Pledge fulfilment rate"),
        _(
            "Items due in the period appraised as fulfilled or mostly fulfilled, of those appraised or overdue; "
            "what was adjusted for objective reasons is left out"
        ),
        BOTH,
        fulfilment,
        _records("pledges.fulfilment"),
    ),
    Metric(
        "pledges.members_fulfilment",
        _("Pledge fulfilment rate of the members"),
        _("The fulfilment rate over the pledges of the members of the organization and below"),
        ORGANIZATION,
        members_fulfilment,
        _records("pledges.members_fulfilment"),
    ),
    Metric(
        "pledges.mark",
        _("Mean mark of the pledge"),
        _("Sum of the marks of the items due in the period, divided by the number of items with a mark (0 to 100)"),
        BOTH,
        mark,
        _records("pledges.mark"),
        unit=_("points"),
    ),
)
