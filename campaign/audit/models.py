"""The audit log: what was done, by whom, on whose behalf, from where. Nobody can change or delete an entry.

The hash chain is kept in rows of its own, made in id order by a task every minute, so that no writer waits for another and
entries themselves are never updated. Personal values are never stored in the clear (see `services.masked`).
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.append_only import AppendOnly, AppendOnlyQuerySet


class AuditQuerySet(AppendOnlyQuerySet["AuditEntry"]):
    def of(self, target: models.Model) -> "AuditQuerySet":
        """Keep the history of one object."""
        return self.filter(target_type=target._meta.label_lower, target_id=str(target.pk))


class AuditEntry(AppendOnly):
    at = models.DateTimeField(_("time"), default=clock.now, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("person")
    )
    actor_name = models.CharField(_("name of the person"), max_length=150, blank=True)
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("on whose behalf"),
    )
    on_behalf_name = models.CharField(_("name of whom the person acted for"), max_length=150, blank=True)
    address = models.CharField(_("network address"), max_length=45, blank=True)
    action = models.CharField(_("action"), max_length=60)
    target_type = models.CharField(_("kind of object"), max_length=60, blank=True)
    target_id = models.CharField(_("object"), max_length=40, blank=True)
    target_name = models.CharField(_("name of the object"), max_length=200, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    changes = models.JSONField(_("changes"), default=dict)

    objects = AuditQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        ordering = ("-id",)
        # Every index is written with every entry, and there are as many entries as there are changes.
        indexes = (
            models.Index(fields=("target_type", "target_id"), name="audit_target"),
            models.Index(fields=("action", "id"), name="audit_action"),
            models.Index(fields=("on_behalf_of",), condition=Q(on_behalf_of__isnull=False), name="audit_on_behalf"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.action}"


class AuditLink(AppendOnly):
    """A link of the hash chain: the keyed digest over the previous link and the entry's canonical form."""

    position = models.PositiveBigIntegerField(primary_key=True)
    entry = models.OneToOneField(AuditEntry, models.PROTECT, related_name="link")
    digest = models.CharField(max_length=64)

    objects = AppendOnlyQuerySet["AuditLink"].as_manager()

    class Meta:
        verbose_name = _("link of the audit chain")


PROTECTED: tuple[type[models.Model], ...] = (AuditEntry, AuditLink)
"""The tables in which the database itself refuses every change."""
