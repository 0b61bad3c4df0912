"""Score sheets: versioned lists of items (2-domain b.15). Weights are rows, never code or settings."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import Person, ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.errors import EditConflict
from campaign.common.models import TimeStamped, choice_check
from campaign.models import Audience, Campaign, Period, Standard
from campaign.scoring.choices import Column, MethodKind, SheetState, Tier, WhenNothing
from orgs.models import OrganizationType
from orgs.models.organizations import Category


class ScoreSheetQuerySet(ScopedQuerySet["ScoreSheet"]):
    """The rules are open to everybody whom the campaign reaches, and to who sets it up; to them alone drafts are."""

    view_capability: ClassVar[Cap] = Cap.CAMPAIGN_VIEW
    org_lookup: ClassVar[str] = "campaign__organization"

    def allowed(self, user: Person, capability: Cap) -> Self:
        found = super().allowed(user, capability)
        if capability != Cap.CAMPAIGN_VIEW:
            return found
        managed = super().allowed(user, Cap.CAMPAIGN_MANAGE).values("pk")
        return self.filter(Q(pk__in=found.in_use().values("pk")) | Q(pk__in=managed))

    def in_use(self) -> Self:
        return self.filter(state=SheetState.IN_USE)

    def newest(self) -> Self:
        """Keep, of each sheet, the version in use that no other has taken over from."""
        return self.in_use().filter(~Exists(self._later()))

    def for_period(self, period: Period) -> Self:
        """Keep, of each sheet, the version that `period` is scored by: the latest that counts from its first day or earlier."""
        begun = Q(applies_from=None) | Q(applies_from__lte=period.starts_on)
        return self.in_use().filter(begun, ~Exists(self._later().filter(begun)), campaign=period.campaign_id)

    def with_successor(self) -> Self:
        """Annotate whether a later version has been put into use (`is_followed`), and from which day on it counts
        (`followed_on`, None: from the beginning)."""
        later = self._later()
        return self.annotate(
            is_followed=Exists(later), followed_on=Subquery(later.order_by("version").values("applies_from")[:1])
        )

    def _later(self) -> "ScoreSheetQuerySet":
        return ScoreSheet.objects.in_use().filter(
            campaign=OuterRef("campaign"), key=OuterRef("key"), version__gt=OuterRef("version")
        )


class ScoreSheet(TimeStamped):
    """A version of a list of items. One that has been used is never edited (`services.sheets`): a new version is made.

    `applies_from` is the day from which it counts: it scores the periods that begin then or later, all if it is empty.
    `revision` counts the changes of a draft, against two people overwriting each other.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="score_sheets", verbose_name=_("campaign"))
    key = models.SlugField(_("key"), max_length=30)
    version = models.PositiveIntegerField(_("version"))
    name = models.CharField(_("name"), max_length=60)
    audience = models.CharField(_("for"), max_length=12, choices=Audience.choices)
    tier = models.CharField(_("ranked among"), max_length=8, choices=Tier.choices, default=Tier.SIBLINGS)
    bonus_cap = models.PositiveIntegerField(_("most bonus marks"), default=10_00)
    category = models.CharField(_("category"), max_length=12, choices=Category.choices, blank=True)
    honour_marks = models.PositiveIntegerField(_("bonus for an honour"), default=1_00)
    state = models.CharField(_("state"), max_length=6, choices=SheetState.choices, default=SheetState.IN_USE)
    applies_from = models.DateField(_("counts from"), null=True, blank=True)
    revision = models.PositiveIntegerField(default=1, editable=False)
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
            choice_check("state", SheetState, "sheet_state"),
            choice_check("category", Category, "sheet_category", blank=True),
            models.CheckConstraint(
                condition=~Q(state=SheetState.DRAFT) | Q(used_at=None), name="sheet_draft_scores_nobody"
            ),
            models.UniqueConstraint(
                fields=("campaign", "key"), condition=Q(state=SheetState.DRAFT), name="sheet_one_draft"
            ),
        )

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("sheet_detail", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        return self.state == SheetState.DRAFT

    def save_revision(self, revision: int, **updates: Any) -> None:
        """Write `updates` to a draft that still has `revision`; raises EditConflict when someone saved meanwhile, or it is
        no draft any more."""
        changed = ScoreSheet.objects.filter(pk=self.pk, revision=revision, state=SheetState.DRAFT).update(
            **updates, revision=F("revision") + 1, updated_at=clock.now()
        )
        if changed != 1:
            raise EditConflict
        self.refresh_from_db()


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
    standard = models.ForeignKey(
        Standard, models.PROTECT, null=True, related_name="score_items", verbose_name=_("standard")
    )
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
