"""Reminders of what the ground below knows: probations that end, transfers that wait."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.notices.registry import Due, ReminderRule
from orgs.models import Member, Transfer, TransferState
from orgs.models.members import months_after
from orgs.selectors import officers_of

WAITING = dt.timedelta(days=3)
"""A transfer that waits longer is worth a reminder, once a week."""


def probations_due(day: dt.date) -> Iterator[Due]:
    """Remind the officers of a branch, once, a month before a member's probation ends (2-domain b.3)."""
    ending = list(Member.objects.probation_ending(months_after(day, 1)).order_by("organization__path", "pk"))
    officers = officers_of((member.organization_id for member in ending), Cap.MEMBER_MANAGE, day)
    for member in ending:
        end = member.probation_end
        if end is None:
            continue
        text = _("The probation of a member of your branch ends on %(day)s. The branch decides on full membership.")
        url = reverse("member_detail", args=[member.pk])
        for user_id in officers[member.organization_id]:
            yield Due(user_id, f"{member.pk}:{end:%Y%m%d}", text % {"day": end}, url, end)


def transfers_due(day: dt.date) -> Iterator[Due]:
    """Remind the side whose turn it is, once a week, of transfers that have waited for three days."""
    before = clock.start_of(day - WAITING + dt.timedelta(days=1))
    asked = Transfer.objects.filter(state=TransferState.REQUESTED, requested_at__lt=before)
    released = Transfer.objects.filter(state=TransferState.RELEASED, released_at__lt=before)
    yield from _waiting(asked.values_list("source", flat=True), Cap.TRANSFER_RELEASE, "release", day)
    yield from _waiting(released.values_list("target", flat=True), Cap.TRANSFER_ACCEPT, "accept", day)


def _waiting(places: Any, capability: Cap, work: str, day: dt.date) -> Iterator[Due]:
    counts = Counter(places.order_by())
    officers = officers_of(counts, capability, day)
    year, week, _weekday = day.isocalendar()
    for place, count in sorted(counts.items()):
        text = ngettext(
            "%(count)s transfer has waited for you for over three days.",
            "%(count)s transfers have waited for you for over three days.",
            count,
        ) % {"count": count}
        for user_id in officers[place]:
            yield Due(user_id, f"{work}:{place}:{year}W{week}", text, f"{reverse('transfer_list')}?work={work}", day)


RULES = (
    ReminderRule("orgs.probation", gettext_lazy("Probations that end"), probations_due),
    ReminderRule("orgs.transfers", gettext_lazy("Transfers waiting"), transfers_due),
)
