"""Accounts, and the roles they hold in organizations."""

from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import Grant, ScopedQuerySet
from campaign.common.capabilities import ADMINISTRATORS, Cap, Role
from campaign.common.models import TimeStamped, choice_check
from orgs.models.members import Member
from orgs.models.organizations import Organization


class UserQuerySet(ScopedQuerySet["User"]):
    """Accounts are placed where their member is enrolled, else where they were made for."""

    view_capability: ClassVar[Cap] = Cap.ACCOUNT_MANAGE
    org_lookup: ClassVar[str] = "organization"
    person_lookup: ClassVar[str | None] = "pk"


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_superuser(self, username: str, password: str, **fields: Any) -> "User":
        """Make the break-glass account of the command line."""
        user = User(username=username, name=fields.pop("name", username), is_superuser=True, **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        found: User = User.objects.get(username=username)
        return found


class User(AbstractBaseUser, PermissionsMixin):
    username = models.CharField(_("account name"), max_length=60, unique=True)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    email = models.EmailField(_("mail"), blank=True)
    member = models.OneToOneField(
        Member, models.SET_NULL, null=True, blank=True, related_name="user", verbose_name=_("party member")
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("party organization")
    )
    is_active = models.BooleanField(_("active"), default=True)
    must_change_password = models.BooleanField(_("must change the password"), default=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def is_staff(self) -> bool:
        """Who may open the read-only Django admin: the break-glass account alone."""
        return self.is_superuser

    @cached_property
    def grants(self) -> tuple[Grant, ...]:
        """The roles held today, with their places in the tree; membership counts as one. One query a request."""
        held = tuple(
            Grant(Role(role), pk, path)
            for role, pk, path in self.assignments.on(clock.today()).values_list(
                "role", "organization_id", "organization__path"
            )
        )
        if self.member_id is None:
            return held
        place = Member.objects.present().filter(pk=self.member_id).values_list("organization_id", "organization__path")
        return held + tuple(Grant(Role.MEMBER, pk, path) for pk, path in place)


class RoleAssignmentQuerySet(ScopedQuerySet["RoleAssignment"]):
    view_capability: ClassVar[Cap] = Cap.ROLE_GRANT

    def on(self, day: Any) -> "RoleAssignmentQuerySet":
        """Keep what is held on `day`: from its first day to its last, both included."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=day), starts_on__lte=day)


class RoleAssignment(TimeStamped):
    user = models.ForeignKey(User, models.CASCADE, related_name="assignments", verbose_name=_("account"))
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="assignments", verbose_name=_("party organization")
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
        return f"{self.user} · {self.get_role_display()} · {self.organization}"

    @property
    def has_ended(self) -> bool:
        return self.ends_on is not None and self.ends_on < clock.today()
