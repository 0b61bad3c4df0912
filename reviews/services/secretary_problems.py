"""The problem list of an appraisal of secretaries: put on it, measures, put right, closed (2-domain b.9)."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import Changes, audit_record, audit_record_each
from campaign.common import clock
from campaign.common.access import own_member_ids, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from reviews.models.appraisal import REMARK
from reviews.models.secretaries import LISTED, ProblemState, ReportProblem, SecretaryReport
from reviews.services.secretaries import must_be_own, said
from reviews.workflow.secretaries import PROBLEMS

BATCH = 500


def report_problem_add(*, actor: Any, report: SecretaryReport, text: str, due_on: dt.date) -> ReportProblem:
    """Put a problem on the list of a report that is handed in or graded. Raises NotAllowed, StateConflict, or DomainError:
    no text, a day that is over."""
    (made,) = report_problems_write(actor=actor, new=[(report, text, due_on)])
    return made


def report_problems_write(
    *,
    actor: Any,
    new: Sequence[tuple[SecretaryReport, str, dt.date]] = (),
    changed: Sequence[tuple[ReportProblem, str, dt.date]] = (),
    gone: Sequence[ReportProblem] = (),
) -> list[ReportProblem]:
    """Put `new` problems on the list, say those of `changed` otherwise and take `gone` off it (as one that was entered by
    mistake), in a constant number of statements; returns the new ones. What is changed or goes is locked by the caller and
    still open.

    Raises NotAllowed, StateConflict, or DomainError: no text, a new problem with a day that is over. Then nothing is written.
    """
    own, today = own_member_ids(actor), clock.today()
    for report in [*(each[0] for each in new), *(each[0].report for each in changed), *(each.report for each in gone)]:
        if not reaches(actor, Cap.SECRETARY_GRADE, report.organization.path) or report.member_id in own:
            raise NotAllowed
    if any(report.state not in LISTED for report, _text, _day in new):
        raise StateConflict
    if any(problem.state != ProblemState.OPEN for problem in [*(each[0] for each in changed), *gone]):
        raise StateConflict
    if any(due_on < today for _report, _text, due_on in new):
        raise DomainError(_("The day lies in the past."))
    made = [
        ReportProblem(report=report, organization=report.organization, text=said(text), due_on=due_on)
        for report, text, due_on in new
    ]
    written = [(problem, _reworded(problem, said(text), due_on)) for problem, text, due_on in changed]
    with transaction.atomic():
        ReportProblem.objects.bulk_create(made, batch_size=BATCH)
        ReportProblem.objects.bulk_update(
            [problem for problem, _changes in written], ("text", "due_on", "version", "updated_at"), batch_size=BATCH
        )
        added: list[tuple[ReportProblem, Changes]] = [(problem, {"due_on": [None, problem.due_on]}) for problem in made]
        audit_record_each(action="report_problem_add", actor=actor, entries=added)
        audit_record_each(action="report_problem_change", actor=actor, entries=written)
        removed: list[tuple[ReportProblem, Changes]] = [(problem, {"text": [problem.text, ""]}) for problem in gone]
        audit_record_each(action="report_problem_remove", actor=actor, entries=removed)
        ReportProblem.objects.filter(pk__in=[problem.pk for problem in gone]).delete()
    return made


def _reworded(problem: ReportProblem, text: str, due_on: dt.date) -> Changes:
    changes: Changes = {"text": [problem.text, text], "due_on": [problem.due_on, due_on]}
    problem.text, problem.due_on = text, due_on
    problem.version += 1
    problem.updated_at = clock.now()
    return {name: pair for name, pair in changes.items() if pair[0] != pair[1]}


def report_problem_plan(*, actor: Any, problem: ReportProblem, version: int, measures: str) -> ReportProblem:
    """Write down what one does about a problem. Raises NotAllowed, EditConflict, or DomainError when it is reported."""
    must_be_own(actor, problem.report)
    if problem.state != ProblemState.OPEN:
        raise StateConflict
    with transaction.atomic():
        problem.save_version(version, measures=said(measures))
        audit_record(action="report_problem_plan", actor=actor, target=problem)
    return problem


def report_problem_step(*, actor: Any, problem: ReportProblem, step: str, reason: str = "") -> ReportProblem:
    """Report a problem as put right with what came of it; close it, or say that it is not put right.
    Raises NotAllowed, StateConflict, or DomainError: without words, or about oneself."""
    if step not in PROBLEMS.steps:
        raise NotAllowed
    updates: dict[str, Any] = {"version": F("version") + 1, "closed_on": None}
    if step == "report_problem_done":
        if actor.acting_for is not None:
            raise NotAllowed
        updates["result"] = reason.strip()[:REMARK]
    elif step == "report_problem_close":
        updates["closed_on"] = clock.today()
    return PROBLEMS.take(problem, step, actor=actor, reason=reason, **updates)
