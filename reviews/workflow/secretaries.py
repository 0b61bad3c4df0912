"""The states of an appraisal of secretaries, of a report and of a problem, as tables."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from campaign.common.access import own_member_ids
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.workflow import Step, Workflow
from reviews.models.rounds import RoundState
from reviews.models.secretaries import (
    WRITABLE,
    ProblemState,
    ReportProblem,
    ReportState,
    SecretaryAppraisal,
    SecretaryReport,
)
from reviews.models.yearly import AppraisalState


def all_graded(appraisal: SecretaryAppraisal, _actor: Any) -> None:
    left = appraisal.reports.exclude(state=ReportState.GRADED).count()
    if left:
        text = ngettext("%(n)s secretary has no grade yet.", "%(n)s secretaries have no grade yet.", left)
        raise DomainError(text % {"n": left})


def nothing_told(appraisal: SecretaryAppraisal, _actor: Any) -> None:
    """What secretaries have been told is not taken away, and votes that are being given are ended where they are held."""
    if appraisal.reports.filter(state=ReportState.GRADED).exists():
        raise DomainError(_("Some secretaries have their grade already. Close the appraisal instead."))
    if appraisal.round is not None and appraisal.round.state in (RoundState.DRAFT, RoundState.OPEN):
        raise DomainError(_("Its ballot is still under way. Cancel or close the ballot first."))


SECRETARY_APPRAISALS: Workflow[SecretaryAppraisal] = Workflow(
    SecretaryAppraisal,
    [
        Step(
            "secretary_appraisal_close",
            (AppraisalState.OPEN,),
            AppraisalState.CLOSED,
            Cap.SECRETARY_MANAGE,
            gettext_lazy("Close the appraisal"),
            checks=(all_graded,),
        ),
        Step(
            "secretary_appraisal_reopen",
            (AppraisalState.CLOSED,),
            AppraisalState.OPEN,
            Cap.SECRETARY_MANAGE,
            gettext_lazy("Open the appraisal again"),
            needs_reason=True,
        ),
        Step(
            "secretary_appraisal_cancel",
            (AppraisalState.OPEN,),
            AppraisalState.CANCELLED,
            Cap.SECRETARY_MANAGE,
            gettext_lazy("Cancel the appraisal"),
            needs_reason=True,
            checks=(nothing_told,),
        ),
    ],
)


def still_open(report: SecretaryReport, _actor: Any) -> None:
    if not report.appraisal.is_open:
        raise DomainError(_("This appraisal is closed."))


def says_something(report: SecretaryReport, _actor: Any) -> None:
    if not report.text.strip() and not report.attachments.exists():
        raise DomainError(_("Write your report or attach it before you hand it in."))


def not_oneself(report: SecretaryReport, actor: Any) -> None:
    """Nobody grades themselves (separation of 2-domain (e))."""
    if report.member_id in own_member_ids(actor):
        raise DomainError(_("This is about yourself. Somebody else settles it."))


def heard(report: SecretaryReport, _actor: Any) -> None:
    """The grade follows the ballot (2-domain b.9: report, questions, ballot, combined grade)."""
    if not report.appraisal.has_ballot:
        return
    ballot = report.appraisal.round
    if ballot is None or ballot.state != RoundState.PUBLISHED:
        raise DomainError(_("The result of the secret ballot is not published yet."))


REPORTS: Workflow[SecretaryReport] = Workflow(
    SecretaryReport,
    [
        Step(
            "secretary_report_submit",
            WRITABLE,
            ReportState.SUBMITTED,
            Cap.SECRETARY_WRITE,
            gettext_lazy("Hand the report in"),
            checks=(still_open, says_something),
        ),
        Step(
            "secretary_report_recall",
            (ReportState.SUBMITTED,),
            ReportState.WRITING,
            Cap.SECRETARY_WRITE,
            gettext_lazy("Take the report back"),
            checks=(still_open,),
        ),
        Step(
            "secretary_report_return",
            (ReportState.SUBMITTED,),
            ReportState.RETURNED,
            Cap.SECRETARY_GRADE,
            pgettext_lazy("report", "Return"),
            needs_reason=True,
            checks=(still_open, not_oneself),
        ),
        Step(
            "secretary_grade",
            (ReportState.SUBMITTED,),
            ReportState.GRADED,
            Cap.SECRETARY_GRADE,
            gettext_lazy("Grade the secretary"),
            checks=(still_open, not_oneself, heard),
        ),
        Step(
            "secretary_ungrade",
            (ReportState.GRADED,),
            ReportState.SUBMITTED,
            Cap.SECRETARY_GRADE,
            gettext_lazy("Take the grade back"),
            needs_reason=True,
            checks=(still_open, not_oneself),
        ),
    ],
)


def not_ones_own(problem: ReportProblem, actor: Any) -> None:
    not_oneself(problem.report, actor)


PROBLEMS: Workflow[ReportProblem] = Workflow(
    ReportProblem,
    [
        Step(
            "report_problem_done",
            (ProblemState.OPEN,),
            ProblemState.REPORTED,
            Cap.SECRETARY_WRITE,
            gettext_lazy("Report as put right"),
            needs_reason=True,
        ),
        Step(
            "report_problem_close",
            (ProblemState.REPORTED,),
            ProblemState.CLOSED,
            Cap.SECRETARY_GRADE,
            pgettext_lazy("problem", "Close"),
            checks=(not_ones_own,),
        ),
        Step(
            "report_problem_reopen",
            (ProblemState.REPORTED, ProblemState.CLOSED),
            ProblemState.OPEN,
            Cap.SECRETARY_GRADE,
            gettext_lazy("Not put right"),
            needs_reason=True,
            checks=(not_ones_own,),
        ),
    ],
)
