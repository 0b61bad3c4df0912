"""The figures that scores take from pledges. Definitions: the metrics table of docs/scoring.md.

A record counts when it was entered by `as_of` and is dated within the period: a pledge when it was on the board by the
period's end, an item when it is due within the period.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Sum, Value, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import under
from campaign.models import Audience, Period
from campaign.scoring.registry import (
    MEMBER,
    Concerned,
    Evidence,
    Figures,
    Metric,
    MetricScope,
    Watch,
)
from campaign.scoring.registry import ORGANIZATION as OF_ORGANIZATION
from orgs.models import Member, Organization
from pledges.models import KEPT, PUBLIC, ItemResult, Pledge, PledgeItem, PledgeQuerySet


def published_in(period: Period, as_of: dt.datetime) -> PledgeQuerySet:
    """Return the pledges on the board that were put there by the period's end, and by `as_of`."""
    return Pledge.objects.filter(is_published_in(period, as_of))


def is_published_in(period: Period, as_of: dt.datetime, pledge: str = "") -> Q:
    """Return the condition that the pledge to which `pledge` leads ("pledge__") was on the board by the period's end, and by
    `as_of`."""
    wanted = {
        "campaign": period.campaign_id,
        "state__in": PUBLIC,
        "year__range": (period.starts_on.year, period.ends_on.year),
        "published_at__lt": clock.start_of(period.ends_on + dt.timedelta(days=1)),
        "published_at__lte": as_of,
    }
    return Q(**{f"{pledge}{name}": value for name, value in wanted.items()})


def obliged_members(as_of: dt.datetime) -> QuerySet[Member]:
    """Return the members who are asked for a pledge: all but the exempt."""
    return Member.objects.present().filter(is_exempt=False, created_at__lte=as_of)


def due_items(period: Period, as_of: dt.datetime) -> QuerySet[PledgeItem]:
    """Return the items of pledges on the board that are due within the period."""
    return PledgeItem.objects.filter(
        pledge__campaign=period.campaign_id,
        pledge__state__in=PUBLIC,
        pledge__published_at__lte=as_of,
        due_on__range=(period.starts_on, period.ends_on),
    )


def appraised(as_of: dt.datetime) -> Q:
    return Q(appraised_at__lte=as_of)


def measured(as_of: dt.datetime) -> Q:
    """Return what the fulfilment rate is taken over: appraised or overdue, without what was adjusted objectively."""
    overdue = (Q(appraised_at=None) | Q(appraised_at__gt=as_of)) & Q(due_on__lt=timezone.localtime(as_of).date())
    return (appraised(as_of) & ~Q(result=ItemResult.ADJUSTED)) | overdue


def coverage(scope: MetricScope) -> Figures:
    """1 of 1 for every obliged member with a published pledge, 0 of 1 for the others."""
    published = Exists(published_in(scope.period, scope.as_of).filter(member=OuterRef("pk")))
    covered = Case(When(published, then=1), default=0, output_field=IntegerField())
    members = obliged_members(scope.as_of).order_by().values(whose=F("pk"))
    figures: Figures = members.annotate(numerator=covered, denominator=Value(1))
    return figures


def fulfilment(scope: MetricScope) -> Figures:
    figures: Figures = _items_of(scope).annotate(
        numerator=Count("pk", filter=appraised(scope.as_of) & Q(result__in=KEPT)),
        denominator=Count("pk", filter=measured(scope.as_of)),
    )
    return figures


def mark(scope: MetricScope) -> Figures:
    """The mean mark of 100: Σ marks (hundredths) / (items with a mark × 100)."""
    marked = _items_of(scope).filter(appraised(scope.as_of), mark__isnull=False)
    figures: Figures = marked.annotate(numerator=Sum("mark"), denominator=Count("pk") * 100)
    return figures


def _items_of(scope: MetricScope) -> Figures:
    subject = "pledge__member_id" if scope.audience == Audience.MEMBER else "pledge__organization_id"
    items = due_items(scope.period, scope.as_of).filter(pledge__subject_kind=scope.audience)
    found: Figures = items.order_by().values(whose=F(subject))
    return found


def counted(key: str, period: Period, subject: Organization | Member) -> QuerySet[Pledge]:
    """Return the pledges behind a figure: what `records_url` shows."""
    now = clock.now()
    if key == "pledges.coverage" and isinstance(subject, Organization):
        return published_in(period, now).filter(
            member__in=obliged_members(now).filter(under(subject.path, "organization__path"))
        )
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


ORGANIZATION, MEMBERS, BOTH = frozenset({Audience.ORGANIZATION}), frozenset({Audience.MEMBER}), frozenset(Audience)

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
        adds_up=MEMBERS,
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
        fulfilment,
        _records("pledges.members_fulfilment"),
        adds_up=MEMBERS,
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


def concerned(pledges: Collection[int]) -> Concerned:
    """Return whom changed pledges concern: who made them."""
    changed = Pledge.objects.filter(pk__in=pledges).order_by()
    return Concerned(
        frozenset(changed.of_members().values_list("member", flat=True)),
        frozenset(changed.of_organizations().values_list("organization", flat=True)),
    )


def falling_due(after: dt.date, until: dt.date) -> list[int]:
    """Return the pledges with items that nobody has appraised and that became overdue on these days: the day after they were
    due."""
    day = dt.timedelta(days=1)
    items = PledgeItem.objects.filter(appraised_at=None, due_on__range=(after, until - day), pledge__state__in=PUBLIC)
    return list(items.order_by().values_list("pledge_id", flat=True).distinct())


EVIDENCE = Evidence(
    key="pledges.pledge",
    label=_("Pledges"),
    watched=(
        Watch(
            "pledges_pledge",
            ((MEMBER, "member_id"), (OF_ORGANIZATION, "organization_id")),
            ("state", "organization_id", "member_id", "campaign_id", "year", "published_at", "subject_kind"),
        ),
        Watch(
            "pledges_pledgeitem",
            (("pledges.pledge", "pledge_id"),),
            ("pledge_id", "due_on", "result", "mark", "appraised_at"),
        ),
    ),
    concerned=concerned,
    falling_due=falling_due,
)
