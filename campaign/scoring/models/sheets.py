"""Score sheets: versioned lists of items (2-domain b.15). Weights are rows, never code or settings."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaign.common.access import ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import TimeStamped, choice_check
from campaign.models import Audience, Campaign
from campaign.scoring.choices import Column, MethodKind, Tier, WhenNothing
from orgs.models import OrganizationType


class ScoreSheetQuerySet(ScopedQuerySet["ScoreSheet"]):
    """The rules are open to everybody whom the campaign reaches."""

    view_capability: ClassVar[Cap] = Cap.CAMPAIGN_VIEW
    org_lookup: ClassVar[str] = "campaign__organization"

    def in_force(self) -> Self:
        return self.filter(in_force=True)


class ScoreSheet(TimeStamped):
    """A version of a list of items. One that has been used is never edited (`services.sheets`): a new version is made."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="score_sheets", verbose_name=_("campaign"))
    key = models.SlugField(_("key"), max_length=30)
    version = models.PositiveIntegerField(_("version"))
    name = models.CharField(_("name"), max_length=60)
    audience = models.CharField(_("for"), max_length=12, choices=Audience.choices)
    tier = models.CharField(_("ranked among"), max_length=8, choices=Tier.choices, default=Tier.SIBLINGS)
    bonus_cap = models.PositiveIntegerField(_("most bonus marks"), default=10_00)
    in_force = models.BooleanField(_("in force"), default=True)
    used_at = models.DateTimeField(_("first used at"), null=True, editable=False)

    objects = ScoreSheetQuerySet.as_manager()

    class Meta:
        verbose_name = _("score sheet")
        verbose_name_plural = _("score sheets")
        ordering = ("campaign", "audience", "key", "-version")
        constraints = (
            choice_check("audience", Audience, "sheet_audience"),
            choice_check("tier", Tier, "sheet_tier"),
            models.UniqueConstraint(fields=("campaign", "key", "version"), name="sheet_version"),
            models.UniqueConstraint(fields=("campaign", "key"), condition=Q(in_force=True), name="sheet_one_in_force"),
        )

    def __str__(self) -> str:
        return self.name


class ScoreSheetType(models.Model):
    """That a sheet is for organizations of a type. A sheet for members has none."""

    sheet = models.ForeignKey(ScoreSheet, models.CASCADE, related_name="types")
    type = models.CharField(_("type"), max_length=20, choices=OrganizationType.choices)

    class Meta:
        verbose_name = _("organization type of a score sheet")
        constraints = (
            choice_check("type", OrganizationType, "sheet_type"),
            models.UniqueConstraint(fields=("sheet", "type"), name="sheet_type_once"),
        )


class ScoreSheetItem(models.Model):
    """One item: its marks are hundredths, its parameters those of `arithmetic.method_of`."""

    sheet = models.ForeignKey(ScoreSheet, models.CASCADE, related_name="items")
    order = models.PositiveSmallIntegerField(_("order"))
    key = models.SlugField(_("key"), max_length=40)
    label = models.CharField(_("item"), max_length=60)
    column = models.CharField(_("column"), max_length=10, choices=Column.choices)
    metric = models.CharField(_("metric"), max_length=60)
    method = models.CharField(_("method"), max_length=14, choices=MethodKind.choices)
    parameters = models.JSONField(_("parameters"), default=dict)
    full_marks = models.PositiveIntegerField(_("full marks"))
    when_nothing = models.CharField(
        _("when there is nothing to measure"), max_length=4, choices=WhenNothing.choices, default=WhenNothing.ZERO
    )

    class Meta:
        verbose_name = _("item of a score sheet")
        ordering = ("sheet", "order")
        constraints = (
            choice_check("column", Column, "sheet_item_column"),
            choice_check("method", MethodKind, "sheet_item_method"),
            choice_check("when_nothing", WhenNothing, "sheet_item_when_nothing"),
            models.CheckConstraint(condition=Q(full_marks__gt=0), name="sheet_item_full_marks"),
            models.UniqueConstraint(fields=("sheet", "key"), name="sheet_item_key"),
            models.UniqueConstraint(fields=("sheet", "order"), name="sheet_item_order"),
        )

    def __str__(self) -> str:
        return self.label


class GradeBand(models.Model):
    """The grade for totals of at least `at_least` hundredths; every sheet has one from 0."""

    sheet = models.ForeignKey(ScoreSheet, models.CASCADE, related_name="grades")
    at_least = models.PositiveIntegerField(_("at least"))
    name = models.CharField(_("grade"), max_length=20)

    class Meta:
        verbose_name = _("grade band")
        ordering = ("sheet", "-at_least")
        constraints = (
            models.UniqueConstraint(fields=("sheet", "at_least"), name="grade_bound"),
            models.UniqueConstraint(fields=("sheet", "name"), name="grade_name"),
        )

    def __str__(self) -> str:
        return self.name
