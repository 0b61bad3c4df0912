"""What people decided about suspected mistakes in the data."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from orgs.models.members import Member


class DistinctPair(models.Model):
    """Two members who look like one and are two: not suspected again. The smaller key comes first."""

    first = models.ForeignKey(Member, models.CASCADE, related_name="+")
    second = models.ForeignKey(Member, models.CASCADE, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided at"), default=clock.now)

    class Meta:
        verbose_name = _("two different persons")
        constraints = (
            models.UniqueConstraint(fields=("first", "second"), name="distinct_pair_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="distinct_pair_order"),
        )

    def __str__(self) -> str:
        return f"{self.first} ≠ {self.second}"


class ResolvedDouble(models.Model):
    """One person who had two records: `dropped` ended for `kept`; what was done under it stays with it."""

    kept = models.ForeignKey(Member, models.CASCADE, related_name="+")
    dropped = models.OneToOneField(Member, models.CASCADE, related_name="+")
    reason = models.CharField(_("reason"), max_length=100)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided at"), default=clock.now)

    class Meta:
        verbose_name = _("resolved double")
        constraints = (models.CheckConstraint(condition=~Q(kept=F("dropped")), name="resolved_double_two"),)

    def __str__(self) -> str:
        return f"{self.dropped} → {self.kept}"
