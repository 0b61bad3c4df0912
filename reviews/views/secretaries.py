"""Appraisals of secretaries: set up, report, ask and answer, vote, grade, and the problem list until it is closed."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.attachments.downloads import attachment_response
from campaign.audit.services import audit_record
from campaign.common.access import GatedRequest, access, gate, holds, own_member_ids, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, EditConflict
from campaign.common.listing import list_response, listing
from campaign.drafts.forms import dropped, keep
from campaign.drafts.selectors import draft_of
from campaign.drafts.services import draft_clear
from reviews.filters.secretaries import ProblemFilter, SecretaryReportFilter
from reviews.forms.secretaries import (
    AnswerForm,
    GradeForm,
    MeasuresForm,
    ProblemForm,
    QuestionForm,
    ReportForm,
    SecretaryAppraisalForm,
)
from reviews.models.secretaries import (
    LISTED,
    ProblemState,
    ReportAttachment,
    ReportProblem,
    ReportState,
    SecretaryAppraisal,
    SecretaryReport,
)
from reviews.selectors import secretaries as selectors
from reviews.services import secretaries as services
from reviews.services import secretary_problems as problems
from reviews.services.appraisal_ballots import has_ballot
from reviews.tables.secretaries import ReportProblemTable, SecretaryAppraisalTable, SecretaryReportTable
from reviews.workflow.secretaries import PROBLEMS, REPORTS, SECRETARY_APPRAISALS

DONE = {
    "secretary_appraisal_close": gettext_lazy("The appraisal is closed."),
    "secretary_appraisal_reopen": gettext_lazy("The appraisal is open again."),
    "secretary_appraisal_cancel": gettext_lazy("The appraisal is cancelled."),
    "secretary_without_ballot": gettext_lazy("Noted: the secretaries are graded without a ballot here."),
    "secretary_report_submit": gettext_lazy("Handed in. The organization above reads it and may ask."),
    "secretary_report_recall": gettext_lazy("Taken back. You can change it and hand it in again."),
    "secretary_report_return": gettext_lazy("Returned to the secretary."),
    "secretary_ungrade": gettext_lazy("The grade is taken back."),
}


def _crumbs(report: SecretaryReport | None = None) -> list[dict[str, str]]:
    way = [{"label": _("Appraisals of secretaries"), "url": reverse("secretary_list")}]
    if report is not None:
        way.append({"label": str(report), "url": reverse("secretary_report", args=[report.pk])})
    return way


@access(GET=Cap.SECRETARY_VIEW)
def secretary_list(request: GatedRequest) -> HttpResponse:
    """The reports one may see, one's own among them; those who hold appraisals find these above them."""
    actions: list[dict[str, Any]] = [
        {"label": _("Problem list"), "url": reverse("secretary_problems"), "icon": "list-check"}
    ]
    if holds(request.user, Cap.SECRETARY_MANAGE):
        url = reverse("secretary_create")
        actions.append({"label": _("New appraisal"), "url": url, "icon": "plus", "primary": True})
    held = selectors.secretary_appraisals_for(request.user).order_by("-year", "-pk")[:10]
    context: dict[str, Any] = {
        "title": _("Appraisals of secretaries"),
        "lead": _(
            "Once a year: report, questions, secret ballot, comprehensive grade, and a list of problems to put right."
        ),
        "actions": actions,
        "held": SecretaryAppraisalTable(held, orderable=False) if held else None,
        "empty_icon": "presentation",
        "empty_title": _("No reports yet"),
        "empty_text": _("Reports appear here when the organization above has set up the appraisal of a year."),
    }
    return list_response(
        request,
        context,
        template="reviews/secretaries/list.html",
        queryset=selectors.reports_for(request.user),
        table_class=SecretaryReportTable,
        filter_class=SecretaryReportFilter,
    )


@access(GET=Cap.SECRETARY_MANAGE, POST=Cap.SECRETARY_MANAGE)
def secretary_create(request: GatedRequest) -> HttpResponse:
    form = SecretaryAppraisalForm(request.POST or None, user=request.user)
    if not form.fields["campaign"].queryset.exists():  # type: ignore[attr-defined]
        raise DomainError(_("No campaign is running. An appraisal belongs to a campaign: ask the campaign office."))
    if form.is_valid() and form.attempt(services.secretary_appraisal_create, actor=request.user, **form.cleaned_data):
        messages.success(request, _("The appraisal is set up. Secretaries find their report on their desk."))
        return redirect("secretary_detail", pk=form.result.pk)
    return render(request, "reviews/secretaries/form.html", {"form": form, "crumbs": _crumbs()})


def _appraisals() -> Any:
    return SecretaryAppraisal.objects.select_related("organization", "campaign", "round")


