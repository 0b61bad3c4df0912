"""The appraisal of one branch: its roll with the votes, the decision, confirmation above; and what follows for a member."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaign.common.access import GatedRequest, access, gate, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, EditConflict
from campaign.common.listing import list_response
from campaign.drafts.selectors import draft_of
from campaign.drafts.services import draft_clear
from reviews.filters.appraisal import FollowUpFilter
from reviews.forms.appraisal import AttendanceForm, BranchForm, DecisionForm, decision_forms
from reviews.models.appraisal import AppraisalGrade, AppraisedMember, BranchAppraisal, FollowUp, MemberAppraisal
from reviews.selectors import appraisal as selectors
from reviews.selectors.appraisal import Votes
from reviews.services import appraisal_branch as services
from reviews.tables.appraisal import FollowUpTable
from reviews.views.appraisal import crumbs
from reviews.workflow.appraisal import BRANCHES

DONE = {
    "branch_submit": gettext_lazy("Handed in. The organization above confirms it."),
    "branch_recall": gettext_lazy("Taken back. You can change it and hand it in again."),
    "branch_confirm": gettext_lazy("Confirmed. The members read their results now."),
    "branch_return": gettext_lazy("Returned to the branch."),
}


@dataclass(frozen=True)
class Line:
    """A member of the roll with what stands beside the name; `form` where a decision is entered."""

    entry: AppraisedMember
    votes: Votes | None
    last_grade: str
    form: DecisionForm | None = None


def lines(branch: BranchAppraisal, forms: list[DecisionForm] | None = None) -> list[Line]:
    """Return the roll with votes and last grades. Three queries, none per member."""
    roll = [form.entry for form in forms] if forms is not None else list(selectors.roll_of(branch))
    members = [each.member_id for each in roll]
    votes, last = selectors.votes_of(branch.appraisal.round, members), selectors.last_grades(members, branch.year)
    return [
        Line(
            each,
            votes.get(each.member_id),
            str(AppraisalGrade(last[each.member_id]).label) if each.member_id in last else "",
            forms[place] if forms is not None else None,
        )
        for place, each in enumerate(roll)
    ]


def _branches() -> Any:
    return BranchAppraisal.objects.select_related(
        "organization", "appraisal__round", "appraisal__organization", "submitted_by", "decided_by"
    )


def _above(request: GatedRequest, branch: BranchAppraisal) -> MemberAppraisal | None:
    """The appraisal in the way back, for those who may open its page."""
    reached = reaches(request.user, Cap.APPRAISAL_VIEW, branch.appraisal.organization.path)
    return branch.appraisal if reached else None


@access(GET=Cap.APPRAISAL_VIEW)
def appraisal_branch(request: GatedRequest, pk: int) -> HttpResponse:
    branch: BranchAppraisal = gate(request, _branches(), pk=pk)
    rows = lines(branch)
    decides = reaches(request.user, Cap.APPRAISAL_DECIDE, branch.organization.path)
    context = {
        "branch": branch,
        "lines": rows,
        "share": selectors.share_of(row.entry for row in rows),
        "grades": AppraisalGrade,
        "decides": decides and branch.is_editable and branch.appraisal.is_open,
        "steps": BRANCHES.available(branch, request.user),
        "waiting_for": _waiting_for(branch),
        "k": branch.appraisal.round.ballot.k if branch.appraisal.round else None,
        "crumbs": crumbs(_above(request, branch)),
    }
    return render(request, "reviews/appraisal/branch.html", context)


def _waiting_for(branch: BranchAppraisal) -> str:
    """Say why the branch cannot hand in yet, as far as it is not the grades."""
    if not branch.is_editable or not branch.has_ballot or not branch.appraisal.is_open:
        return ""
    ballot = branch.appraisal.round
    if ballot is None:
        return _("The secret ballot has not been set up yet.")
    return "" if ballot.is_published else _("The result of the secret ballot is not published yet.")


@access(GET=Cap.APPRAISAL_DECIDE, POST=Cap.APPRAISAL_DECIDE)
def appraisal_decide(request: GatedRequest, pk: int) -> HttpResponse:
    """Enter the decision of the meeting: a grade for everybody, with what is wrong and what follows."""
    branch: BranchAppraisal = gate(request, _branches(), pk=pk)
    if not branch.is_editable or not branch.appraisal.is_open:
        messages.error(
            request, _("The decision is handed in. Take it back, or ask the organization above to return it.")
        )
        return redirect("appraisal_branch", pk=pk)
    key = f"appraisal_decide:{pk}"
    if request.method == "POST" and request.POST.get("op") == "discard":
        draft_clear(request=request, key=key)
        return redirect("appraisal_decide", pk=pk)
    draft = draft_of(request.user, key) if request.method == "GET" else None
    roll = list(selectors.roll_of(branch))
    posted = request.POST if request.method == "POST" else None
    form, forms = BranchForm.of(branch, posted), list(decision_forms(posted, roll))
    if posted is not None and _decided(branch, form, forms, actor=request.user):
        draft_clear(request=request, key=key)
        return _after_saving(request, branch, submit=posted.get("op") == "submit")
    if draft is not None:
        _fill(form, forms, draft.fields)
    rows = lines(branch, forms)
    context = {
        "branch": branch,
        "form": form,
        "lines": rows,
        "share": selectors.share_of(roll),
        "draft": draft,
        "draft_key": key,
        "waiting_for": _waiting_for(branch),
        "crumbs": [
            *crumbs(_above(request, branch)),
            {"label": str(branch), "url": reverse("appraisal_branch", args=[pk])},
        ],
    }
    return render(request, "reviews/appraisal/decide.html", context)


def _fill(form: BranchForm, forms: list[DecisionForm], fields: list[list[str]]) -> None:
    """Put what was typed and not saved into the forms."""
    typed = dict(fields)
    for each in (form, *forms):
        for name in each.fields:
            if each.add_prefix(name) in typed:
                each.initial[name] = typed[each.add_prefix(name)]


def _decided(branch: BranchAppraisal, form: BranchForm, forms: list[DecisionForm], *, actor: Any) -> bool:
    if not all([form.is_valid(), *(each.is_valid() for each in forms)]):
        if form.is_valid():
            form.add_error(None, _("Something is missing below. Nothing was saved."))
        return False
    decisions = [each.decision() for each in forms]
    if form.attempt(services.branch_decide, actor=actor, branch=branch, decisions=decisions, **form.cleaned_data):
        return True
    if isinstance(form.refusal, EditConflict):
        form.renew(BranchAppraisal.objects.get(pk=branch.pk))
    return False


def _after_saving(request: GatedRequest, branch: BranchAppraisal, *, submit: bool) -> HttpResponse:
    share = selectors.share_of(selectors.roll_of(branch))
    if submit:
        try:
            services.branch_step(actor=request.user, branch=branch, step="branch_submit")
        except DomainError as refusal:
            messages.warning(request, _("Saved, but not handed in yet. %(reason)s") % {"reason": refusal})
            return redirect("appraisal_decide", pk=branch.pk)
        messages.success(request, DONE["branch_submit"])
    else:
        messages.success(request, _("Saved. Hand it in when everybody has a grade."))
    if share.is_exceeded:
        text = _("%(n)s of %(graded)s are excellent; as a rule at most a third, which is %(most)s.")
        messages.warning(request, text % {"n": share.excellent, "graded": share.graded, "most": share.most})
    return redirect("appraisal_branch", pk=branch.pk)


@access(POST=Cap.APPRAISAL_DECIDE)
def appraisal_roll(request: GatedRequest, pk: int) -> HttpResponse:
    """Bring the roll in step with who is enrolled now."""
    branch: BranchAppraisal = gate(request, _branches(), pk=pk)
    changed = services.roll_refresh(actor=request.user, branch=branch)
    text = ngettext("%(n)s entry changed.", "%(n)s entries changed.", changed) % {"n": changed}
    messages.success(request, text if changed else _("The roll is up to date."))
    return redirect("appraisal_branch", pk=pk)


@access(POST=Cap.APPRAISAL_VIEW)
def appraisal_branch_step(request: GatedRequest, pk: int) -> HttpResponse:
    """Hand in, take back, confirm, return: the field `step` says which."""
    branch: BranchAppraisal = gate(request, _branches(), pk=pk)
    step, reason = request.POST.get("step", ""), request.POST.get("reason", "")
    services.branch_step(actor=request.user, branch=branch, step=step, reason=reason)
    messages.success(request, DONE[step])
    return redirect("appraisal_branch", pk=pk)


def _entries() -> Any:
    return AppraisedMember.objects.select_related("organization", "member", "branch__appraisal__round")


@access(GET=Cap.APPRAISAL_DECIDE, POST=Cap.APPRAISAL_DECIDE)
def appraisal_attendance(request: GatedRequest, pk: int) -> HttpResponse:
    """Note that somebody is away or exempt."""
    entry: AppraisedMember = gate(request, _entries(), pk=pk)
    names = {"attendance": entry.attendance, "reason": entry.attendance_reason, "version": entry.version}
    form = AttendanceForm(request.POST or None, initial=names)
    if form.is_valid():
        if form.attempt(services.attendance_set, actor=request.user, appraised=entry, **form.cleaned_data):
            messages.success(request, _("Noted."))
            return redirect("appraisal_branch", pk=entry.branch_id)
        if isinstance(form.refusal, EditConflict):
            form.renew(AppraisedMember.objects.get(pk=pk))
    branch = entry.branch
    way = [*crumbs(), {"label": str(branch), "url": reverse("appraisal_branch", args=[branch.pk])}]
    return render(request, "reviews/appraisal/attendance.html", {"form": form, "entry": entry, "crumbs": way})


@access(POST=Cap.APPRAISAL_FOLLOW)
def appraisal_follow(request: GatedRequest, pk: int) -> HttpResponse:
    """Settle what a member was told to put right, or take it up again."""
    entry: AppraisedMember = gate(request, _entries(), pk=pk)
    step, reason = request.POST.get("step", ""), request.POST.get("reason", "")
    services.follow_up_step(actor=request.user, appraised=entry, step=step, reason=reason)
    messages.success(request, _("Noted."))
    return redirect("appraisal_member", pk=pk)


@access(GET=Cap.APPRAISAL_FOLLOW)
def appraisal_follow_ups(request: GatedRequest) -> HttpResponse:
    """What members were told to put right, and by when."""
    context = {
        "title": _("Follow-ups of appraisals"),
        "lead": _("What members were told to put right, and by when. Open a name to settle it."),
        "crumbs": crumbs(),
        "empty_icon": "list-check",
        "empty_title": _("Nothing to follow up"),
        "empty_text": _("Talks and deadlines that an appraisal sets for a member appear here once it is confirmed."),
    }
    found = AppraisedMember.objects.allowed(request.user, Cap.APPRAISAL_FOLLOW).exclude(follow_up=FollowUp.NONE)
    return list_response(
        request,
        context,
        queryset=found.select_related("organization", "branch"),
        table_class=FollowUpTable,
        filter_class=FollowUpFilter,
    )
