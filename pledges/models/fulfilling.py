"""督诺 and 评诺: what was done, and how it was judged."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaign.attachments.models import Attachment
from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import choice_check
from pledges.models.pledges import FULL_MARK, ItemResult, Pledge, PledgeItem


class PledgeProgressQuerySet(ScopedQuerySet["PledgeProgress"]):
    """What was noted is reached as its pledge is."""

    view_capability: ClassVar[Cap] = Cap.PLEDGE_VIEW
    org_lookup: ClassVar[str] = "item__pledge__organization"
    person_lookup: ClassVar[str | None] = "item__pledge__member__user"

    def allowed(self, user: Person, capability: Cap) -> Self:
        return self.filter(item__pledge__in=Pledge.objects.allowed(user, capability).order_by().values("pk"))


class PledgeProgress(models.Model):
    """One entry of 践诺: what was done for an item, on a day."""

    item = models.ForeignKey(PledgeItem, models.CASCADE, related_name="progress")
    on = models.DateField(_("date"), default=clock.today)
    text = models.CharField(_("what was done"), max_length=500)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(_("entered by"), max_length=60)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = PledgeProgressQuerySet.as_manager()

    class Meta:
        verbose_name = _("progress")
        ordering = ("item", "on", "pk")

    def __str__(self) -> str:
        return f"{self.item} · {self.on}"


class ProgressEvidenceQuerySet(models.QuerySet["ProgressEvidence"]):
    def of_pledge(self, pledge: Pledge) -> "ProgressEvidenceQuerySet":
        return self.filter(progress__item__pledge=pledge)


class ProgressEvidence(models.Model):
    """A file that shows what was done 佐证材料: whoever sees the pledge, and whoever judges it, may open it."""

    progress = models.ForeignKey(PledgeProgress, models.CASCADE, related_name="evidence")
    attachment = models.OneToOneField(Attachment, models.PROTECT, related_name="+")

    objects = ProgressEvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence of progress")
        ordering = ("pk",)

    def __str__(self) -> str:
        return str(self.attachment)


class AppraisalKind(models.TextChoices):
    SELF = "self", _("Self-appraisal")
    PEER = "peer", _("Appraisal by a colleague")
    ORGANIZATION = "organization", _("Appraisal by the organization")


class PledgeAppraisal(models.Model):
    """One judgement of 评诺 on an item. The latest of the organization is the item's result."""

    item = models.ForeignKey(PledgeItem, models.CASCADE, related_name="appraisals")
    kind = models.CharField(_("kind"), max_length=12, choices=AppraisalKind.choices)
    result = models.CharField(_("fulfilment"), max_length=12, choices=ItemResult.choices)
    mark = models.PositiveIntegerField(_("mark"), null=True, blank=True)
    text = models.CharField(_("explanation"), max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    by_name = models.CharField(_("appraised by"), max_length=60)
    at = models.DateTimeField(_("time"), default=clock.now)

    class Meta:
        verbose_name = _("appraisal of a pledge")
        ordering = ("item", "at", "pk")
        constraints = (
            choice_check("kind", AppraisalKind, "pledge_appraisal_kind"),
            choice_check("result", ItemResult, "pledge_appraisal_result"),
            models.CheckConstraint(condition=~Q(result=ItemResult.PENDING), name="pledge_appraisal_decided"),
            models.CheckConstraint(
                condition=Q(mark__isnull=True) | Q(mark__lte=FULL_MARK), name="pledge_appraisal_mark"
            ),
        )
