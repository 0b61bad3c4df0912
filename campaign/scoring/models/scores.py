"""Runs and scores (2-domain b.15, form d.18; the exact rules: `docs/scoring.md`).

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
from campaign.models import Period
from campaign.scoring.arithmetic import Line
from campaign.scoring.choices import PartState, RunKind, RunState
from campaign.scoring.lines import unpack
from campaign.scoring.models.sheets import ScoreSheet
from orgs.models import Member, Organization, OrganizationType, User
from orgs.models.organizations import Category

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
    kind = models.CharField(_("kind"), max_length=11, choices=RunKind.choices, default=RunKind.FULL)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    as_of = models.DateTimeField(_("records as of"))
    state = models.CharField(_("state"), max_length=9, choices=RunState.choices, default=RunState.STAGING)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    counts = models.JSONField(default=dict)
    causes = models.JSONField(default=dict)
    """Of an incremental run: how many records of each kind of evidence were marked as changed."""
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
            choice_check("kind", RunKind, "score_run_kind"),
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


class ScorePart(models.Model):
    """Part of a big run under way, for one job at a time: the organizations whose path lies from `low` to below `high` and has
    `least` to `most` characters. `done` is in percent, `counts` what came of it."""

    run = models.ForeignKey(ScoreRun, models.CASCADE, related_name="parts")
    low = models.CharField(max_length=255)
    high = models.CharField(max_length=255)
    least = models.PositiveSmallIntegerField()
    most = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=7, choices=PartState.choices, default=PartState.WAITING)
    holder = models.UUIDField(null=True)
    """The job that computes it, in its attempt number `attempt`."""
    attempt = models.PositiveIntegerField(default=0)
    done = models.PositiveSmallIntegerField(default=0)
    counts = models.JSONField(default=dict)
    figures = models.CharField(max_length=80, blank=True)
    """How the names of the tables begin in which the run has written its figures down for all parts, if it has."""

    class Meta:
        verbose_name = _("part of a score run")
        ordering = ("pk",)
        constraints = (choice_check("state", PartState, "score_part_state"),)


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
        return self.filter(member__isnull=False)  # in these words, for the partial indexes of SQLite


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
            # They are the indexes by subject, too: of one subject there are a few rows. SQLite uses a partial index only where
            # the condition says IS NOT NULL in these words, which `~Q(…=None)` does not.
            models.UniqueConstraint(
                fields=("organization", "run"), condition=Q(member=None), name="score_once_per_organization"
            ),
            models.UniqueConstraint(
                fields=("member", "run"), condition=Q(member__isnull=False), name="score_once_per_member"
            ),
            models.CheckConstraint(
                condition=Q(total=None, base=None) | Q(total__isnull=False, base__isnull=False), name="score_or_none"
            ),
        )
        indexes = (
            models.Index(fields=("organization",), condition=Q(member__isnull=False), name="score_of_members_of"),
            models.Index(fields=("period", "sheet", "peers", "-total"), condition=Q(member=None), name="score_peers"),
            models.Index(fields=("replaces",), condition=Q(replaces__isnull=False), name="score_replaced"),
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
    def finished(self, period: Period) -> Self:
        """Keep what finished runs of the period left: of an organization's figure the one of the latest run counts."""
        return self.filter(run__period=period, run__state__in=FINISHED)


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


class ScoreMark(models.Model):
    """That something was changed from which scores take figures: written by triggers (`campaign.scoring.marking`), taken
    away by the next incremental run. `kind` is a kind of evidence, `record` a number of it."""

    kind = models.CharField(max_length=40)
    record = models.BigIntegerField()

    class Meta:
        verbose_name = _("mark of changed evidence")


class PeriodPlace(models.Model):
    """The tree as it was on the last day of a period."""

    period = models.ForeignKey(Period, models.CASCADE, related_name="places")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    path = models.CharField(max_length=255)
    type = models.CharField(max_length=20, choices=OrganizationType.choices)
    category = models.CharField(max_length=12, choices=Category.choices, blank=True)
    is_active = models.BooleanField()

    class Meta:
        verbose_name = _("place in the tree at the end of a period")
        constraints = (
            choice_check("type", OrganizationType, "period_place_type"),
            choice_check("category", Category, "period_place_category", blank=True),
            models.UniqueConstraint(fields=("period", "organization"), name="period_place_once"),
            models.UniqueConstraint(fields=("period", "path"), name="period_place_path"),
        )
