"""What people keep for the forms they export: how the lines around a table are worded, choices of columns, monthly exports."""

from typing import Any, ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import choice_check


class FormWording(models.Model):
    """The lines around a form's table (`registry.LINES`) as a person words them; what is not in it stays as every form has it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    report = models.CharField(_("report"), max_length=60)
    lines = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("wording of a form")
        constraints = (models.UniqueConstraint(fields=("user", "report"), name="wording_once"),)

    def __str__(self) -> str:
        return self.report


class ReportViewQuerySet(models.QuerySet["ReportView"]):
    def of(self, user: Any, report: str) -> "ReportViewQuerySet":
        """Return a person's own views of a report by name."""
        return self.filter(user=user, report=report).order_by("name")


class ReportView(models.Model):
    """A named choice of columns of a list report, in their order, by heading."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    report = models.CharField(_("report"), max_length=60)
    name = models.CharField(_("name of the view"), max_length=40)
    columns = models.JSONField(default=list)

    objects = ReportViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("view of a report")
        constraints = (models.UniqueConstraint(fields=("user", "report", "name"), name="report_view_once"),)

    def __str__(self) -> str:
        return self.name


class ScheduleState(models.TextChoices):
    ACTIVE = "active", _("Running")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


LAST_DAY = 31


class ReportScheduleQuerySet(ScopedQuerySet["ReportSchedule"]):
    """A monthly export is its owner's alone."""

    view_capability = Cap.JOB_VIEW
    person_lookup: ClassVar[str | None] = "owner"

    def due(self, day: Any) -> "ReportScheduleQuerySet":
        return self.filter(state=ScheduleState.ACTIVE, next_on__lte=day)


class ReportSchedule(models.Model):
    """A report that is exported every month for a list of people, each with their own rights."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="report_schedules", verbose_name=_("set up by")
    )
    report = models.CharField(_("report"), max_length=60)
    organization = models.ForeignKey(
        "orgs.Organization", models.CASCADE, related_name="+", verbose_name=_("party organization")
    )
    campaign = models.ForeignKey(
        "campaign.Campaign", models.CASCADE, null=True, related_name="+", verbose_name=_("campaign")
    )
    options = models.JSONField(default=dict)
    columns = models.JSONField(default=list)
    format = models.CharField(_("File"), max_length=4, default="xlsx")
    day = models.PositiveSmallIntegerField(
        _("day of the month"), validators=[MinValueValidator(1), MaxValueValidator(LAST_DAY)]
    )
    """A month that is shorter has it on its last day."""
    recipients = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+", verbose_name=_("recipients"))
    state = models.CharField(_("state"), max_length=10, choices=ScheduleState.choices, default=ScheduleState.ACTIVE)
    next_on = models.DateField(_("next on"))
    note = models.CharField(_("note"), max_length=200, blank=True)
    """Why it was paused by itself."""
    created_at = models.DateTimeField(_("created at"), default=clock.now, editable=False)

    objects = ReportScheduleQuerySet.as_manager()

    class Meta:
        verbose_name = _("monthly export")
        ordering = ("-created_at", "-pk")
        constraints = (
            choice_check("state", ScheduleState, "schedule_state"),
            models.CheckConstraint(condition=models.Q(day__gte=1, day__lte=LAST_DAY), name="schedule_day"),
        )
        indexes = (
            models.Index(fields=("next_on",), condition=models.Q(state=ScheduleState.ACTIVE), name="schedule_due"),
        )

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        from campaign.reports.registry import reports

        return str(reports.get(self.report).label) if self.report in reports else self.report


class ReportDelivery(models.Model):
    """One export of a schedule for one person; without a job it was refused."""

    schedule = models.ForeignKey(ReportSchedule, models.CASCADE, related_name="deliveries")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("recipient"))
    on = models.DateField(_("day"))
    job = models.ForeignKey("jobs.Job", models.SET_NULL, null=True, related_name="+", verbose_name=_("job"))
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("delivery of a monthly export")
        ordering = ("-on", "user_id")
        constraints = (models.UniqueConstraint(fields=("schedule", "user", "on"), name="delivery_once"),)
        indexes = (models.Index(fields=("on",), name="delivery_by_day"),)

    def __str__(self) -> str:
        return f"{self.schedule_id}:{self.on}"
