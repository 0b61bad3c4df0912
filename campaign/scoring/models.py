"""Score sheets, runs and scores (2-domain b.15, form d.18; the exact rules: `docs/scoring.md`).

A score is never changed: a run adds rows, and a row says which one it `replaces`. Rows are seen only once their run is
published, so one short update of the run's state publishes all of them at once.
"""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common.access import Person, ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import TimeStamped, choice_check
from campaign.jobs.models import ACTIVE, Job
from campaign.models import Audience, Campaign, Period
from campaign.scoring.arithmetic import Line
from campaign.scoring.choices import Column, MethodKind, RunState, Tier, WhenNothing
from campaign.scoring.lines import unpack
from orgs.models import Member, Organization, OrganizationType, User


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


FINISHED = (RunState.PUBLISHED, RunState.UNCHANGED)


class ScoreRunQuerySet(ScopedQuerySet["ScoreRun"]):
    view_capability: ClassVar[Cap] = Cap.SCORE_VIEW

    def under_way(self) -> Self:
        """Keep those whose job may still write: waiting for its worker, or running."""
        return self.filter(state=RunState.STAGING, job__state__in=ACTIVE)

    def abandoned(self) -> Self:
        """Keep those that were not finished and never will be."""
        return self.filter(state=RunState.STAGING).exclude(job__state__in=ACTIVE)


class ScoreRun(TimeStamped):
    """One computation of the scores of `organization` and everything below it. `place` is its path when the run began."""

    period = models.ForeignKey(Period, models.PROTECT, related_name="score_runs", verbose_name=_("period"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="score_runs", verbose_name=_("party organization")
    )
    place = models.CharField(max_length=255, editable=False)
    as_of = models.DateTimeField(_("records as of"))
    state = models.CharField(_("state"), max_length=9, choices=RunState.choices, default=RunState.STAGING)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    counts = models.JSONField(default=dict)
    job = models.OneToOneField(Job, models.SET_NULL, null=True, related_name="score_run")
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("requested by"))
    finished_at = models.DateTimeField(_("finished at"), null=True)

    objects = ScoreRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("score run")
        verbose_name_plural = _("score runs")
        ordering = ("-pk",)
        constraints = (
            choice_check("state", RunState, "score_run_state"),
            models.CheckConstraint(
                condition=~Q(state__in=FINISHED) | ~Q(digest=""),
                name="score_run_digest",
            ),
        )
        indexes = (models.Index(fields=("period", "state"), name="score_run_of_period"),)

    def __str__(self) -> str:
        return f"{self.period} {self.organization}"

    @property
    def shown_state(self) -> RunState:
        """The state for readers: one that nobody will finish is given up, though nobody has swept it out yet."""
        lost = self.state == RunState.STAGING and not (self.job and self.job.is_active)
        return RunState.FAILED if lost else RunState(self.state)


class PeriodScoreQuerySet(ScopedQuerySet["PeriodScore"]):
    """Organizations' scores are seen by SCORE_VIEW, members' by SCORE_VIEW_MEMBER alone."""

    view_capability: ClassVar[Cap] = Cap.SCORE_VIEW
    person_lookup: ClassVar[str | None] = "member__user"

    def allowed(self, user: Person, capability: Cap) -> Self:
        of_members = capability == Cap.SCORE_VIEW_MEMBER
        return super().allowed(user, capability).filter(member__isnull=not of_members)

    def published(self) -> Self:
        """Keep what was ever published, replaced or not."""
        return self.filter(run__state=RunState.PUBLISHED, removed=False)

    def current(self) -> Self:
        """Keep what readers see: published, and not replaced by a published one."""
        newer = PeriodScore.objects.filter(replaces=OuterRef("pk"), run__state=RunState.PUBLISHED)
        return self.published().filter(~Exists(newer))

    def of_organizations(self) -> Self:
        return self.filter(member=None)

    def of_members(self) -> Self:
        return self.exclude(member=None)


