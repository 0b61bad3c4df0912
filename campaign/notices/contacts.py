"""Reminders of contact points: to the leader before a quarter ends without a visit and after it did, to the office once a
quarter how many were left out (2-domain b.11; [REC] one visit a quarter)."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext

from campaign.common.access import ancestors_and_self
from campaign.common.capabilities import Cap, Reach, roles_with
from campaign.notices.registry import Due, ReminderRule
from orgs.contacts import not_visited_between, quarter_start
from orgs.models import RoleAssignment
from orgs.models.members import months_after

BEFORE = dt.timedelta(days=14)
"""So long before its end a quarter without a visit is called to mind."""
AFTER = dt.timedelta(days=30)
"""So long after its end; who takes office later does not answer for it."""


def visits_due(day: dt.date) -> Iterator[Due]:
    """Remind leaders, once for all their contact points: of a quarter that ends soon, and of one that has ended."""
    first, last = _quarter(day)
    if last - day <= BEFORE:
        yield from _to_leaders(first, last, over=False)
    first, last = _quarter(quarter_start(day) - dt.timedelta(days=1))
    if day - last <= AFTER:
        yield from _to_leaders(first, last, over=True)


def offices_due(day: dt.date) -> Iterator[Due]:
    """Tell each office, once a quarter, how many contact points below it were not visited in the quarter before. Two
    queries."""
    first, last = _quarter(quarter_start(day) - dt.timedelta(days=1))
    if day - last > AFTER:
        return
    paths = Counter(not_visited_between(first, last).order_by().values_list("organization__path", flat=True))
    missed: Counter[str] = Counter()
    for path, number in paths.items():
        for above in ancestors_and_self(path):
            missed[above] += number
    roles = [role for role, reach in roles_with(Cap.CONTACT_MANAGE).items() if reach is Reach.SUBTREE]
    held = RoleAssignment.objects.on(day).filter(role__in=roles, user__is_active=True, organization__path__in=missed)
    for user_id, path, place in held.order_by("pk").values_list("user", "organization__path", "organization"):
        number = missed[path]
        text = ngettext(
            "In the quarter until %(last)s %(number)s contact point was not visited.",
            "In the quarter until %(last)s %(number)s contact points were not visited.",
            number,
        ) % {"last": last, "number": number}
        url = f"{reverse('contact_coverage')}?list=points&organization={place}&since={first}"
        yield Due(user_id, f"{place}:{_name(first)}", text, url, last)


def _to_leaders(first: dt.date, last: dt.date, *, over: bool) -> Iterator[Due]:
    """One query: the accounts of the leaders, one for each contact point without a visit."""
    missing = not_visited_between(first, last).filter(leader__user__is_active=True)
    counts = Counter(missing.order_by("leader__user").values_list("leader__user", flat=True))
    for user_id, number in counts.items():
        text = _over(number) if over else _soon(number)
        subject = f"{_name(first)}{'!' if over else ''}"
        yield Due(user_id, subject, text % {"number": number, "last": last}, reverse("contact_mine"), last)


def _soon(number: int) -> str:
    return ngettext(
        "%(number)s of your contact points has had no visit this quarter, which ends on %(last)s.",
        "%(number)s of your contact points have had no visit this quarter, which ends on %(last)s.",
        number,
    )


def _over(number: int) -> str:
    return ngettext(
        "%(number)s of your contact points had no visit in the quarter until %(last)s. Enter visits that were made.",
        "%(number)s of your contact points had no visit in the quarter until %(last)s. Enter visits that were made.",
        number,
    )


def _quarter(day: dt.date) -> tuple[dt.date, dt.date]:
    first = quarter_start(day)
    return first, months_after(first, 3) - dt.timedelta(days=1)


def _name(first: dt.date) -> str:
    return f"{first.year}Q{(first.month + 2) // 3}"


RULES = (
    ReminderRule("orgs.visits", gettext_lazy("Contact points not visited"), visits_due),
    ReminderRule("orgs.visits_office", gettext_lazy("Contact points not visited, for the office"), offices_due),
)
