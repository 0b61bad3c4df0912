"""Transfers of members between branches: asked for, released by the old branch, accepted by the new one."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet, under
from campaign.common.capabilities import Cap
from campaign.common.models import Versioned, choice_check
from orgs.models.members import Member
from orgs.models.organizations import Organization


class TransferState(models.TextChoices):
    REQUESTED = "requested", _("Waits for release")
    RELEASED = "released", _("Waits for acceptance")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


OPEN = (TransferState.REQUESTED, TransferState.RELEASED)


class TransferQuerySet(ScopedQuerySet["Transfer"]):
    """Both sides see a transfer, and the member; the old branch releases, the new one accepts."""

    view_capability: ClassVar[Cap] = Cap.TRANSFER_VIEW
    org_lookup: ClassVar[str] = "source"
    org_lookups: ClassVar[dict[Cap, str]] = {Cap.TRANSFER_ACCEPT: "target"}
    person_lookup: ClassVar[str | None] = "member__user"

    def allowed(self, user: Person, capability: Cap) -> Self:
        kept = super().allowed(user, capability)
        if capability != Cap.TRANSFER_VIEW:
            return kept
        incoming = super().allowed(user, Cap.TRANSFER_ACCEPT)
        return self.filter(Q(pk__in=kept.values("pk")) | Q(pk__in=incoming.values("pk")))

    def open(self) -> Self:
        """Keep what is under way."""
        return self.filter(state__in=OPEN)

    def concerning(self, organization: Organization) -> Self:
        """Keep those out of or into `organization` or anything below it."""
        return self.filter(under(organization.path, "source__path") | under(organization.path, "target__path"))


class Transfer(Versioned):
    member = models.ForeignKey(Member, models.CASCADE, related_name="transfers", verbose_name=_("party member"))
    source = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("from organization"))
    target = models.ForeignKey(Organization, models.PROTECT, related_name="+", verbose_name=_("to organization"))
    state = models.CharField(_("state"), max_length=10, choices=TransferState.choices, default=TransferState.REQUESTED)
    reason = models.CharField(_("reason"), max_length=500)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    requested_at = models.DateTimeField(_("asked for at"), default=clock.now)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    released_at = models.DateTimeField(_("released at"), null=True)
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(_("closed at"), null=True)
    note = models.CharField(_("note"), max_length=500, blank=True)
    effective_on = models.DateField(_("takes effect on"), null=True)

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ("-requested_at", "-pk")
        constraints = (
            choice_check("state", TransferState, "transfer_state"),
            models.CheckConstraint(condition=~Q(source=F("target")), name="transfer_elsewhere"),
            models.UniqueConstraint(fields=("member",), condition=Q(state__in=OPEN), name="transfer_one_open"),
        )

    def __str__(self) -> str:
        return f"{self.member}: {self.source} → {self.target}"