@access(GET=Cap.SECRETARY_VIEW)
def secretary_detail(request: GatedRequest, pk: int) -> HttpResponse:
    found: SecretaryAppraisal = gate(request, _appraisals(), pk=pk)
    manages = reaches(request.user, Cap.SECRETARY_MANAGE, found.organization.path)
    context: dict[str, Any] = {
        "secretary_appraisal": found,
        "appraisal": found,
        "manages": manages,
        "lists_problems": selectors.reports_graded_by(request.user).filter(appraisal=found).exists(),
        "has_ballot": has_ballot(found),
        "share": selectors.good_share(found),
        "steps": SECRETARY_APPRAISALS.available(found, request.user) if manages else [],
        "crumbs": _crumbs(),
        **listing(
            request,
            queryset=selectors.reports_for(request.user).filter(appraisal=found),
            table_class=SecretaryReportTable,
            filter_class=SecretaryReportFilter,
            exclude=("year",),
        ),
    }
    return render(request, "reviews/secretaries/detail.html", context)


@access(POST=Cap.SECRETARY_MANAGE)
def secretary_step(request: GatedRequest, pk: int) -> HttpResponse:
    """Close, open again, cancel; or do without a ballot."""
    found: SecretaryAppraisal = gate(request, _appraisals(), pk=pk)
    step, reason = request.POST.get("step", ""), request.POST.get("reason", "")
    services.secretary_step(actor=request.user, appraisal=found, step=step, reason=reason)
    messages.success(request, DONE[step])
    return redirect("secretary_detail", pk=pk)


@access(POST=Cap.SECRETARY_MANAGE)
def secretary_ballot(request: GatedRequest, pk: int) -> HttpResponse:
    """Set up the ballot and lead to it: there it is opened, closed and published."""
    found: SecretaryAppraisal = gate(request, _appraisals(), pk=pk)
    made = services.secretary_ballot(actor=request.user, appraisal=found)
    messages.success(request, _("The ballot is set up. Check it, then open it."))
    return redirect("round_detail", pk=made.pk)


# -- one report ------------------------------------------------------------------------------------------------------------


def _reports() -> Any:
    return SecretaryReport.objects.select_related("organization", "member", "appraisal__round__ballot", "graded_by")


@access(GET=Cap.SECRETARY_VIEW)
def secretary_report(request: GatedRequest, pk: int) -> HttpResponse:
    report: SecretaryReport = gate(request, _reports(), pk=pk)
    user = request.user
    own = report.member_id in own_member_ids(user) and user.acting_for is None
    above = reaches(user, Cap.SECRETARY_VIEW, report.organization.path)
    handed_in = report.state == "submitted" and report.appraisal.is_open
    grades = not own and reaches(user, Cap.SECRETARY_GRADE, report.organization.path)
    asks = handed_in and not own and reaches(user, Cap.SECRETARY_ASK, report.organization.path)
    context = {
        "report": report,
        "own": own,
        "shows_text": own or report.state != ReportState.WRITING,  # a draft is its writer's alone
        "above": above,
        "attached": report.attachments.select_related("attachment"),
        "questions": report.questions.all(),
        "problems": report.problems.all(),
        "votes": selectors.votes_on([report], report.appraisal.round).get(report.member_id) if above else None,
        "shows_grade": report.is_graded,
        "writes": own and report.is_writable and report.appraisal.is_open,
        "answers": own and handed_in,
        "question": QuestionForm() if asks else None,
        "grades": grades and handed_in,
        "lists": grades and report.state in LISTED,
        "steps": [step for step in REPORTS.available(report, user) if step.name != "secretary_grade"],
        "crumbs": _crumbs(),
    }  # fmt: skip
    return render(request, "reviews/secretaries/report.html", context)


@access(GET=Cap.SECRETARY_WRITE, POST=Cap.SECRETARY_WRITE)
def secretary_write(request: GatedRequest, pk: int) -> HttpResponse:
    """Write the own report; what is typed keeps itself until it is saved."""
    report: SecretaryReport = gate(request, _reports(), pk=pk)
    if not report.is_writable or not report.appraisal.is_open:
        messages.error(request, _("The report is handed in. Take it back, or ask the organization above to return it."))
        return redirect("secretary_report", pk=pk)
    key = f"secretary_report:{pk}"
    op = request.POST.get("op", "")
    if request.method == "POST" and op == "discard":
        draft_clear(request=request, key=key)
        return redirect("secretary_write", pk=pk)
    draft = draft_of(request.user, key) if request.method == "GET" else None
    typed = dict(draft.fields) if draft else {}
    form = ReportForm(
        request.POST or None, request.FILES or None, initial={"text": report.text, "version": report.version, **typed}
    )
    if form.is_valid():
        if form.attempt(services.secretary_report_save, actor=request.user, report=report, **form.cleaned_data):
            draft_clear(request=request, key=key)
            return _after_saving(request, report, submit=op == "submit")
        if isinstance(form.refusal, EditConflict):
            form.renew(SecretaryReport.objects.get(pk=pk))
    context = {
        "form": form,
        "report": report,
        "draft": draft,
        "draft_key": key,
        "attached": report.attachments.select_related("attachment"),
        "crumbs": _crumbs(report),
    }
    return render(request, "reviews/secretaries/write.html", context)


