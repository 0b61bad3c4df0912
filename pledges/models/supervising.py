"""督诺: what was found when a pledge was looked at, how its items were changed on the way, and what was made public of it
each quarter (2-domain b.5)."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import TimeStamped, choice_check
from campaign.models import Campaign
from orgs.models import Organization
from pledges.models.pledges import TEXT_LENGTH, Pledge, PledgeItem

REMARK_LENGTH = 500


class OfPledgeQuerySet(ScopedQuerySet[Any]):
    """What belongs to a pledge is reached as the pledge is."""

    view_capability: ClassVar[Cap] = Cap.PLEDGE_VIEW
    org_lookup: ClassVar[str] = "pledge__organization"
    person_lookup: ClassVar[str | None] = "pledge__member__user"

    def allowed(self, user: Person, capability: Cap) -> Self:
        return self.filter(pledge__in=Pledge.objects.allowed(user, capability).order_by().values("pk"))


class PledgeCheck(TimeStamped):
    """One look at a pledge 督查记录: who, when, what was found; and what was asked for, with the answer to it."""

    pledge = models.ForeignKey(Pledge, models.CASCADE, related_name="checks", verbose_name=_("pledge"))
    on = models.DateField(_("date"), default=clock.today)
    found = models.CharField(_("what was found"), max_length=REMARK_LENGTH)
    request = models.CharField(_("what is asked for"), max_length=REMARK_LENGTH, blank=True)
    answer_by = models.DateField(_("answer by"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("checked by")
    )
    by_name = models.CharField(_("checked by"), max_length=60)
    answer = models.CharField(_("answer"), max_length=REMARK_LENGTH, blank=True)
    answered_by_name = models.CharField(_("answered by"), max_length=60, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    objects = OfPledgeQuerySet.as_manager()

    class Meta:
        verbose_name = _("check of a pledge")
        ordering = ("pledge", "-on", "-pk")
        constraints = (
            models.CheckConstraint(condition=Q(answer_by=None) | ~Q(request=""), name="pledge_check_request"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None)
                | (~Q(request="") & ~Q(answer="") & Q(answered_at__isnull=False)),
                name="pledge_check_answer",
            ),
        )
        indexes = (
            models.Index(
                fields=("answer_by",), condition=Q(answered_at=None) & ~Q(request=""), name="pledge_check_open"
            ),
        )

    def __str__(self) -> str:
        return f"{self.pledge} · {self.on}"

    @property
    def is_open(self) -> bool:
        """Something was asked for and nobody has answered."""
        return bool(self.request) and self.answered_at is None

    @property
    def is_late(self) -> bool:
        return self.is_open and self.answer_by is not None and self.answer_by < clock.today()


class AdjustmentState(models.TextChoices):
    REQUESTED = "requested", pgettext_lazy("adjustment", "Waiting for a decision")
    APPROVED = "approved", pgettext_lazy("adjustment", "Agreed")
    REFUSED = "refused", pgettext_lazy("adjustment", "Refused")
    RECALLED = "recalled", pgettext_lazy("adjustment", "Taken back")


class PledgeAdjustment(TimeStamped):
    """The wish to change an item that is on the board; both versions stay side by side, whatever is decided."""

    pledge = models.ForeignKey(Pledge, models.CASCADE, related_name="adjustments", verbose_name=_("pledge"))
    item = models.ForeignKey(PledgeItem, models.CASCADE, related_name="adjustments", verbose_name=_("pledge item"))
    state = models.CharField(
        _("state"), max_length=10, choices=AdjustmentState.choices, default=AdjustmentState.REQUESTED
    )
    reason = models.CharField(_("reason"), max_length=REMARK_LENGTH)
    old_text = models.CharField(_("what is promised"), max_length=TEXT_LENGTH)
    old_target = models.CharField(_("target"), max_length=TEXT_LENGTH, blank=True)
    old_due_on = models.DateField(_("due on"), null=True)
    new_text = models.CharField(_("what is promised"), max_length=TEXT_LENGTH)
    new_target = models.CharField(_("target"), max_length=TEXT_LENGTH)
    new_due_on = models.DateField(_("due on"))
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    requested_by_name = models.CharField(_("asked for by"), max_length=60)
    requested_at = models.DateTimeField(_("asked for at"), default=clock.now)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    decided_by_name = models.CharField(_("decided by"), max_length=60, blank=True)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decision_reason = models.CharField(_("reason of the decision"), max_length=REMARK_LENGTH, blank=True)

    objects = OfPledgeQuerySet.as_manager()

    class Meta:
        verbose_name = _("adjustment of a pledge")
        ordering = ("item", "pk")
        constraints = (
            choice_check("state", AdjustmentState, "pledge_adjustment_state"),
            models.UniqueConstraint(
                fields=("item",), condition=Q(state=AdjustmentState.REQUESTED), name="pledge_adjustment_one_open"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(AdjustmentState.APPROVED, AdjustmentState.REFUSED))
                | Q(decided_at__isnull=False),
                name="pledge_adjustment_decided",
            ),
        )
        indexes = (models.Index(fields=("state", "requested_at"), name="pledge_adjustment_queue"),)

    def __str__(self) -> str:
        return str(self.pledge)

    @property
    def is_open(self) -> bool:
        return self.state == AdjustmentState.REQUESTED


class BulletinQuerySet(ScopedQuerySet["FulfilmentBulletin"]):
    """Published bulletins are read like the board; drafts do not exist: what is published was previewed."""

    view_capability: ClassVar[Cap] = Cap.BOARD_VIEW

    def shown(self) -> Self:
        """Keep what hangs on the board."""
        return self.filter(withdrawn_at=None)


class FulfilmentBulletin(models.Model):
    """How far an organization and its members were with their pledges at the end of a quarter 践诺情况公示: a copy of what
    was known then, so that later entries change nothing that was published."""

    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="fulfilment_bulletins", verbose_name=_("party organization")
    )
    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="+", verbose_name=_("campaign"))
    year = models.PositiveSmallIntegerField(_("year"))
    quarter = models.PositiveSmallIntegerField(_("quarter"))
    organization_name = models.CharField(_("organization"), max_length=150)
    entries = models.JSONField(_("entries"), default=list)
    """One `{"name", "unit", "post", "items": [{"text", "due_on", "result", "progress"}]}` for each pledge."""
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    published_by_name = models.CharField(_("published by"), max_length=60)
    published_at = models.DateTimeField(_("published at"), default=clock.now)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    withdrawn_reason = models.CharField(_("reason"), max_length=REMARK_LENGTH, blank=True)

    objects = BulletinQuerySet.as_manager()

    class Meta:
        verbose_name = _("publication of fulfilment")
        ordering = ("-year", "-quarter", "-pk")
        constraints = (
            models.CheckConstraint(condition=Q(quarter__gte=1, quarter__lte=4), name="fulfilment_bulletin_quarter"),
            models.UniqueConstraint(
                fields=("organization", "campaign", "year", "quarter"),
                condition=Q(withdrawn_at=None),
                name="fulfilment_bulletin_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.organization_name} {self.year}Q{self.quarter}"
