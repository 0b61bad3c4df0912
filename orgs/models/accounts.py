"""Accounts, and what they may do today."""

from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import ActingFor, Grant, ScopedQuerySet
from campaign.common.capabilities import ADMINISTRATORS, Cap, Role
from campaign.common.text import found_by
from orgs.models.members import Member
from orgs.models.organizations import Organization
from orgs.models.roles import Held, read_held


class UserQuerySet(ScopedQuerySet["User"]):
    """Accounts are placed where their member is enrolled, else where they were made for."""

    view_capability: ClassVar[Cap] = Cap.ACCOUNT_MANAGE
    org_lookup: ClassVar[str] = "organization"
    # A secretary helps those who are enrolled in the branch today, wherever their accounts were made.
    org_lookups: ClassVar[dict[Cap, str]] = {Cap.ACCOUNT_CODE: "member__organization"}
    person_lookup: ClassVar[str | None] = "pk"


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_superuser(self, username: str, password: str, **fields: Any) -> "User":
        """Make the break-glass account of the command line."""
        name = fields.pop("name", username)
        user = User(username=username, name=name, is_superuser=True, **found_by(name), **fields)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        found: User = User.objects.get(username=username)
        return found


class User(AbstractBaseUser, PermissionsMixin):
    username = models.CharField(_("account name"), max_length=60, unique=True)
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    pinyin = models.CharField(max_length=200, blank=True, editable=False)
    initials = models.CharField(max_length=64, blank=True, editable=False)
    email = models.EmailField(_("mail"), blank=True)
    member = models.OneToOneField(
        Member, models.SET_NULL, null=True, blank=True, related_name="user", verbose_name=_("party member")
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("party organization")
    )
    is_active = models.BooleanField(_("active"), default=True)
    must_change_password = models.BooleanField(_("must change the password"), default=False)
    password_changed_at = models.DateTimeField(_("password changed at"), null=True, editable=False)
    # Set while a second factor is in use, so that no request has to look for one.
    two_factor_since = models.DateTimeField(_("two-factor since"), null=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        indexes = (models.Index(fields=("pinyin", "id"), name="user_roll"),)

    def __str__(self) -> str:
        return self.name or self.username

    @property
    def is_staff(self) -> bool:
        """Who may open the read-only Django admin: the break-glass account alone."""
        return self.is_superuser

    @property
    def needs_two_factor(self) -> bool:
        """Tell whether this account may not work without a second factor: the administrators, where it is required."""
        if not settings.TWO_FACTOR_REQUIRED:
            return False
        return self.is_superuser or any(grant.role in ADMINISTRATORS for grant in (*self.held.own, *self.grants))

    _acting_id: int | None = None

    def act(self, delegation_id: int | None) -> None:
        """Act through this delegation from now on (None: as oneself); what is held is read anew."""
        self._acting_id = delegation_id
        self.__dict__.pop("held", None)

    @cached_property
    def held(self) -> Held:
        """Everything about this person's rights today. One query a request."""
        return read_held(self, self._acting_id)

    @property
    def grants(self) -> tuple[Grant, ...]:
        """The roles held today, with their places in the tree; membership counts as one.

        Who acts for another has that one role alone, and nothing once it has ended: the own ones are set aside.
        """
        if self._acting_id is None:
            return self.held.own
        return (self.held.acting.grant,) if self.held.acting else ()

    @property
    def has_deputies(self) -> bool:
        """Whether deputies concern this person: who holds a role can hand it over, and who was handed one can use it."""
        return bool(self.held.offered) or any(grant.role != Role.MEMBER for grant in self.held.own)

    @property
    def acting_for(self) -> ActingFor | None:
        """Whom this person acts for now; None for who acts as oneself."""
        return None if self._acting_id is None else self.held.acting

    @property
    def interests(self) -> tuple[Grant, ...]:
        """The roles whose affairs are one's own: those set aside while acting, and those of whom one acts for, included."""
        return self.grants if self._acting_id is None else (*self.held.own, *self.held.principal)
