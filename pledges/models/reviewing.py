"""审诺: decisions on pledges."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.models import choice_check
from pledges.models.pledges import Pledge


class Decision(models.TextChoices):
    RETURNED = "returned", pgettext_lazy("pledge", "Returned")
    APPROVED = "approved", pgettext_lazy("pledge", "Approved")


class PledgeReview(models.Model):
    """One decision of 审诺: who, when, what, why. Never changed."""

    pledge = models.ForeignKey(Pledge, models.CASCADE, related_name="reviews")
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    item_reasons = models.JSONField(_("remarks on items"), default=list, blank=True)
    """One `{"order", "text", "reason"}` for each remark: the text as it was, since the item may be rewritten."""
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("decided by")
    )
    by_name = models.CharField(_("decided by"), max_length=60)
    at = models.DateTimeField(_("time"), default=clock.now)

    class Meta:
        verbose_name = _("review of a pledge")
        ordering = ("pledge", "-at", "-pk")
        constraints = (choice_check("decision", Decision, "pledge_review_decision"),)
