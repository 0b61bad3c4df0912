"""Roles held in organizations, and their handing over to a deputy for a time."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import connection, models
from django.db.models import BooleanField, DateField, F, Q, Value
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import ActingFor, Grant, ScopedQuerySet, titled
from campaign.common.capabilities import ADMINISTRATORS, Cap, Role
from campaign.common.models import TimeStamped, choice_check
from orgs.models.members import Member
from orgs.models.organizations import Organization

if TYPE_CHECKING:
    from orgs.models.accounts import User


ENDS_SOON = dt.timedelta(days=14)
"""How long before its end a role is called to mind."""
ROLE_STATES = {
    "planned": _("begins later"),
    "active": _("in office"),
    "due_soon": _("ends soon"),
    "expired": _("ended"),
}
DEPUTY_STATES = {
    "planned": _("begins later"),
    "active": _("stands in now"),
    "revoked": _("taken back"),
    "expired": _("over"),
}


class RoleAssignmentQuerySet(ScopedQuerySet["RoleAssignment"]):
    view_capability: ClassVar[Cap] = Cap.ROLE_GRANT

    def on(self, day: Any) -> "RoleAssignmentQuerySet":
        """Keep what is held on `day`: from its first day to its last, both included."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day), starts_on__lte=day)

    def now_or_later(self) -> "RoleAssignmentQuerySet":
        """Keep what is held today or will be."""
        return self.exclude(ends_on__lt=clock.today())

    def during(self, first: dt.date, last: dt.date | None) -> "RoleAssignmentQuerySet":
        """Keep what is held on any day from `first` to `last` (None: without an end)."""
        held = self.filter(Q(ends_on=None) | Q(ends_on__gte=first))
        return held if last is None else held.filter(starts_on__lte=last)


class RoleAssignment(TimeStamped):
    user = models.ForeignKey("orgs.User", models.CASCADE, related_name="assignments", verbose_name=_("account"))
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="assignments", verbose_name=_("party organization")
    )
    is_interim = models.BooleanField(
        _("acting holder"), default=False, help_text=_("Does the work until somebody is appointed.")
    )
    starts_on = models.DateField(_("from"), default=clock.today)
    ends_on = models.DateField(_("until"), null=True, blank=True)

    objects = RoleAssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = (
            choice_check("role", Role, "role_assignment_role"),
            models.CheckConstraint(
                condition=~Q(role=Role.MEMBER), name="role_assignment_not_member"
            ),  # membership is no assignment
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")), name="role_assignment_dates"
            ),
            models.UniqueConstraint(
                fields=("user", "role", "organization"), condition=Q(ends_on=None), name="role_assignment_once"
            ),
            # Three-role separation, whoever writes: at most one administrator's role without an end. Roles with an end
            # are compared by `role_grant`.
            models.UniqueConstraint(
                fields=("user",),
                condition=Q(ends_on=None, role__in=sorted(ADMINISTRATORS)),
                name="role_assignment_one_administrator",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.title} · {self.organization}"

    @property
    def title(self) -> str:
        """The role as it is shown with its holder: an acting one is always called so."""
        return titled(Role(self.role).label, is_interim=self.is_interim)

    @property
    def has_ended(self) -> bool:
        return self.ends_on is not None and self.ends_on < clock.today()

    @property
    def state(self) -> str:
        """One of planned, active, due_soon (ends within ENDS_SOON), expired."""
        today = clock.today()
        if self.has_ended:
            return "expired"
        if self.starts_on > today:
            return "planned"
        return "due_soon" if self.ends_on is not None and self.ends_on <= today + ENDS_SOON else "active"

    @property
    def state_label(self) -> str | Promise:
        return ROLE_STATES[self.state]


class DelegationQuerySet(ScopedQuerySet["Delegation"]):
    """A delegation lies where the role is held that was handed over."""

    view_capability: ClassVar[Cap] = Cap.ROLE_GRANT
    org_lookup: ClassVar[str] = "assignment__organization"

    def standing(self) -> "DelegationQuerySet":
        """Keep what has not been taken back."""
        return self.filter(ended_at=None)

    def in_force(self, day: dt.date) -> "DelegationQuerySet":
        """Keep what holds on `day`: so does the role that was handed over, and its holder's account is open."""
        held = Q(assignment__ends_on=None) | Q(assignment__ends_on__gte=day)
        return self.standing().filter(
            held, starts_on__lte=day, ends_on__gte=day, assignment__starts_on__lte=day, assignment__user__is_active=True
        )

    def now_or_later(self) -> "DelegationQuerySet":
        """Keep what stands today or will."""
        return self.standing().filter(ends_on__gte=clock.today())

    def during(self, first: dt.date, last: dt.date | None) -> "DelegationQuerySet":
        """Keep what stands on any day from `first` to `last` (None: without an end)."""
        standing = self.standing().filter(ends_on__gte=first)
        return standing if last is None else standing.filter(starts_on__lte=last)


