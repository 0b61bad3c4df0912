"""Reminders of plans: what waits for the office above, and what is to be filed. A constant number of queries a rule."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaign.common import clock
from campaign.common.capabilities import Cap, roles_with
from campaign.filings.models import ImplementationPlan, PlanState
from campaign.filings.selectors import organizations_missing, plan_deadlines
from campaign.models import Campaign, CampaignState
from campaign.notices.registry import Due, ReminderRule
from orgs.models import RoleAssignment

BEFORE_DAYS = 30
WAITING = dt.timedelta(days=3)


def officers(organizations: Iterable[int], capability: Cap, day: dt.date) -> dict[int, list[int]]:
    """Return the accounts that hold `capability` in exactly these organizations on `day`, by organization."""
    found: dict[int, list[int]] = defaultdict(list)
    held = RoleAssignment.objects.on(day).filter(
        role__in=roles_with(capability), organization_id__in=set(organizations), user__is_active=True
    )
    for organization_id, user_id in held.order_by("pk").values_list("organization_id", "user_id"):
        if user_id not in found[organization_id]:
            found[organization_id].append(user_id)
    return found


def filing_due(day: dt.date) -> Iterator[Due]:
    """Remind those who are to file, once in the last month before the first stage ends and once afterwards."""
    running = Campaign.objects.running().select_related("organization")
    deadlines = plan_deadlines(running)
    for campaign in running:
        deadline = deadlines.get(campaign.pk)
        if deadline is None or (deadline - day).days >= BEFORE_DAYS:
            continue
        missing = list(organizations_missing(campaign).values_list("pk", flat=True))
        late = day > deadline
        text = _("The implementation plan for “%(campaign)s” was to be filed by %(day)s.") if late else _(
            "The implementation plan for “%(campaign)s” is to be filed by %(day)s."
        )  # fmt: skip
        said = text % {"campaign": campaign.name, "day": deadline.isoformat()}
        for organization, users in officers(missing, Cap.PLAN_WRITE, day).items():
            subject = f"{campaign.pk}:{organization}:{'late' if late else 'soon'}"
            for user in users:
                yield Due(user, subject, said, reverse("plan_create"), deadline)


def decisions_due(day: dt.date) -> Iterator[Due]:
    """Remind the office above, once a week, of plans that have waited for three days."""
    before = clock.start_of(day - WAITING + dt.timedelta(days=1))
    waiting = dict(
        ImplementationPlan.objects.filter(
            state=PlanState.FILED, campaign__state=CampaignState.RUNNING, filed_at__lt=before
        )
        .order_by()
        .values("receiver_id")
        .annotate(count=Count("pk"))
        .values_list("receiver_id", "count")
    )
    year, week, _weekday = day.isocalendar()
    for organization, users in officers(waiting, Cap.PLAN_ACCEPT, day).items():
        count = waiting[organization]
        text = ngettext(
            "%(count)s implementation plan has waited for your decision for over three days.",
            "%(count)s implementation plans have waited for your decision for over three days.",
            count,
        ) % {"count": count}
        for user in users:
            yield Due(user, f"{organization}:{year}W{week}", text, f"{reverse('plan_list')}?which=to_decide", day)


RULES = (
    ReminderRule("plans.filing", gettext_lazy("Implementation plans to file"), filing_due),
    ReminderRule("plans.decision", gettext_lazy("Implementation plans to check"), decisions_due),
)
