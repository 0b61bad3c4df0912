"""Reminds leaders and secretaries, a month before a half-year ends, of those who have no review yet."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Value
from django.db.models.functions import Length, Substr
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.common.access import under
from campaign.common.capabilities import Role
from campaign.models import Audience, Period
from campaign.notices.registry import Due, ReminderRule, reminders
from orgs.models import Organization, RoleAssignment
from reviews.selectors.leader import due_members, due_organizations, open_periods, reviewed_in

BEFORE_DAYS = 30


def due(day: dt.date) -> Iterator[Due]:
    """Three queries for each half-year that is about to end."""
    for period in open_periods(day).filter(ends_on__lt=day + dt.timedelta(days=BEFORE_DAYS)):
        yield from _of_period(period, day)


def _of_period(period: Period, day: dt.date) -> Iterator[Due]:
    part = under(period.campaign.organization.path)
    unreviewed = due_organizations().filter(part, ~reviewed_in(period, Audience.ORGANIZATION))
    parents = unreviewed.order_by().annotate(above=Substr("path", 1, Length("path") - Value(Organization.steplen)))
    above = set(parents.values_list("above", flat=True).distinct())
    branches = set(
        due_members()
        .filter(~reviewed_in(period, Audience.MEMBER), under(period.campaign.organization.path, "organization__path"))
        .order_by()
        .values_list("organization_id", flat=True)
        .distinct()
    )
    held = RoleAssignment.objects.on(day).filter(
        under(period.campaign.organization.path, "organization__path"),
        role__in=(Role.LEADER, Role.SECRETARY),
        user__is_active=True,
    )
    people = held.order_by("user").values_list("user_id", "role", "organization_id", "organization__path")
    text = gettext("Leader reviews of %(period)s: somebody has not been reviewed yet. Please do it by %(day)s.")
    for user, role, organization, path in people.iterator():
        if path in above or (role == Role.SECRETARY and organization in branches):
            yield Due(
                user_id=user,
                subject=str(period.pk),
                text=text % {"period": period.name, "day": period.ends_on.isoformat()},
                url=reverse("review_choose"),
                due_on=period.ends_on,
            )


def register() -> None:
    reminders.register(ReminderRule("reviews.due", _("Leader reviews still to do"), due))
