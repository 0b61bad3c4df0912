"""The campaign: its stages with what may be done in them, its standards, its periods (2-domain b.1)."""

import datetime as dt
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet, under
from campaign.common.capabilities import Cap
from campaign.common.models import TimeStamped, Versioned, choice_check
from campaign.periods import period_name
from orgs.models import Organization


class CampaignState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    RUNNING = "running", _("Running")
    CLOSED = "closed", pgettext_lazy("campaign", "Closed")


class CampaignQuerySet(ScopedQuerySet["Campaign"]):
    """A campaign is seen from its organization downward: who holds a role below reaches it upward."""

    view_capability: ClassVar[Cap] = Cap.CAMPAIGN_VIEW

    def allowed(self, user: Person, capability: Cap) -> Self:
        """As the matrix says; who sets up a campaign for an organization below sees it as well."""
        found = super().allowed(user, capability)
        return found | super().allowed(user, Cap.CAMPAIGN_MANAGE) if capability == Cap.CAMPAIGN_VIEW else found

    def taken_part_in_by(self, user: Person) -> Self:
        """Keep the campaigns of one's own organization and those above it."""
        return super().allowed(user, Cap.CAMPAIGN_VIEW)

    def running(self) -> "CampaignQuerySet":
        return self.filter(state=CampaignState.RUNNING)

    def begun(self) -> "CampaignQuerySet":
        """Keep those that run or ran, the last one first: scores of a closed one may still be put right."""
        return self.exclude(state=CampaignState.DRAFT).order_by("-starts_on", "-pk")


class Campaign(Versioned):
    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(pgettext_lazy("thing", "name"), max_length=100)
    theme = models.CharField(_("theme"), max_length=200, blank=True)
    goals = models.TextField(_("goals"), blank=True)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="campaigns", verbose_name=_("held by"))
    template = models.CharField(_("template"), max_length=30, blank=True)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    state = models.CharField(_("state"), max_length=10, choices=CampaignState.choices, default=CampaignState.RUNNING)

    objects = CampaignQuerySet.as_manager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ("-starts_on", "pk")
        constraints = (
            choice_check("state", CampaignState, "campaign_state"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="campaign_dates"),
        )

    def __str__(self) -> str:
        return self.name

    def organizations(self) -> models.QuerySet[Organization]:
        """Return the organizations that take part: the holder's subtree."""
        found: models.QuerySet[Organization] = Organization.objects.filter(
            under(self.organization.path), is_active=True
        )
        return found


class Action(models.TextChoices):
    """What a stage allows."""

    PLEDGE = "pledge", _("Pledge")
    APPRAISE = "appraise", _("Appraise pledges")
    REVIEW = "review", _("Leader review")
    EVALUATE = "evaluate", _("Mass evaluation")
    NOMINATE = "nominate", _("Nominate for awards")
    DECIDE = "decide", _("Decide awards")


class CampaignStage(Versioned):
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="stages", verbose_name=_("campaign"))
    order = models.PositiveSmallIntegerField(_("order"))
    name = models.CharField(pgettext_lazy("thing", "name"), max_length=60)
    focus = models.CharField(_("focus"), max_length=300, blank=True)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))

    class Meta:
        verbose_name = _("campaign stage")
        ordering = ("campaign", "order")
        constraints = (
            models.UniqueConstraint(fields=("campaign", "order"), name="stage_order"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="stage_dates"),
        )

    def __str__(self) -> str:
        return self.name

    def is_current(self) -> bool:
        return self.starts_on <= clock.today() <= self.ends_on

    def is_past(self) -> bool:
        return self.ends_on < clock.today()


class StageAction(models.Model):
    """That a stage allows an action: dated phases carry what may be done in them."""

    stage = models.ForeignKey(CampaignStage, models.CASCADE, related_name="actions")
    action = models.CharField(max_length=10, choices=Action.choices)

    class Meta:
        verbose_name = _("allowed action")
        constraints = (
            choice_check("action", Action, "stage_action"),
            models.UniqueConstraint(fields=("stage", "action"), name="stage_action_once"),
        )


class Audience(models.TextChoices):
    ORGANIZATION = "organization", _("Organizations")
    MEMBER = "member", _("Members")


class Standard(models.Model):
    """A node of a tree of standards (四强, 四优 …) that pledges, reviews, ballots and awards refer to."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="standards")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    audience = models.CharField(pgettext_lazy("standard", "for"), max_length=12, choices=Audience.choices)
    code = models.CharField(_("code"), max_length=30)
    name = models.CharField(pgettext_lazy("thing", "name"), max_length=60)
    text = models.TextField(_("text"), blank=True)
    order = models.PositiveSmallIntegerField(_("order"))

    class Meta:
        verbose_name = _("standard")
        ordering = ("campaign", "order")
        constraints = (
            choice_check("audience", Audience, "standard_audience"),
            models.UniqueConstraint(fields=("campaign", "code"), name="standard_code"),
        )

    def __str__(self) -> str:
        return self.name


class PeriodKind(models.TextChoices):
    MONTH = "month", _("Month")
    QUARTER = "quarter", _("Quarter")
    HALF_YEAR = "half_year", _("Half-year")
    YEAR = "year", _("Year")
    RANGE = "range", pgettext_lazy("period", "Days of its own")


class PeriodState(models.TextChoices):
    OPEN = "open", pgettext_lazy("period", "Open")
    CLOSED = "closed", pgettext_lazy("period", "Closed")
    FROZEN = "frozen", _("Frozen")


class Period(TimeStamped):
    """A dated slice of a campaign. Those of one campaign and kind do not overlap (made so by the service)."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="periods", verbose_name=_("campaign"))
    code = models.CharField(_("code"), max_length=12)
    kind = models.CharField(_("kind"), max_length=10, choices=PeriodKind.choices)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    state = models.CharField(_("state"), max_length=6, choices=PeriodState.choices, default=PeriodState.OPEN)

    class Meta:
        verbose_name = _("period")
        ordering = ("campaign", "starts_on", "kind")
        constraints = (
            choice_check("kind", PeriodKind, "period_kind"),
            choice_check("state", PeriodState, "period_state"),
            models.UniqueConstraint(fields=("campaign", "code"), name="period_code"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="period_dates"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """As people name it; `code` is for commands, files and addresses."""
        return period_name(self.kind, self.starts_on, self.code)

    def holds_day(self, day: dt.date) -> bool:
        return self.starts_on <= day <= self.ends_on
