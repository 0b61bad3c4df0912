"""Freezing a period (封账): asked for by one person, confirmed by another; from then on the database refuses every change."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.audit.selectors import done_for
from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet, actor_ids
from campaign.common.capabilities import Cap
from campaign.common.models import TimeStamped, choice_check
from campaign.models import Period
from campaign.scoring.models.scores import PeriodScore, ScoreRun
from orgs.models import Member, Organization


class FreezeState(models.TextChoices):
    REQUESTED = "requested", pgettext_lazy("freezing", "Waiting for a second person")
    CONFIRMED = "confirmed", pgettext_lazy("freezing", "Confirmed")
    WITHDRAWN = "withdrawn", pgettext_lazy("freezing", "Withdrawn")


class ScoreFreezeQuerySet(ScopedQuerySet["ScoreFreeze"]):
    view_capability: ClassVar[Cap] = Cap.SCORE_FREEZE
    org_lookup: ClassVar[str] = "period__campaign__organization"

    def waiting(self) -> Self:
        return self.filter(state=FreezeState.REQUESTED)

    def of_others(self, user: Person) -> Self:
        """Leave out what `user`, or a deputy in their stead, asked for."""
        asked = Q(requested_by__in=actor_ids(user)) | Q(done_for(ScoreFreeze, user, "freeze_request"))
        return self.exclude(asked)


class ScoreFreeze(TimeStamped):
    """That somebody asks for a period to be frozen as `run` left it: the whole campaign, or what a correction made of it."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="freezes", verbose_name=_("period"))
    run = models.ForeignKey(ScoreRun, models.PROTECT, related_name="+", verbose_name=_("score run"))
    version = models.PositiveSmallIntegerField(_("version"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=FreezeState.choices, default=FreezeState.REQUESTED)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=pgettext_lazy("score", "decided by"),
    )
    decided_at = models.DateTimeField(pgettext_lazy("score", "decided at"), null=True)

    objects = ScoreFreezeQuerySet.as_manager()

    class Meta:
        verbose_name = _("request to freeze a period")
        verbose_name_plural = _("requests to freeze periods")
        ordering = ("-pk",)
        constraints = (
            choice_check("state", FreezeState, "score_freeze_state"),
            models.UniqueConstraint(
                fields=("period",), condition=Q(state=FreezeState.REQUESTED), name="score_freeze_one_request"
            ),
            models.CheckConstraint(
                condition=~Q(state=FreezeState.CONFIRMED) | ~Q(requested_by=F("decided_by")),
                name="score_freeze_two_people",
            ),
            models.CheckConstraint(
                condition=Q(state=FreezeState.REQUESTED, decided_at=None)
                | (~Q(state=FreezeState.REQUESTED) & Q(decided_at__isnull=False)),
                name="score_freeze_decided",
            ),
        )

    def __str__(self) -> str:
        return f"{self.period} v{self.version}"

    def get_absolute_url(self) -> str:
        return reverse("freeze_detail", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.state == FreezeState.REQUESTED

    @property
    def is_correction(self) -> bool:
        return self.version > 1


class ScoreSeal(models.Model):
    """That a version of a period's scores is frozen: with this row the triggers of `campaign.scoring.sealing` refuse to insert,
    change or delete anything of it. Written once, never changed."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="seals")
    version = models.PositiveSmallIntegerField()
    freeze = models.OneToOneField(ScoreFreeze, models.PROTECT, related_name="seal")
    digest = models.CharField(_("digest"), max_length=64)
    sealed_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("seal of frozen scores")
        constraints = (models.UniqueConstraint(fields=("period", "version"), name="score_seal_version"),)

    def __str__(self) -> str:
        return f"{self.period} v{self.version}"


class ScoreRank(models.Model):
    """The rank of an organization's score among its peers, stored at freezing: `rank` of `ranked`."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField()
    score = models.ForeignKey(PeriodScore, models.PROTECT, related_name="ranks")
    rank = models.PositiveIntegerField(_("rank"))
    ranked = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("rank at freezing")
        constraints = (models.UniqueConstraint(fields=("period", "version", "score"), name="score_rank_once"),)


class ScoreDrift(models.Model):
    """That evidence of a frozen period was changed since, so that this subject's score would be another one now."""

    period = models.ForeignKey(Period, models.CASCADE, related_name="drifts")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    member = models.ForeignKey(Member, models.CASCADE, null=True, related_name="+")
    noticed_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name = _("change since freezing")
        constraints = (
            models.UniqueConstraint(
                fields=("period", "organization"), condition=Q(member=None), name="score_drift_of_organization"
            ),
            models.UniqueConstraint(
                fields=("period", "member"), condition=Q(member__isnull=False), name="score_drift_of_member"
            ),
        )
