"""Bringing the summary of pledges up to date: what was marked, what falls due today, or everything."""

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import transaction
from django.db.models import Count, QuerySet

from campaign.common import clock
from campaign.models import Campaign, CampaignState
from orgs.models import Member
from pledges.models import PUBLIC, ItemResult, Pledge, PledgeItem, PledgeSummary, SummaryMark, SummaryState
from pledges.statistics import FIGURES, ITEMS, item_figures, items_of, obliged_members, obliged_organizations, pledged

AT_ONCE = 500
"""How many organizations are named in one statement."""
ALL_FROM = 5_000
"""From so many changed organizations on, everything is counted anew: grouped queries over the whole are cheaper then."""
MARKS = 100_000
"""With more marks than these nobody looks at them one by one: everything is counted anew."""

Counts = dict[int, dict[str, int]]
"""Figures by organization."""


def summaries_refresh() -> int:
    """Bring the summaries of every campaign year up to date; returns how many organizations were counted.

    Run by a task twice a minute. Marks are taken away before the counting begins, so a change that is committed meanwhile has
    left a mark of its own for the next round. Two at once wait for each other.
    """
    for campaign in Campaign.objects.running():
        year = clock.today().year
        if campaign.starts_on.year <= year <= campaign.ends_on.year:
            SummaryState.objects.get_or_create(campaign=campaign, year=year)
    with transaction.atomic():
        states = list(SummaryState.objects.select_for_update().order_by("pk"))
        changed = _marked()
        return sum(_refresh(state, changed) for state in states)


def summary_reset() -> None:
    """Have everything counted anew at the next refresh: after a migration, which may have changed data unseen."""
    SummaryState.objects.update(counted_on=None)


def _marked() -> set[int] | None:
    """Take the marks away and return the organizations they speak of; None where they are too many to look at."""
    marks = list(SummaryMark.objects.order_by("pk")[: MARKS + 1].values_list("pk", "organization", "member", "pledge"))
    if len(marks) > MARKS:
        SummaryMark.objects.all().delete()
        return None
    for part in _parts({mark[0] for mark in marks}):  # by number: a smaller one may be committed later
        SummaryMark.objects.filter(pk__in=part).delete()
    organizations, members, pledges = (_named(mark[place] for mark in marks) for place in (1, 2, 3))
    for part in _parts(pledges):
        for organization, member in Pledge.objects.filter(pk__in=part).values_list("organization_id", "member_id"):
            organizations.add(organization)
            members |= _named([member])
    for part in _parts(members):
        organizations.update(Member.objects.filter(pk__in=part).values_list("organization_id", flat=True))
    return organizations


def _named(numbers: Iterable[int | None]) -> set[int]:
    return {number for number in numbers if number is not None}


def _parts(values: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(sorted(values))
    while part := list(islice(rest, AT_ONCE)):
        yield part


def _refresh(state: SummaryState, changed: set[int] | None) -> int:
    today = clock.today()
    parts: Iterable[list[int] | None] = [None]
    if state.counted_on is not None and changed is not None:
        chosen = changed | _fell_due(state, today)
        parts = _parts(chosen) if len(chosen) < ALL_FROM else [None]
    counted = sum(_count(state, part, today) for part in parts)
    state.counted_on, state.refreshed_at, state.mark = today, clock.now(), uuid.uuid4()
    state.save(update_fields=("counted_on", "refreshed_at", "mark"))
    return counted


def _fell_due(state: SummaryState, today: dt.date) -> set[int]:
    """Return the organizations with items that became due or overdue since the last count."""
    if state.counted_on is None or state.counted_on == today:
        return set()
    items = PledgeItem.objects.filter(
        result=ItemResult.PENDING,
        due_on__range=(min(state.counted_on, today), max(state.counted_on, today)),
        pledge__campaign=state.campaign_id,
        pledge__year=state.year,
        pledge__state__in=PUBLIC,
    )
    return set(items.order_by().values_list("pledge__organization_id", flat=True).distinct())


def _count(state: SummaryState, organizations: list[int] | None, today: dt.date) -> int:
    """Count the figures of `organizations` (None: of all) and store them: five statements and the storing."""
    campaign, year = state.campaign, state.year
    known = PledgeSummary.objects.filter(campaign=campaign, year=year)
    items = items_of(campaign, year)
    if organizations is not None:
        known = known.filter(organization__in=organizations)
        items = items.filter(pledge__organization__in=organizations)
    counts: Counts = {pk: {} for pk in known.values_list("organization_id", flat=True)}
    _add_items(counts, items, today)
    fields = ITEMS
    # Who is asked for a pledge is known for the present alone: the coverage of a past year stays as it was at its end.
    if year == today.year and campaign.state == CampaignState.RUNNING:
        _add_coverage(counts, campaign, year, organizations)
        fields = FIGURES
    rows = (
        PledgeSummary(campaign=campaign, year=year, organization_id=pk, **dict.fromkeys(FIGURES, 0) | found)
        for pk, found in sorted(counts.items())
    )
    PledgeSummary.objects.bulk_create(
        rows,
        batch_size=AT_ONCE,
        update_conflicts=True,
        unique_fields=("campaign", "year", "organization"),
        update_fields=fields,
    )
    return len(counts)


def _add_items(counts: Counts, items: QuerySet[PledgeItem], today: dt.date) -> None:
    """Add the figures of items by the organization in which the pledge was made; one query."""
    figures = {f"{name}_count": condition for name, condition in item_figures(today).items()}
    rows = (
        items.order_by()
        .values("pledge__organization_id")
        .annotate(**{name: Count("pk", filter=condition) for name, condition in figures.items()})
        .values_list("pledge__organization_id", *figures)
    )
    for organization, *found in rows:
        counts.setdefault(organization, {}).update(zip(ITEMS, found, strict=True))


def _add_coverage(counts: Counts, campaign: Campaign, year: int, organizations: list[int] | None) -> None:
    """Add who is asked for a pledge and who has made one; two queries."""
    members, places = obliged_members(campaign), obliged_organizations(campaign)
    if organizations is not None:
        members = members.filter(organization__in=organizations)
        places = places.filter(pk__in=organizations)
    for subject, queryset, key in (("organization", places, "pk"), ("member", members, "organization_id")):
        rows = (
            queryset.order_by()
            .values(key)
            .annotate(obliged=Count("pk"), pledged=Count("pk", filter=pledged(campaign, year, subject)))
            .values_list(key, "obliged", "pledged")
        )
        names = (f"{subject}s_obliged", f"{subject}s_pledged")
        for organization, *found in rows:
            counts.setdefault(organization, {}).update(zip(names, found, strict=True))
