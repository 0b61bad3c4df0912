"""Appraisal of secretaries by their annual reports 述职评议 (2-domain b.9): report, questions, ballot, comprehensive grade,
problems to put right."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.attachments.models import Attachment
from campaign.common import clock
from campaign.common.access import ScopedQuerySet
from campaign.common.capabilities import Cap
from campaign.common.models import TimeStamped, Versioned, choice_check
from orgs.models import Member, Organization, User
from reviews.models.appraisal import REMARK
from reviews.models.rounds import EvaluationRound
from reviews.models.yearly import AppraisalState, PartQuerySet, YearlyAppraisal, YearlyAppraisalQuerySet


class SecretaryGrade(models.TextChoices):
    """The four grades (2-domain b.9), the best first, as they stand on the ballot."""

    GOOD = "good", pgettext_lazy("secretary", "Good")
    FAIR = "fair", pgettext_lazy("secretary", "Fairly good")
    AVERAGE = "average", pgettext_lazy("secretary", "Average")
    POOR = "poor", pgettext_lazy("secretary", "Poor")


class SecretaryAppraisalQuerySet(YearlyAppraisalQuerySet["SecretaryAppraisal"]):
    view_capability: ClassVar[Cap] = Cap.SECRETARY_VIEW


class SecretaryAppraisal(YearlyAppraisal):
    """The appraisal of one year that an organization holds on the secretaries below it."""

    report_until = models.DateField(_("reports until"))
    meeting_on = models.DateField(_("meeting on"))
    votes_until = models.DateField(_("ballot until"))
    """The ballot begins with the day of the meeting, after the reports were heard."""
    good_share = models.PositiveSmallIntegerField(_("at most so many percent good"), null=True, blank=True)
    """No rule is known (2-domain b.9): empty unless the office sets one. More is warned of."""
    round = models.OneToOneField(
        EvaluationRound, models.PROTECT, null=True, related_name="secretary_appraisal", verbose_name=_("ballot")
    )

    objects = SecretaryAppraisalQuerySet.as_manager()

    class Meta(YearlyAppraisal.Meta):
        verbose_name = _("appraisal of secretaries")
        verbose_name_plural = _("appraisals of secretaries")
        constraints = (
            choice_check("state", AppraisalState, "secretary_appraisal_state"),
            models.CheckConstraint(
                condition=Q(meeting_on__gte=F("report_until")) & Q(votes_until__gte=F("meeting_on")),
                name="secretary_appraisal_days",
            ),
            models.CheckConstraint(
                condition=Q(good_share=None) | Q(good_share__lte=100), name="secretary_appraisal_share"
            ),
        )


class ReportState(models.TextChoices):
    WRITING = "writing", _("Report being written")
    SUBMITTED = "submitted", _("Report handed in")
    RETURNED = "returned", pgettext_lazy("report", "Returned")
    GRADED = "graded", pgettext_lazy("report", "Graded")
    CANCELLED = "cancelled", pgettext_lazy("report", "Cancelled")


WRITABLE = (ReportState.WRITING, ReportState.RETURNED)
LISTED = (ReportState.SUBMITTED, ReportState.GRADED)
"""Problems are listed of a report that was handed in."""


class SecretaryReportQuerySet(PartQuerySet["SecretaryReport"]):
    """A report lies with its organization, and is its writer's own wherever they are later."""

    view_capability: ClassVar[Cap] = Cap.SECRETARY_VIEW
    person_lookup: ClassVar[str | None] = "member__user"


