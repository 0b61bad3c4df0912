"""Reminders of appraisals of secretaries: reports and problems that fall due. One query a rule."""

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.notices.registry import Due, ReminderRule, reminders
from reviews.models.secretaries import WRITABLE, ProblemState, ReportProblem, SecretaryReport
from reviews.models.yearly import AppraisalState

BEFORE = dt.timedelta(days=7)


def reports_due(day: dt.date) -> Iterator[Due]:
    """Remind secretaries who have not handed in their report: once in the last week, once afterwards."""
    rows = SecretaryReport.objects.filter(
        appraisal__state=AppraisalState.OPEN,
        state__in=WRITABLE,
        appraisal__report_until__lte=day + BEFORE,
        member__user__is_active=True,
    ).order_by("pk")
    for report, user, until in rows.values_list("pk", "member__user", "appraisal__report_until").iterator():
        when = "late" if until < day else "soon"
        text = _("Your report as secretary was to be handed in by %(day)s.") if until < day else _(
            "Your report as secretary is to be handed in by %(day)s."
        )  # fmt: skip
        yield Due(user, f"{report}:{when}", text % {"day": until}, reverse("secretary_report", args=[report]), until)


def problems_due(day: dt.date) -> Iterator[Due]:
    """Remind secretaries of the problems on their list: once in the last week, once afterwards."""
    rows = ReportProblem.objects.filter(
        state=ProblemState.OPEN, due_on__lte=day + BEFORE, report__member__user__is_active=True
    ).order_by("pk")
    text = _("A problem of your appraisal as secretary is to be put right by %(day)s.")
    for problem, user, until in rows.values_list("pk", "report__member__user", "due_on").iterator():
        when = "late" if until < day else "soon"
        yield Due(user, f"{problem}:{when}", text % {"day": until}, reverse("secretary_problem", args=[problem]), until)


RULES = (
    ReminderRule("secretaries.report", gettext_lazy("Reports of secretaries to hand in"), reports_due),
    ReminderRule("secretaries.problem", gettext_lazy("Problems of secretaries to put right"), problems_due),
)


def register() -> None:
    for rule in RULES:
        reminders.register(rule)
