"""The desk's tiles: whom a leader or secretary has still to review this half-year."""

from typing import Any

from django.db.models import Count, IntegerField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import holds, own_member_ids
from campaign.common.capabilities import Cap
from campaign.common.desk import Tile, TileSource, desk
from campaign.models import Audience, Campaign, Period
from reviews.models.leader import LeaderReview, ReviewState
from reviews.selectors.leader import (
    branches_led,
    directly_below,
    due_members,
    due_organizations,
    open_periods,
    own_organizations,
    reviewed_in,
)

SOON_DAYS = 30
"""So many days before the half-year ends, what is left turns urgent."""


def tiles(user: Any) -> list[Tile]:
    if not holds(user, Cap.REVIEW_OWN):
        return []
    own = Campaign.objects.taken_part_in_by(user)
    period = open_periods(clock.today()).filter(campaign__in=own).order_by("-campaign__starts_on").first()
    if period is None:
        return []
    organizations, members, drafts = _left(user, period)
    late = (period.ends_on - clock.today()).days < SOON_DAYS
    urgency = "warning" if late else "primary"
    hint = _("by %(day)s") % {"day": period.ends_on.isoformat()}
    choose = reverse("review_choose")
    return [
        Tile(_("Organizations still to review"), organizations, choose, "message-2", urgency, hint),
        Tile(_("Members still to review"), members, choose, "message-2", urgency, hint),
        Tile(_("Reviews begun, not handed over"), drafts, f"{reverse('review_list')}?state=draft", "pencil"),
    ]


def _left(user: Any, period: Period) -> tuple[int, int, int]:
    """Count in one statement: organizations directly below, members of the own branch, own drafts."""
    organizations = due_organizations().filter(directly_below(user)).exclude(pk__in=own_organizations(user))
    members = due_members().filter(organization__in=branches_led(user)).exclude(pk__in=own_member_ids(user))
    counts: Any = Period.objects.filter(pk=period.pk).values_list(
        _count(organizations.filter(~reviewed_in(period, Audience.ORGANIZATION))),
        _count(members.filter(~reviewed_in(period, Audience.MEMBER))),
        _count(LeaderReview.objects.filter(reviewer=user, state=ReviewState.DRAFT)),
    )
    found: tuple[int, int, int] = counts.get()
    return found


def _count(queryset: QuerySet[Any]) -> Coalesce:
    one_group = queryset.order_by().annotate(group=Value(1)).values("group").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(one_group, output_field=IntegerField()), 0)


def register() -> None:
    desk.register(TileSource("leader_reviews", tiles))