class PeriodScore(models.Model):
    """The score of one subject in one period, as one run found it: marks in hundredths.

    The subject is `member`, else `organization` itself. `place` is the organization's path then, `peers` the group it is
    ranked in. `lines` is written and read by `campaign.scoring.lines` alone. `total` is null when every item was left out;
    a `removed` row says that the subject is no longer there.
    """

    # The engine alone writes these rows, from the tables they point to, and a million at a time: asking for each whether what it
    # points to is there would take longer than all the rest. Deleting is refused by the models (PROTECT), as everywhere.
    run = models.ForeignKey(ScoreRun, models.PROTECT, related_name="scores", db_constraint=False, db_index=False)
    period = models.ForeignKey(
        Period,
        models.PROTECT,
        related_name="scores",
        verbose_name=_("period"),
        db_constraint=False,
        db_index=False,
    )
    organization = models.ForeignKey(
        Organization,
        models.PROTECT,
        related_name="scores",
        verbose_name=_("party organization"),
        db_constraint=False,
        db_index=False,
    )
    member = models.ForeignKey(
        Member,
        models.PROTECT,
        null=True,
        related_name="scores",
        verbose_name=_("party member"),
        db_constraint=False,
        db_index=False,
    )
    sheet = models.ForeignKey(
        ScoreSheet,
        models.PROTECT,
        related_name="scores",
        verbose_name=_("score sheet"),
        db_constraint=False,
        db_index=False,
    )
    place = models.CharField(max_length=255)
    peers = models.CharField(max_length=255, blank=True)
    base = models.PositiveIntegerField(null=True)
    bonus_entered = models.PositiveIntegerField(default=0)
    bonus = models.PositiveIntegerField(_("bonus"), default=0)
    deductions = models.PositiveIntegerField(_("deductions"), default=0)
    total = models.PositiveIntegerField(_("total"), null=True)
    grade = models.CharField(_("grade"), max_length=20, blank=True)
    vetoed = models.BooleanField(_("vetoed"), default=False)
    lines = models.TextField(default="")
    # Nothing is ever deleted that another row replaces: only rows of runs that were given up are, and nobody follows those.
    replaces = models.ForeignKey(
        "self", models.DO_NOTHING, null=True, related_name="replaced_by", db_constraint=False, db_index=False
    )
    removed = models.BooleanField(default=False)

    objects = PeriodScoreQuerySet.as_manager()

    class Meta:
        verbose_name = _("periodic score")
        verbose_name_plural = _("periodic scores")
        constraints = (
            # They are the indexes by subject, too: of one subject there are a few rows.
            models.UniqueConstraint(
                fields=("organization", "run"), condition=Q(member=None), name="score_once_per_organization"
            ),
            models.UniqueConstraint(fields=("member", "run"), condition=~Q(member=None), name="score_once_per_member"),
            models.CheckConstraint(
                condition=Q(total=None, base=None) | Q(total__isnull=False, base__isnull=False), name="score_or_none"
            ),
        )
        indexes = (
            models.Index(fields=("organization",), condition=~Q(member=None), name="score_of_members_of"),
            models.Index(fields=("period", "sheet", "peers", "-total"), condition=Q(member=None), name="score_peers"),
            models.Index(fields=("replaces",), condition=~Q(replaces=None), name="score_replaced"),
        )

    def __str__(self) -> str:
        return f"{self.period} {self.subject}"

    @property
    def subject(self) -> Member | Organization:
        return self.member or self.organization

    def get_absolute_url(self) -> str:
        return reverse("grade_detail" if self.member_id else "score_detail", args=[self.pk])

    def grade_tone(self) -> str:
        """Name the state whose colour the grade has: the best is gold, the worst red. Needs the sheet's grades."""
        names = [band.name for band in self.sheet.grades.all()]
        if self.grade not in names:
            return "none"
        place = names.index(self.grade)
        return "excellent" if place == 0 else "poor" if place == len(names) - 1 else "good"

    def unpacked(self) -> dict[str, Line]:
        """Return the lines by the key of their item. Needs the sheet's items."""
        return unpack(self.lines, [item.key for item in self.sheet.items.all()])


class ScoreTallyQuerySet(models.QuerySet["ScoreTally"]):
    def current(self, period: Period) -> Self:
        """Keep, of each organization and metric, what the latest finished run of the period left."""
        later = ScoreTally.objects.filter(
            organization=OuterRef("organization"),
            metric=OuterRef("metric"),
            run__gt=OuterRef("run"),
            run__period=period,
            run__state__in=FINISHED,
        )
        return self.filter(~Exists(later), run__period=period, run__state__in=FINISHED)


class ScoreTally(models.Model):
    """What one organization adds to a figure of those above it, so that a change below costs one row a level, not all.

    `own_…` is what its own members have; `numerator` and `denominator` are what it passes on to the organization `above` (0 at
    the top): its own and everything below.
    """

    run = models.ForeignKey(ScoreRun, models.CASCADE, related_name="tallies", db_constraint=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    above = models.BigIntegerField()
    metric = models.CharField(max_length=60)
    own_numerator = models.BigIntegerField()
    own_denominator = models.BigIntegerField()
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()

    objects = ScoreTallyQuerySet.as_manager()

    class Meta:
        verbose_name = _("tally of a figure")
        constraints = (models.UniqueConstraint(fields=("organization", "metric", "run"), name="score_tally_once"),)
        indexes = (models.Index(fields=("above", "metric"), name="score_tally_above"),)


class PeriodPlace(models.Model):
    """The tree as it was on the last day of a period."""

    period = models.ForeignKey(Period, models.CASCADE, related_name="places")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    path = models.CharField(max_length=255)
    type = models.CharField(max_length=20, choices=OrganizationType.choices)
    is_active = models.BooleanField()

    class Meta:
        verbose_name = _("place in the tree at the end of a period")
        constraints = (
            models.UniqueConstraint(fields=("period", "organization"), name="period_place_once"),
            models.UniqueConstraint(fields=("period", "path"), name="period_place_path"),
        )