def _after_saving(request: GatedRequest, report: SecretaryReport, *, submit: bool) -> HttpResponse:
    if submit:
        try:
            services.secretary_report_step(actor=request.user, report=report, step="secretary_report_submit")
        except DomainError as refusal:
            messages.warning(request, _("Saved, but not handed in yet. %(reason)s") % {"reason": refusal})
            return redirect("secretary_write", pk=report.pk)
        messages.success(request, DONE["secretary_report_submit"])
    else:
        messages.success(request, _("Saved. Hand it in when it is ready."))
    return redirect("secretary_report", pk=report.pk)


@access(POST=Cap.SECRETARY_VIEW)
def secretary_report_step(request: GatedRequest, pk: int) -> HttpResponse:
    """Hand in, take back, return, take the grade back: the field `step` says which."""
    report: SecretaryReport = gate(request, _reports(), pk=pk)
    step, reason = request.POST.get("step", ""), request.POST.get("reason", "")
    services.secretary_report_step(actor=request.user, report=report, step=step, reason=reason)
    messages.success(request, DONE[step])
    return redirect("secretary_report", pk=pk)


@access(POST=Cap.SECRETARY_ASK)
def secretary_ask(request: GatedRequest, pk: int) -> HttpResponse:
    report: SecretaryReport = gate(request, _reports(), pk=pk)
    services.secretary_ask(actor=request.user, report=report, text=request.POST.get("text", ""))
    messages.success(request, _("Asked. The secretary finds it on the page of the report."))
    return redirect("secretary_report", pk=pk)


@access(GET=Cap.SECRETARY_WRITE, POST=Cap.SECRETARY_WRITE)
def secretary_answer(request: GatedRequest, pk: int, question: int) -> HttpResponse:
    report: SecretaryReport = gate(request, _reports(), pk=pk)
    asked = report.questions.select_related("report__appraisal").filter(pk=question).first()
    if asked is None:
        raise Http404
    key = f"secretary_answer:{question}"
    if dropped(request, key):
        return redirect(request.path)
    form = keep(request, AnswerForm(request.POST or None, initial={"text": asked.answer}), key)
    if form.is_valid() and form.attempt(
        services.secretary_answer, actor=request.user, question=asked, text=form.cleaned_data["text"]
    ):
        draft_clear(request=request, key=key)
        messages.success(request, _("Your answer is noted."))
        return redirect("secretary_report", pk=pk)
    context = {"form": form, "report": report, "asked": asked, "crumbs": _crumbs(report)}
    return render(request, "reviews/secretaries/answer.html", context)


@access(GET=Cap.SECRETARY_GRADE, POST=Cap.SECRETARY_GRADE)
def secretary_grade(request: GatedRequest, pk: int) -> HttpResponse:
    """Comment and comprehensive grade, beside what the ballot says."""
    report: SecretaryReport = gate(request, _reports(), pk=pk)
    key = f"secretary_grade:{pk}"
    if dropped(request, key):
        return redirect(request.path)
    stored = {"version": report.version, "comment": report.comment, "grade": report.grade}
    form = keep(request, GradeForm(request.POST or None, initial=stored), key)
    if form.is_valid() and form.attempt(
        services.secretary_grade, actor=request.user, report=report, **form.cleaned_data
    ):
        draft_clear(request=request, key=key)
        messages.success(request, _("Graded. The secretary reads grade and comment now."))
        share = selectors.good_share(report.appraisal)
        if share.is_exceeded:
            text = _("%(n)s of %(graded)s are good; your limit is %(most)s.")
            messages.warning(request, text % {"n": share.good, "graded": share.graded, "most": share.most})
        return redirect("secretary_report", pk=pk)
    context = {
        "form": form,
        "report": report,
        "votes": selectors.votes_on([report], report.appraisal.round).get(report.member_id),
        "crumbs": _crumbs(report),
    }
    return render(request, "reviews/secretaries/grade.html", context)


@access(GET=Cap.SECRETARY_VIEW)
def secretary_file(request: GatedRequest, pk: int, attachment: UUID) -> HttpResponseBase:
    """Download a file: through the gate of its report, with an entry in the audit log."""
    report: SecretaryReport = gate(request, _reports(), pk=pk)
    own = report.member_id in own_member_ids(request.user) and request.user.acting_for is None
    if report.state == ReportState.WRITING and not own:  # a draft is its writer's alone
        raise Http404
    found = _attached(report, attachment).attachment
    answer = attachment_response(found)
    audit_record(action="secretary_download", actor=request.user, target=report, changes={"file": ["", found.name]})
    return answer


