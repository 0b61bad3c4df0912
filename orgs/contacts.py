"""Reads of contact points and visits: one's own, those of a branch, and who was left out."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, IntegerField, Max, Min, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import holds, own_member_ids
from campaign.common.capabilities import Cap
from campaign.common.desk import Tile
from orgs.models import ContactPoint, ContactVisit, Member, Organization
from orgs.models.leadership import ContactPointQuerySet
from orgs.selectors import within
from orgs.timeline import TimelineEntry

SHOWN = 50


def quarter_start(day: dt.date) -> dt.date:
    """Return the first day of the quarter of `day`: a leader visits each contact point once a quarter [REC]."""
    return dt.date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def points_for(user: Any) -> ContactPointQuerySet:
    """Return the contact points that `user` sees, each with its last visit (`last_visit`)."""
    return with_last_visit(ContactPoint.objects.visible_to(user)).select_related("leader", "organization")


def with_last_visit(points: ContactPointQuerySet) -> ContactPointQuerySet:
    """Annotate the day of the last visit and how many there were."""
    visits = ContactVisit.objects.filter(contact_point=OuterRef("pk")).order_by()
    last = visits.values("contact_point").annotate(day=Max("visited_on")).values("day")
    count = visits.values("contact_point").annotate(n=Count("pk")).values("n")
    return points.annotate(
        last_visit=Subquery(last), visits_made=Coalesce(Subquery(count, output_field=IntegerField()), Value(0))
    )


def with_visits(points: ContactPointQuerySet) -> ContactPointQuerySet:
    """Annotate the days of the first and of the last visit (`first_visit`, `last_visit`)."""
    days = ContactVisit.objects.filter(contact_point=OuterRef("pk")).order_by().values("contact_point")
    first, last = days.annotate(day=Min("visited_on")), days.annotate(day=Max("visited_on"))
    return points.annotate(first_visit=Subquery(first.values("day")), last_visit=Subquery(last.values("day")))


def current(points: ContactPointQuerySet) -> ContactPointQuerySet:
    """Keep those that go on."""
    return points.filter(ends_on=None)


def not_visited_since(points: ContactPointQuerySet, day: dt.date) -> ContactPointQuerySet:
    """Keep the current contact points without a visit on or after `day`."""
    visits = ContactVisit.objects.filter(contact_point=OuterRef("pk"), visited_on__gte=day)
    return current(points).filter(~Exists(visits))


def not_visited_between(first: dt.date, last: dt.date) -> ContactPointQuerySet:
    """Return the current contact points that stood on `first` and had no visit until `last`: those in use, whoever asks."""
    visits = ContactVisit.objects.filter(contact_point=OuterRef("pk"), visited_on__range=(first, last))
    standing = current(ContactPoint.objects.filter(starts_on__lte=first, organization__is_active=True))
    return standing.filter(~Exists(visits))


def own_points(user: Any) -> ContactPointQuerySet:
    """Return the contact points that are the user's own to visit (for a deputy, also those of whom he acts for)."""
    return points_for(user).filter(leader__in=own_member_ids(user))


def visits_root(user: Any) -> Organization | None:
    """Return the organization whose list of visits holds all that `user` records: the top for who has contact points of his
    own, else the highest that he keeps; None for who keeps none."""
    places = Organization.objects.order_by("depth", "path")
    own = current(own_points(user)).exists()
    found: Organization | None = (places if own else places.allowed(user, Cap.CONTACT_VISIT)).first()
    return found


def branches_uncovered(user: Any) -> QuerySet[Organization]:
    """Return the active branches in sight without a contact point."""
    point = ContactPoint.objects.filter(organization=OuterRef("pk"), ends_on=None)
    found: QuerySet[Organization] = (
        Organization.objects.allowed(user, Cap.CONTACT_VIEW).active().branches().filter(~Exists(point))
    )
    return found


def leaders_absent(user: Any, since: dt.date) -> QuerySet[Member]:
    """Return the leaders with contact points in sight who have visited none of them since `since`, with how many they
    have (`points`) and the day of their last visit (`last_visit`)."""
    seen = current(ContactPoint.objects.visible_to(user)).filter(leader=OuterRef("pk")).order_by()
    visits = ContactVisit.objects.visible_to(user).filter(contact_point__leader=OuterRef("pk")).order_by()
    points = seen.values("leader").annotate(n=Count("pk")).values("n")
    last = visits.values("contact_point__leader").annotate(day=Max("visited_on")).values("day")
    found: QuerySet[Member] = (
        Member.objects.filter(Exists(seen), ~Exists(visits.filter(visited_on__gte=since)))
        .select_related("organization")
        .annotate(points=Subquery(points, output_field=IntegerField()), last_visit=Subquery(last))
        .order_by("organization__path", "pinyin", "pk")
    )
    return found


# -- desk, timeline, export ----------------------------------------------------------------------------------------


def tiles(user: Any) -> list[Tile]:
    """One's own contact points without a visit this quarter (one query)."""
    own = own_member_ids(user)
    if not own or not holds(user, Cap.CONTACT_VISIT):
        return []
    start = quarter_start(clock.today())
    missing = not_visited_since(ContactPoint.objects.filter(leader__in=own, starts_on__lte=clock.today()), start)
    return [
        Tile(
            label=_("Contact points not visited this quarter"),
            count=missing.count(),
            url=reverse("contact_mine"),
            icon="map-pin",
            urgency="warning" if (clock.today() - start).days > 60 else "primary",
            hint=_("Record the visit on your phone as soon as you have been there."),
        )
    ]


def of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    """The visits that a leader made."""
    return _entries(ContactVisit.objects.visible_to(viewer).filter(contact_point__leader=member), by_leader=True)


def of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    """The visits that a branch received."""
    return _entries(ContactVisit.objects.visible_to(viewer).filter(contact_point__organization=organization))


def _entries(visits: Any, *, by_leader: bool = False) -> list[TimelineEntry]:
    found = visits.select_related("contact_point__leader", "contact_point__organization")[:SHOWN]
    return [
        TimelineEntry(
            on=visit.visited_on,
            label=_("Contact point visit"),
            text=f"{_place(visit) if by_leader else visit.contact_point.leader.name} · {visit.get_mode_display()}",
            url=reverse("contact_detail", args=[visit.contact_point_id]),
            icon="map-pin",
        )
        for visit in found
    ]


def _place(visit: ContactVisit) -> str:
    return visit.contact_point.organization.display_name


def contact_export(user: Any, organization: Organization) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of the exported list, current contact points first."""
    points = within(points_for(user), organization).order_by("organization__path", "ends_on", "pk")
    for point in points:
        yield (
            point.organization.name,
            point.leader.name,
            point.leader.admin_post or point.leader.get_party_post_display(),
            point.starts_on,
            point.ends_on,
            point.task,
            point.visits_made,
            point.last_visit,
        )


def points_of(organization: Organization, user: Any) -> list[ContactPoint]:
    """Return the current contact points of a branch for its page, as far as `user` sees them; one query."""
    return list(current(points_for(user)).filter(organization=organization).order_by("starts_on", "pk"))


def coverage_figures(user: Any, organization: Organization | None, since: dt.date) -> dict[str, int]:
    """Count branches, those without a contact point, current contact points and those not visited since; four queries."""
    branches = Organization.objects.allowed(user, Cap.CONTACT_VIEW).active().branches()
    points = within(current(ContactPoint.objects.visible_to(user)), organization)
    return {
        "branches": within(branches, organization).count(),
        "uncovered": within(branches_uncovered(user), organization).count(),
        "points": points.count(),
        "unvisited": not_visited_since(points, since).count(),
    }