class Delegation(TimeStamped):
    """A holder's role in the hands of a deputy, for some days. Nobody hands on what was handed to them."""

    assignment = models.ForeignKey(
        RoleAssignment, models.CASCADE, related_name="delegations", verbose_name=_("role handed over")
    )
    deputy = models.ForeignKey("orgs.User", models.CASCADE, related_name="deputyships", verbose_name=_("deputy"))
    starts_on = models.DateField(_("from"), default=clock.today)
    ends_on = models.DateField(_("until"))
    reason = models.CharField(_("reason"), max_length=200)
    ended_at = models.DateTimeField(_("taken back at"), null=True, blank=True, editable=False)
    ended_by = models.ForeignKey("orgs.User", models.SET_NULL, null=True, blank=True, related_name="+", editable=False)

    objects = DelegationQuerySet.as_manager()

    class Meta:
        verbose_name = _("deputyship")
        verbose_name_plural = _("deputyships")
        indexes = (models.Index(fields=("deputy", "ends_on"), name="delegation_deputy"),)
        constraints = (
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="delegation_dates"),
            models.CheckConstraint(condition=~Q(reason=""), name="delegation_reason"),
        )

    def __str__(self) -> str:
        return gettext("%(deputy)s for %(role)s") % {"deputy": self.deputy, "role": self.assignment}

    @property
    def state(self) -> str:
        """One of planned, active, revoked, expired."""
        today = clock.today()
        if self.ended_at is not None:
            return "revoked"
        if self.ends_on < today or self.assignment.has_ended or not self.assignment.user.is_active:
            return "expired"
        return "planned" if self.starts_on > today else "active"

    @property
    def state_label(self) -> str | Promise:
        return DEPUTY_STATES[self.state]

    @property
    def is_open(self) -> bool:
        """Whether it can still be taken back."""
        return self.state in ("planned", "active")


# -- what one person holds -----------------------------------------------------------------------------------------

OWN, OFFERED, PRINCIPAL = "own", "offered", "principal"


@dataclass(frozen=True)
class Held:
    """Everything about a person's rights today, from one query.

    `own` are the roles of one's own with membership, `offered` the roles that were handed to one as a deputy. Somebody who
    acts for another has `acting`, and `principal` are the roles of that other one.
    """

    own: tuple[Grant, ...] = ()
    offered: tuple[ActingFor, ...] = ()
    principal: tuple[Grant, ...] = ()
    acting: ActingFor | None = None


def read_held(user: "User", acting_id: int | None) -> Held:
    """Read what `user` holds today, one query; `acting_id` is the delegation through which `user` acts."""
    found: dict[str, list[Any]] = {OWN: [], OFFERED: [], PRINCIPAL: []}
    for kind, role, place, path, name, interim, delegation, person, member, called, ends_on in _rows(user, acting_id):
        grant = Grant(Role(role), place, path, bool(interim))
        if kind == OFFERED:
            found[kind].append(ActingFor(delegation, person, member or None, called, grant, name, ends_on))
        else:
            found[kind].append(grant)
    acting = next((each for each in found[OFFERED] if each.delegation_id == acting_id), None)
    return Held(tuple(found[OWN]), tuple(found[OFFERED]), tuple(found[PRINCIPAL]) if acting else (), acting)


PERSON, MEMBER, DELEGATION, DAY = -1, -2, -3, dt.date.min
"""What stands in the statement for the values of a request."""


def _rows(user: "User", acting_id: int | None) -> Iterator[tuple[Any, ...]]:
    sql, parameters = _statement(user.member_id is not None, acting_id is not None, connection.vendor)
    as_stored = connection.ops.adapt_datefield_value
    given = {
        PERSON: user.pk, MEMBER: user.member_id, DELEGATION: acting_id, as_stored(DAY): as_stored(clock.today())
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(sql, [given.get(parameter, parameter) for parameter in parameters])
        for *columns, ends_on in cursor.fetchall():
            yield *columns, dt.date.fromisoformat(ends_on) if isinstance(ends_on, str) else ends_on


@cache
def _statement(of_member: bool, acting: bool, _vendor: str) -> tuple[str, tuple[Any, ...]]:
    """One statement of up to five parts: what was handed over comes first, since its columns give the others their types.

    Every request of everybody needs it, and to put it together takes forty times as long as to run it: so it is kept.
    """
    person = "assignment__user"
    nobody = (Value(0), Value(0), Value(0), Value(""), Cast(Value(None), DateField()))
    parts = Delegation.objects.in_force(DAY).filter(deputy=PERSON).order_by()
    offered = parts.values_list(
        Value(OFFERED), "assignment__role", "assignment__organization_id", "assignment__organization__path",
        "assignment__organization__name", "assignment__is_interim", "pk", person, f"{person}__member", f"{person}__name",
        "ends_on",
    )  # fmt: skip
    roles = RoleAssignment.objects.on(DAY).order_by()
    columns = ("role", "organization_id", "organization__path", "organization__name", "is_interim")
    others: list[Any] = [roles.filter(user=PERSON).values_list(Value(OWN), *columns, *nobody)]
    place = ("organization_id", "organization__path", "organization__name", Value(False, BooleanField()))
    if of_member:
        present = Member.objects.present().filter(pk=MEMBER).order_by()
        others.append(present.values_list(Value(OWN), Value(Role.MEMBER.value), *place, *nobody))
    if acting:
        theirs = roles.filter(user__assignments__delegations=DELEGATION)
        others.append(theirs.values_list(Value(PRINCIPAL), *columns, *nobody))
        enrolled = Member.objects.present().filter(user__assignments__delegations=DELEGATION).order_by()
        others.append(enrolled.values_list(Value(PRINCIPAL), Value(Role.MEMBER.value), *place, *nobody))
    sql, parameters = offered.union(*others, all=True).query.sql_with_params()
    return sql, tuple(parameters)
