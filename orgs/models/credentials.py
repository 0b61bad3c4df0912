"""What people sign in with besides the password: one-time codes, a second factor, and the sessions that come of it.

Nothing here can be read back into a code: codes are stored as keyed hashes, sheets of codes and secrets encrypted with a key
that is not in the database.
"""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import Versioned, choice_check
from campaign.jobs.models import Job
from orgs.models.organizations import Organization


def _number(label: Any, default: int, least: int, most: int) -> Any:
    return models.PositiveSmallIntegerField(
        label, default=default, validators=[MinValueValidator(least), MaxValueValidator(most)]
    )


class SignInPolicy(Versioned):
    """The installation's rules of passwords, codes and lockout (2-domain b.16); the defaults are those recommended there."""

    min_length = _number(_("least length of a password"), 10, 8, 64)
    kinds = _number(_("kinds of characters in it"), 3, 1, 4)
    history = _number(_("passwords that may not be used again"), 5, 0, 24)
    max_days = _number(_("days after which it must be changed"), 0, 0, 730)
    code_days = _number(_("days for which a one-time code is valid"), 14, 1, 90)
    reset_hours = _number(_("hours for which a code for a forgotten password is valid"), 24, 1, 168)
    lock_failures = _number(_("failures that lock an account"), 5, 3, 20)
    lock_minutes = _number(_("minutes for which it is locked"), 15, 5, 1440)
    address_failures = _number(_("accounts failing that lock an address"), 5, 0, 1000)

    class Meta:
        verbose_name = _("rules of signing in")
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="sign_in_policy_single"),)

    def __str__(self) -> str:
        return str(_("Rules of signing in"))

    @classmethod
    def current(cls) -> "SignInPolicy":
        """Return the rules in force; the defaults while nobody has changed any."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)


class CodePurpose(models.TextChoices):
    NEW = "new", _("New accounts for members without one")
    AGAIN = "again", _("New codes for accounts not used yet")


class CodeSheetQuerySet(ScopedQuerySet["CodeSheet"]):
    """A sheet is its maker's alone, and only while entitled to manage the accounts on it."""

    view_capability: ClassVar[Cap] = Cap.ACCOUNT_MANAGE

    def allowed(self, user: Person, capability: Cap) -> Self:
        return super().allowed(user, capability).filter(requested_by=user.pk)


class CodeSheet(models.Model):
    """One making of many one-time codes, printed once and handed out. Its codes lie encrypted in `parts` until
    `expires_at`, or until its maker deletes them after printing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", verbose_name=_("Organization with all below")
    )
    purpose = models.CharField(_("purpose"), max_length=8, choices=CodePurpose.choices, default=CodePurpose.NEW)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="code_sheets", verbose_name=_("requested by")
    )
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    total = models.PositiveIntegerField(_("accounts"), default=0)
    created_at = models.DateTimeField(_("requested at"), default=clock.now)
    expires_at = models.DateTimeField(_("can be printed until"))

    objects = CodeSheetQuerySet.as_manager()

    class Meta:
        verbose_name = _("sheet of one-time codes")
        verbose_name_plural = _("sheets of one-time codes")
        ordering = ("-created_at",)
        constraints = (choice_check("purpose", CodePurpose, "code_sheet_purpose"),)

    def __str__(self) -> str:
        return f"{self.organization} · {self.get_purpose_display()}"


class CodePart(models.Model):
    """Some whole branches of a sheet, to be printed at once. `cipher` holds account ids and codes, encrypted."""

    sheet = models.ForeignKey(CodeSheet, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    first = models.CharField(max_length=200)
    last = models.CharField(max_length=200)
    count = models.PositiveIntegerField()
    printed_at = models.DateTimeField(null=True)
    cipher = models.TextField()

    class Meta:
        verbose_name = _("part of a sheet")
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=("sheet", "number"), name="code_part_number"),)


class OneTimeCode(models.Model):
    """The one code with which an account may set its password: a keyed hash, until it is spent or replaced."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="one_time_code"
    )
    digest = models.CharField(max_length=64)
    issued_at = models.DateTimeField(_("issued at"), default=clock.now)
    expires_at = models.DateTimeField(_("valid until"))
    issued_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    sheet = models.ForeignKey(CodeSheet, models.SET_NULL, null=True, related_name="codes")

    class Meta:
        verbose_name = _("one-time code")

    @property
    def has_expired(self) -> bool:
        return self.expires_at <= clock.now()


class PastPassword(models.Model):
    """The hash of a password that was used before, so that it is not taken again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="past_passwords")
    encoded = models.CharField(max_length=128)
    replaced_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("former password")
        ordering = ("-replaced_at", "-pk")


class SecondFactor(models.Model):
    """The secret that an account shares with a code generator (TOTP, RFC 6238), encrypted; made when the first code
    has proved that the phone has it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="second_factor"
    )
    secret_cipher = models.TextField()
    last_step = models.BigIntegerField(default=-1)
    """The time step of the code used last: no code is good twice."""
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("second factor")


class RecoveryCode(models.Model):
    """A code that takes the place of the generator once, as a keyed hash; using it deletes it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("recovery code")
        constraints = (models.UniqueConstraint(fields=("user", "digest"), name="recovery_code_once"),)


class Session(AbstractBaseSession):
    """A session that knows whose it is and where it began, so that people see where they are signed in."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions")
    address = models.CharField(_("address"), max_length=45, blank=True)
    device = models.CharField(_("device"), max_length=200, blank=True)
    began_at = models.DateTimeField(_("signed in at"), default=clock.now)

    class Meta(AbstractBaseSession.Meta):
        db_table = "sign_in_session"
        verbose_name = _("session")  # type: ignore[assignment]
        verbose_name_plural = _("sessions")  # type: ignore[assignment]

    @classmethod
    def get_session_store_class(cls) -> Any:
        from orgs.sessions import SessionStore

        return SessionStore
