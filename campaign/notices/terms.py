"""Reminds an organization, and the office above it, six months before its term ends, and when it has ended (2-domain b.2).

Organizations lie below the engine that keeps reminders, so their rule stands here.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.common.capabilities import Role
from campaign.notices.registry import Due, ReminderRule, reminders
from orgs.models import Organization, RoleAssignment
from orgs.models.members import months_after
from orgs.rules import REMINDER_MONTHS

OWN = frozenset({Role.SECRETARY, Role.STAFF, Role.OFFICE})
ABOVE = frozenset({Role.STAFF, Role.OFFICE})


def due(day: dt.date) -> Iterator[Due]:
    """Two queries: the terms that end within six months or have ended, and who works in those places and above them."""
    ending = list(Organization.objects.active().filter(term_ends_on__lte=months_after(day, REMINDER_MONTHS)))
    paths = {path for place in ending for path in [*place.paths_above, place.path]}
    held = RoleAssignment.objects.on(day).filter(organization__path__in=paths, role__in=OWN, user__is_active=True)
    officers: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for path, user, role in held.order_by("pk").values_list("organization__path", "user_id", "role"):
        officers[path].append((user, role))
    for place in ending:
        yield from _of(place, officers, day)


def _of(place: Organization, officers: dict[str, list[tuple[int, str]]], day: dt.date) -> Iterator[Due]:
    ends_on = place.term_ends_on
    if ends_on is None:
        return
    over = ends_on < day
    said = (
        _("The term of %(name)s ended on %(day)s.")
        if over
        else _("The term of %(name)s ends on %(day)s: prepare the election.")
    )
    text = said % {"name": place.name, "day": f"{ends_on:%Y-%m-%d}"}
    subject = f"{place.pk}:{ends_on:%Y%m%d}{'!' if over else ''}"
    for user in dict.fromkeys([*(user for user, _role in officers[place.path]), *_office_above(place, officers)]):
        yield Due(user, subject, text[:300], reverse("organization_detail", args=[place.pk]), ends_on)


def _office_above(place: Organization, officers: dict[str, list[tuple[int, str]]]) -> list[int]:
    """Return who works in the nearest organization above that has an office."""
    for path in reversed(place.paths_above):
        if office := [user for user, role in officers[path] if role in ABOVE]:
            return office
    return []


def register() -> None:
    """Called when the app is ready."""
    reminders.register(ReminderRule("orgs.term_end", gettext_lazy("Terms that end"), due))
