"""审诺: decisions on pledges."""

from typing import Any

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
    RECALLED = "recalled", pgettext_lazy("pledge", "Approval taken back")


class Check(models.TextChoices):
    """What is asked of every item (2-domain b.5 and f.2: is it advanced, tied to the post, feasible, checkable)."""

    ADVANCED = "advanced", _("Not advanced: no more than the duty anyway")
    POST = "post", _("Not tied to the post")
    FEASIBLE = "feasible", _("Not feasible")
    CHECKABLE = "checkable", _("Not checkable: no figure or no day")


class PledgeReview(models.Model):
    """One decision of 审诺: who, when, what, why. Never changed."""

    pledge = models.ForeignKey(Pledge, models.CASCADE, related_name="reviews")
    decision = models.CharField(_("decision"), max_length=10, choices=Decision.choices)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    items = models.JSONField(_("decisions on items"), default=list, blank=True)
    """One `{"order", "text", "target", "due_on", "decision", "lacking", "reason"}` for each item that was decided on:
    as it was, since the item may be rewritten. `lacking`: the checks (`Check`) that it does not pass."""
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("decided by")
    )
    by_name = models.CharField(_("decided by"), max_length=60)
    at = models.DateTimeField(_("time"), default=clock.now)

    class Meta:
        verbose_name = _("review of a pledge")
        ordering = ("pledge", "-at", "-pk")
        constraints = (choice_check("decision", Decision, "pledge_review_decision"),)

    @property
    def remarks(self) -> list[dict[str, Any]]:
        """The items that were returned or spoken of, with what they lack in the reader's language."""
        said = [item for item in self.items if item["reason"] or item.get("lacking")]  # earlier ones know no checks
        return [{**item, "lacking": [Check(key).label for key in item.get("lacking", ())]} for item in said]
