"""Reminders of pledges: what waits for review, and what falls due. Two queries a rule, whatever the numbers."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaign.common import clock
from campaign.common.capabilities import Cap, roles_with
from campaign.models import Audience
from campaign.notices.registry import Due, ReminderRule
from orgs.models import RoleAssignment
from pledges.models import PUBLIC, ItemResult, Pledge, PledgeItem

WAITING = dt.timedelta(days=3)
"""A pledge that waits longer is worth a reminder; the same queue is not mentioned twice a week."""
SOON = dt.timedelta(days=7)


def officers_of(organizations: Iterable[int], capability: Cap, day: dt.date) -> dict[int, list[int]]:
    """Return the accounts that hold `capability` in exactly these organizations on `day`, by organization."""
    found: dict[int, list[int]] = defaultdict(list)
    held = RoleAssignment.objects.on(day).filter(
        role__in=roles_with(capability), organization_id__in=set(organizations), user__is_active=True
    )
    for organization_id, user_id in held.order_by("pk").values_list("organization_id", "user_id"):
        if user_id not in found[organization_id]:
            found[organization_id].append(user_id)
    return found


def reviews_due(day: dt.date) -> Iterator[Due]:
    """Remind the officers of an organization, once a week, of pledges that have waited for three days."""
    before = clock.start_of(day - WAITING + dt.timedelta(days=1))
    waiting = dict(
        Pledge.objects.waiting()
        .filter(submitted_at__lt=before)
        .order_by()
        .values("reviewing_organization_id")
        .annotate(count=Count("pk"))
        .values_list("reviewing_organization_id", "count")
    )
    year, week, _weekday = day.isocalendar()
    officers = officers_of(waiting, Cap.PLEDGE_REVIEW, day)
    for organization_id, count in sorted(waiting.items()):
        text = ngettext(
            "%(count)s pledge has waited for your review for over three days.",
            "%(count)s pledges have waited for your review for over three days.",
            count,
        ) % {"count": count}
        for user_id in officers[organization_id]:
            yield Due(user_id, f"{organization_id}:{year}W{week}", text, reverse("pledge_queue"), day)


def items_due(day: dt.date) -> Iterator[Due]:
    """Remind whoever has to keep an item, once, when it falls due within seven days."""
    rows: list[Any] = list(
        PledgeItem.objects.filter(
            Q(pledge__subject_kind=Audience.ORGANIZATION) | Q(pledge__member__user__is_active=True),
            pledge__state__in=PUBLIC,
            result=ItemResult.PENDING,
            due_on__range=(day, day + SOON),
        )
        .order_by("due_on", "pk")
        .values_list("pk", "pledge_id", "pledge__organization_id", "pledge__member__user", "text", "due_on")
    )
    organizations = {organization for _pk, _pledge, organization, user, _text, _due in rows if user is None}
    officers = officers_of(organizations, Cap.PLEDGE_WRITE_ORG, day)
    for pk, pledge, organization, user, text, due_on in rows:
        said = _("Due on %(day)s: %(item)s") % {"day": due_on, "item": text}
        for user_id in officers[organization] if user is None else [user]:
            yield Due(user_id, f"item:{pk}", said, reverse("pledge_progress", args=[pledge]), due_on)


RULES = (
    ReminderRule("pledges.review", gettext_lazy("Pledges waiting for review"), reviews_due),
    ReminderRule("pledges.item_due", gettext_lazy("Pledge items falling due"), items_due),
)