def _attached(report: SecretaryReport, attachment: UUID) -> ReportAttachment:
    found = report.attachments.select_related("attachment", "report__appraisal").filter(attachment=attachment).first()
    if found is None:
        raise Http404
    return found


@access(POST=Cap.SECRETARY_WRITE)
def secretary_file_remove(request: GatedRequest, pk: int, attachment: UUID) -> HttpResponse:
    report: SecretaryReport = gate(request, _reports(), pk=pk)
    services.secretary_file_remove(actor=request.user, attached=_attached(report, attachment))
    messages.success(request, _("The file is taken out."))
    return redirect("secretary_write", pk=pk)


# -- the problem list ------------------------------------------------------------------------------------------------------


@access(GET=Cap.SECRETARY_VIEW)
def secretary_problems(request: GatedRequest) -> HttpResponse:
    graded = (
        selectors.reports_graded_by(request.user).select_related("appraisal").order_by("-year", "-appraisal").first()
    )
    actions = []
    if graded is not None:
        url = reverse("problem_import", args=[graded.appraisal_id])
        label = _("By workbook: %(name)s") % {"name": graded.appraisal.name}
        actions = [{"label": label, "url": url, "icon": "table-import"}]
    context = {
        "actions": actions,
        "title": _("Problem list"),
        "lead": _("What secretaries took home from their appraisal: measures, day, result, until it is closed above."),
        "crumbs": _crumbs(),
        "empty_icon": "list-check",
        "empty_title": _("No problems on the list"),
        "empty_text": _("Problems that are found at an appraisal of secretaries appear here."),
    }
    return list_response(
        request,
        context,
        queryset=selectors.problems_for(request.user),
        table_class=ReportProblemTable,
        filter_class=ProblemFilter,
    )


@access(GET=Cap.SECRETARY_GRADE, POST=Cap.SECRETARY_GRADE)
def secretary_problem_add(request: GatedRequest, pk: int) -> HttpResponse:
    report: SecretaryReport = gate(request, _reports(), pk=pk)
    key = f"secretary_problem_add:{pk}"
    if dropped(request, key):
        return redirect(request.path)
    form = keep(request, ProblemForm(request.POST or None), key)
    if form.is_valid() and form.attempt(
        problems.report_problem_add, actor=request.user, report=report, **form.cleaned_data
    ):
        draft_clear(request=request, key=key)
        messages.success(request, _("It is on the list. The secretary writes down measures."))
        return redirect("secretary_report", pk=pk)
    return render(
        request, "reviews/secretaries/problem_form.html", {"form": form, "report": report, "crumbs": _crumbs(report)}
    )


def _problems() -> Any:
    return ReportProblem.objects.select_related("organization", "report__appraisal", "report__organization")


@access(POST=Cap.SECRETARY_VIEW)
def secretary_problem_step(request: GatedRequest, pk: int) -> HttpResponse:
    """Report as put right, close, or say that it is not: the field `step` says which."""
    problem: ReportProblem = gate(request, _problems(), pk=pk)
    step, reason = request.POST.get("step", ""), request.POST.get("reason", "")
    problems.report_problem_step(actor=request.user, problem=problem, step=step, reason=reason)
    messages.success(request, _("Noted."))
    return redirect("secretary_problem", pk=pk)


@access(GET=Cap.SECRETARY_VIEW, POST=Cap.SECRETARY_WRITE)
def secretary_problem(request: GatedRequest, pk: int) -> HttpResponse:
    """One problem; its secretary writes down measures."""
    problem: ReportProblem = gate(request, _problems(), pk=pk)
    own = problem.report.member_id in own_member_ids(request.user) and request.user.acting_for is None
    key = f"secretary_problem:{pk}"
    if dropped(request, key):
        return redirect(request.path)
    stored = {"version": problem.version, "measures": problem.measures}
    form = keep(request, MeasuresForm(request.POST or None, initial=stored), key)
    if form.is_valid():
        if form.attempt(problems.report_problem_plan, actor=request.user, problem=problem, **form.cleaned_data):
            draft_clear(request=request, key=key)
            messages.success(request, _("Saved."))
            return redirect("secretary_problem", pk=pk)
        if isinstance(form.refusal, EditConflict):
            form.renew(ReportProblem.objects.get(pk=pk))
    context = {
        "problem": problem,
        "report": problem.report,
        "form": form if own and problem.state == ProblemState.OPEN else None,
        "steps": PROBLEMS.available(problem, request.user),
        "crumbs": _crumbs(problem.report),
    }
    return render(request, "reviews/secretaries/problem.html", context)