class SecretaryReport(Versioned):
    """The annual report of one secretary with what was said of it."""

    appraisal = models.ForeignKey(
        SecretaryAppraisal, models.CASCADE, related_name="reports", verbose_name=_("appraisal")
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="secretary_reports", verbose_name=_("party organization")
    )
    member = models.ForeignKey(
        Member, models.PROTECT, related_name="secretary_reports", verbose_name=_("party secretary")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    name = models.CharField(pgettext_lazy("person", "name"), max_length=60)
    text = models.TextField(pgettext_lazy("of a secretary", "report"), blank=True)
    state = models.CharField(_("state"), max_length=9, choices=ReportState.choices, default=ReportState.WRITING)
    submitted_at = models.DateTimeField(_("handed in at"), null=True, editable=False)
    return_reason = models.CharField(_("reason of the return"), max_length=REMARK, blank=True)
    comment = models.TextField(_("comment of the organization above"), blank=True)
    grade = models.CharField(_("comprehensive grade"), max_length=7, choices=SecretaryGrade.choices, blank=True)
    graded_at = models.DateTimeField(_("graded at"), null=True, editable=False)
    graded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("graded by"))

    objects = SecretaryReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report of a secretary")
        verbose_name_plural = _("reports of secretaries")
        ordering = ("-year", "organization__path", "pk")
        constraints = (
            choice_check("state", ReportState, "secretary_report_state"),
            choice_check("grade", SecretaryGrade, "secretary_report_grade", blank=True),
            models.UniqueConstraint(
                fields=("organization", "year"), condition=~Q(state=ReportState.CANCELLED), name="secretary_report_year"
            ),
            models.CheckConstraint(
                condition=~Q(state=ReportState.GRADED) | (~Q(grade="") & Q(graded_at__isnull=False)),
                name="secretary_report_graded",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} · {self.year}"

    @property
    def is_writable(self) -> bool:
        return self.state in WRITABLE

    @property
    def is_graded(self) -> bool:
        return self.state == ReportState.GRADED


class ReportAttachment(models.Model):
    """A file of a report."""

    report = models.ForeignKey(SecretaryReport, models.CASCADE, related_name="attachments")
    attachment = models.OneToOneField(Attachment, models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("file of a report")
        ordering = ("pk",)

    def __str__(self) -> str:
        return str(self.attachment)


class ReportQuestion(TimeStamped):
    """A question that was asked about a report, and its answer."""

    report = models.ForeignKey(SecretaryReport, models.CASCADE, related_name="questions")
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("asked by"))
    asked_by_name = models.CharField(_("asked by"), max_length=60)
    text = models.CharField(_("question"), max_length=REMARK)
    answer = models.CharField(_("answer"), max_length=REMARK, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, editable=False)

    class Meta:
        verbose_name = _("question about a report")
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.text[:40]


class ProblemState(models.TextChoices):
    OPEN = "open", pgettext_lazy("problem", "To be put right")
    REPORTED = "reported", pgettext_lazy("problem", "Reported as put right")
    CLOSED = "closed", pgettext_lazy("problem", "Closed")


class ReportProblemQuerySet(ScopedQuerySet["ReportProblem"]):
    view_capability: ClassVar[Cap] = Cap.SECRETARY_VIEW
    person_lookup: ClassVar[str | None] = "report__member__user"

    def unsettled(self) -> "ReportProblemQuerySet":
        return self.exclude(state=ProblemState.CLOSED)


class ReportProblem(Versioned):
    """One problem of the list that a secretary takes home: measures, day, result, until it is closed above."""

    report = models.ForeignKey(
        SecretaryReport, models.CASCADE, related_name="problems", verbose_name=pgettext_lazy("of a secretary", "report")
    )
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="+", verbose_name=_("party organization")
    )
    text = models.CharField(pgettext_lazy("of a secretary", "problem"), max_length=REMARK)
    measures = models.CharField(_("measures"), max_length=REMARK, blank=True)
    due_on = models.DateField(_("to be done by"))
    state = models.CharField(_("state"), max_length=8, choices=ProblemState.choices, default=ProblemState.OPEN)
    result = models.CharField(_("outcome"), max_length=REMARK, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, editable=False)

    objects = ReportProblemQuerySet.as_manager()

    class Meta:
        verbose_name = _("problem of a report")
        verbose_name_plural = _("problems of reports")
        ordering = ("due_on", "pk")
        constraints = (
            choice_check("state", ProblemState, "report_problem_state"),
            models.CheckConstraint(
                condition=Q(state=ProblemState.CLOSED, closed_on__isnull=False)
                | (~Q(state=ProblemState.CLOSED) & Q(closed_on=None)),
                name="report_problem_closed",
            ),
        )
        indexes = (models.Index(fields=("organization", "state"), name="report_problem_at"),)

    def __str__(self) -> str:
        return self.text[:40]

    @property
    def is_overdue(self) -> bool:
        return self.state != ProblemState.CLOSED and self.due_on < clock.today()
