"""Reminders of roles: that one ends soon, for its holder and for who grants roles there; that one was handed over."""

import datetime as dt
from collections.abc import Iterable, Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.common.access import ancestors_and_self
from campaign.common.capabilities import Cap, Reach, roles_with
from campaign.notices.registry import Due, ReminderRule
from orgs.models import Delegation, RoleAssignment
from orgs.models.roles import ENDS_SOON


def ending_roles(day: dt.date) -> Iterable[Due]:
    """Return a reminder for the holder of each role that ends within two weeks, and for the security administrators of
    its place. Two queries."""
    ending = RoleAssignment.objects.on(day).filter(ends_on__lte=day + ENDS_SOON, user__is_active=True)
    roles = list(ending.select_related("user", "organization"))
    granting = _granting(day) if roles else {}
    for role in roles:
        yield _ending(role, role.user_id, reverse("home"))
        above = {user for path in ancestors_and_self(role.organization.path) for user in granting.get(path, ())}
        for user_id in sorted(above - {role.user_id}):
            yield _ending(role, user_id, reverse("role_list"))


def _granting(day: dt.date) -> dict[str, set[int]]:
    """Return who grants roles, by the place from which they do."""
    names = [role for role, reach in roles_with(Cap.ROLE_GRANT).items() if reach is Reach.SUBTREE]
    held = RoleAssignment.objects.on(day).filter(role__in=names, user__is_active=True)
    found: dict[str, set[int]] = {}
    for path, user_id in held.values_list("organization__path", "user"):
        found.setdefault(path, set()).add(user_id)
    return found


def _ending(role: RoleAssignment, user_id: int, url: str) -> Due:
    last = role.ends_on or dt.date.max
    values = {"name": role.user.name, "role": role.title, "place": role.organization.name, "day": last}
    text = _("The role “%(role)s” of %(name)s in %(place)s ends on %(day)s.") % values
    return Due(user_id, f"role:{role.pk}:{last}", text, url, last)


def handed_over(day: dt.date) -> Iterator[Due]:
    """Return a reminder for each deputy whose time begins within three days, or has begun. One query."""
    soon = Delegation.objects.standing().filter(starts_on__lte=day + dt.timedelta(days=3), ends_on__gte=day)
    for each in soon.select_related("assignment__user", "assignment__organization"):
        values = {
            "name": each.assignment.user.name,
            "role": each.assignment.title,
            "first": each.starts_on,
            "last": each.ends_on,
        }
        text = _("From %(first)s to %(last)s you stand in for %(name)s (%(role)s).") % values
        yield Due(each.deputy_id, f"delegation:{each.pk}", text, reverse("delegation_list"), each.starts_on)


RULES = (
    ReminderRule("roles.ending", gettext_lazy("Roles that end soon"), ending_roles),
    ReminderRule("roles.handed_over", gettext_lazy("Roles handed over"), handed_over),
)
