"""Who can see an object: from the matrix and the roles whose reach covers it, the other way round than the gate."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.common import clock
from campaign.common.access import ancestors_and_self, under
from campaign.common.capabilities import MATRIX, Cap, Reach, Role
from campaign.common.oversight import ObjectKind
from orgs.models import Delegation, Member, RoleAssignment, User
from orgs.selectors import bounded_count

NAMED = 20
"""So many holders of a role are named; the others are counted."""
REASONS: dict[Reach, str | Promise] = {
    Reach.SELF: gettext_lazy("sees the own record"),
    Reach.UNIT: gettext_lazy("sees the own organization"),
    Reach.SUBTREE: gettext_lazy("sees the own organization and all below"),
    Reach.BELOW: gettext_lazy("sees all organizations below the own one"),
    Reach.UPWARD: gettext_lazy("sees the own organization and those above"),
}


@dataclass(frozen=True)
class Reader:
    """Somebody who can see the object; `deputy` stands in until `until`."""

    user_id: int
    name: str
    title: str = ""
    place: str = ""
    deputy: str = ""
    deputy_id: int | None = None
    until: dt.date | None = None


@dataclass
class ReaderGroup:
    """The holders of one role who see the object, and why; `total` counts them all, to a bound."""

    role: Role
    reason: str
    people: list[Reader] = field(default_factory=list)
    total: str = "0"

    @property
    def more(self) -> str:
        """How many are not named; empty where all are."""
        if not self.total.isdigit():
            return self.total
        left = int(self.total) - len(self.people)
        return str(left) if left > 0 else ""


def readers_of(kind: ObjectKind, record: Any) -> list[ReaderGroup]:
    """Return who can see `record`, by role, in the order of the roles. A number of statements that does not grow.

    The caller has asked the gate whether this may be told.
    """
    alone = kind.only(record)
    if alone is not None:
        people = User.objects.filter(pk__in=list(alone), is_active=True).select_related("organization")
        found = [Reader(user.pk, user.name, place=str(user.organization or "")) for user in people]
        return [ReaderGroup(Role.MEMBER, _("alone, as long as it is a draft"), found, str(len(found)))] if found else []
    groups = [group for group in _groups(kind, record) if group.people]
    _add_deputies(groups)
    return groups


def _groups(kind: ObjectKind, record: Any) -> Iterator[ReaderGroup]:
    for role in Role:
        reaches: dict[Reach, list[str]] = {}
        for capability in kind.capabilities(record):
            if (reach := MATRIX[capability].get(role)) is not None:
                reaches.setdefault(reach, []).extend(_paths(kind, record, capability))
        for reach, paths in reaches.items():
            yield _group(kind, record, role, reach, paths)


def _paths(kind: ObjectKind, record: Any, capability: Cap) -> list[str]:
    """Return the places that decide for `capability`, as the gate would look them up."""
    objects = kind.objects()
    lookup = objects.org_lookups.get(capability, objects.org_lookup)
    column = f"{lookup}__path" if lookup else "path"
    found = kind.model._default_manager.filter(pk=record.pk).values_list(column, flat=True).distinct()
    return [path for path in found if path is not None]


def _group(kind: ObjectKind, record: Any, role: Role, reach: Reach, paths: list[str]) -> ReaderGroup:
    group = ReaderGroup(role, str(REASONS[reach]))
    if reach is Reach.SELF:
        owners = _owners(kind, record, role)
        group.people = [Reader(user.pk, user.name, place=str(user.organization or "")) for user in owners[:NAMED]]
        group.total = str(len(group.people))
    elif role is Role.MEMBER:
        enrolled = Member.objects.present().filter(_covering(reach, paths)).values("pk")
        accounts = User.objects.filter(member__in=enrolled, is_active=True)
        shown = accounts.select_related("member__organization").order_by("member__pinyin", "pk")[:NAMED]
        group.people = [Reader(each.pk, each.name, place=str(_branch(each))) for each in shown]
        group.total = bounded_count(accounts)
    else:
        held = RoleAssignment.objects.on(clock.today()).filter(_covering(reach, paths), role=role, user__is_active=True)
        shown_roles = held.select_related("user", "organization").order_by("organization__path", "pk")[:NAMED]
        group.people = [
            Reader(each.user_id, each.user.name, each.title, each.organization.name) for each in shown_roles
        ]
        group.total = bounded_count(held)
    return group


def _branch(account: User) -> Any:
    return account.member.organization if account.member is not None else ""


def _owners(kind: ObjectKind, record: Any, role: Role) -> "QuerySet[User, User]":
    """Return whose own record it is, as far as they hold `role` at all."""
    objects = kind.objects()
    found: set[int] = set()
    for capability in kind.capabilities(record):
        lookup = objects.person_lookups.get(capability, objects.person_lookup)
        if lookup is not None and MATRIX[capability].get(role) is Reach.SELF:
            own = kind.model._default_manager.filter(pk=record.pk).values_list(lookup, flat=True)
            found.update(pk for pk in own if pk is not None)
    users: QuerySet[User, User] = User.objects.filter(pk__in=found, is_active=True).select_related("organization")
    if role is Role.MEMBER:
        return users.filter(member__in=Member.objects.present().values("pk"))
    today = clock.today()
    return users.filter(pk__in=RoleAssignment.objects.on(today).filter(role=role, user__in=found).values("user"))


def _covering(reach: Reach, paths: list[str]) -> Q:
    """Return which organizations hold a role that reaches one of `paths`: the gate's condition seen from the object."""
    condition = Q(pk__in=())
    for path in paths:
        if reach is Reach.UNIT:
            condition |= Q(organization__path=path)
        elif reach is Reach.SUBTREE:
            condition |= Q(organization__path__in=ancestors_and_self(path))
        elif reach is Reach.BELOW:
            condition |= Q(organization__path__in=ancestors_and_self(path)[:-1])
        else:
            condition |= under(path, "organization__path")
    return condition


def _add_deputies(groups: list[ReaderGroup]) -> None:
    """Name with each holder who stands in today."""
    held = {person.user_id for group in groups for person in group.people}
    standing = Delegation.objects.in_force(clock.today()).filter(assignment__user__in=held)
    found = {
        (each.assignment.user_id, each.assignment.title, each.assignment.organization.name): each
        for each in standing.select_related("assignment__user", "assignment__organization", "deputy")
    }
    for group in groups:
        group.people = [_with_deputy(person, found) for person in group.people]


def _with_deputy(person: Reader, found: dict[tuple[int, str, str], Delegation]) -> Reader:
    each = found.get((person.user_id, person.title, person.place))
    if each is None:
        return person
    return Reader(
        person.user_id, person.name, person.title, person.place, each.deputy.name, each.deputy_id, each.ends_on
    )
