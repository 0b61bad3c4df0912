"""Reminders of pledges: what waits for review, and what falls due. Two queries a rule, whatever the numbers."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.models import Audience
from campaign.notices.registry import Due, ReminderRule
from orgs.selectors import officers_of
from pledges.models import PUBLIC, ItemResult, Pledge, PledgeItem

WAITING = dt.timedelta(days=3)
"""A pledge that waits longer is worth a reminder; the same queue is not mentioned twice a week."""
SOON = dt.timedelta(days=7)


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
