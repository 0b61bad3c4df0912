"""The appraisal of a member: one's own self-appraisal, remarks on colleagues, and the result."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign.common.access import GatedRequest, access, gate, own_member_ids, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import EditConflict
from campaign.drafts.forms import dropped, keep
from campaign.drafts.selectors import draft_of
from campaign.drafts.services import draft_clear
from orgs.models import MembershipKind
from reviews.forms.appraisal import OpinionForm, RemarksForm, SelfForm
from reviews.models.appraisal import AppraisalGrade, AppraisedMember, BranchAppraisal, PeerRemark
from reviews.selectors import appraisal as selectors
from reviews.services import appraisal_branch as services
from reviews.views.appraisal import crumbs
from reviews.workflow.appraisal import FOLLOW_UPS


def _entries() -> Any:
    return AppraisedMember.objects.select_related(
        "organization", "member", "branch__appraisal__round", "branch__organization"
    )


def _own_crumbs() -> list[dict[str, str]]:
    return [{"label": _("My appraisal"), "url": reverse("appraisal_mine")}]


@access(GET=Cap.APPRAISAL_WRITE)
def appraisal_mine(request: GatedRequest) -> HttpResponse:
    """This year's appraisal with what is to be done, and those of earlier years."""
    found = list(selectors.own_appraisals(request.user)[:20])
    given = set(PeerRemark.objects.filter(author__in=found).values_list("author", flat=True))
    context = {"entries": found, "remarked": given}
    return render(request, "reviews/appraisal/mine.html", context)


@access(GET=Cap.APPRAISAL_VIEW)
def appraisal_member(request: GatedRequest, pk: int) -> HttpResponse:
    """One member in one year: the member reads what is told, who decides reads everything."""
    entry: AppraisedMember = gate(request, _entries(), pk=pk)
    own = entry.member_id in own_member_ids(request.user) and request.user.acting_for is None
    reads_all = reaches(request.user, Cap.APPRAISAL_VIEW, entry.organization.path)
    told = entry.branch.is_confirmed
    decides = reaches(request.user, Cap.APPRAISAL_DECIDE, entry.organization.path)
    votes = selectors.votes_of(entry.branch.appraisal.round, [entry.member_id]) if reads_all else {}
    last = selectors.last_grades([entry.member_id], entry.branch.year)
    context = {
        "entry": entry,
        "own": own,
        "shows_decision": told or reads_all,
        "reads_all": reads_all,
        "votes": votes.get(entry.member_id),
        "last_grade": str(AppraisalGrade(last[entry.member_id]).label) if last else "",
        "remarks": selectors.remarks_read_by(request.user, entry),
        "writes": own and entry.branch.is_editable and entry.branch.appraisal.is_open,
        "attends": decides and entry.branch.is_editable and entry.branch.appraisal.is_open,
        "steps": FOLLOW_UPS.available(entry, request.user) if told else [],
        "opinion": _opinion(request, entry) if own and told and entry.branch.appraisal.is_open else None,
        "crumbs": _way(request, entry, reads_all=reads_all),
    }
    return render(request, "reviews/appraisal/member.html", context)


def _opinion(request: GatedRequest, entry: AppraisedMember) -> Any:
    form = OpinionForm(initial={"version": entry.version, "opinion": entry.opinion or _("I agree.")})
    return keep(request, form, f"appraisal_opinion:{entry.pk}")


def _way(request: GatedRequest, entry: AppraisedMember, *, reads_all: bool) -> list[dict[str, str]]:
    if not reads_all:
        return _own_crumbs()
    return [*crumbs(), {"label": str(entry.branch), "url": reverse("appraisal_branch", args=[entry.branch_id])}]


@access(GET=Cap.APPRAISAL_WRITE, POST=Cap.APPRAISAL_WRITE)
def appraisal_self(request: GatedRequest, pk: int) -> HttpResponse:
    """Write one's own appraisal; what is typed keeps itself until it is handed in."""
    entry: AppraisedMember = gate(request, _entries(), pk=pk)
    if not entry.branch.is_editable or not entry.branch.appraisal.is_open:
        messages.error(request, _("Your branch has decided already. If something is missing, tell its secretary."))
        return redirect("appraisal_member", pk=pk)
    key = f"self_appraisal:{pk}"
    if request.method == "POST" and request.POST.get("op") == "discard":
        draft_clear(request=request, key=key)
        return redirect("appraisal_self", pk=pk)
    draft = draft_of(request.user, key) if request.method == "GET" else None
    typed = dict(draft.fields) if draft else {}
    stored = {"text": entry.self_text, "grade": entry.self_grade, "version": entry.version}
    full = entry.kind == MembershipKind.FULL
    form = SelfForm(request.POST or None, full=full, initial={**stored, **typed})
    if form.is_valid():
        if form.attempt(services.self_appraisal_hand_in, actor=request.user, appraised=entry, **form.cleaned_data):
            draft_clear(request=request, key=key)
            messages.success(request, _("Handed in. You can better it until your branch decides."))
            return redirect("appraisal_member", pk=pk)
        if isinstance(form.refusal, EditConflict):
            form.renew(AppraisedMember.objects.get(pk=pk))
    earlier = selectors.own_appraisals(request.user).filter(branch__year__lt=entry.branch.year).exclude(self_text="")
    context = {
        "form": form,
        "entry": entry,
        "draft": draft,
        "draft_key": key,
        "earlier": earlier.first(),
        "crumbs": [
            *_own_crumbs(),
            {"label": str(entry.branch.appraisal), "url": reverse("appraisal_member", args=[pk])},
        ],
    }
    return render(request, "reviews/appraisal/self.html", context)


@access(GET=Cap.APPRAISAL_PEER, POST=Cap.APPRAISAL_PEER)
def appraisal_peers(request: GatedRequest, pk: int) -> HttpResponse:
    """Mutual appraisal: a remark on each colleague of the branch, read by them with one's name."""
    branch: BranchAppraisal = gate(request, BranchAppraisal.objects.select_related("appraisal", "organization"), pk=pk)
    entry = selectors.own_entry(request.user, branch)
    if entry is None:
        raise Http404
    if not branch.is_editable or not branch.appraisal.is_open:
        messages.error(request, _("Your branch has decided already. If something is missing, tell its secretary."))
        return redirect("appraisal_mine")
    key = f"peer_remarks:{pk}"
    if request.method == "POST" and request.POST.get("op") == "discard":
        draft_clear(request=request, key=key)
        return redirect("appraisal_peers", pk=pk)
    draft = draft_of(request.user, key) if request.method == "GET" else None
    said = dict(PeerRemark.objects.filter(author=entry).values_list("about", "text"))
    others = list(selectors.colleagues(entry))
    typed = dict(draft.fields) if draft else {}
    form = RemarksForm(request.POST or None, colleagues=others, said=said, initial=typed)
    if form.is_valid() and form.attempt(
        services.peer_remarks_save, actor=request.user, entry=entry, remarks=form.remarks()
    ):
        draft_clear(request=request, key=key)
        n = form.result
        text = ngettext("Saved: a remark on %(n)s colleague.", "Saved: remarks on %(n)s colleagues.", n) % {"n": n}
        messages.success(request, text)
        return redirect("appraisal_mine")
    context = {"form": form, "branch": branch, "draft": draft, "draft_key": key, "crumbs": _own_crumbs()}
    return render(request, "reviews/appraisal/peers.html", context)


@access(POST=Cap.APPRAISAL_WRITE)
def appraisal_opinion(request: GatedRequest, pk: int) -> HttpResponse:
    """Say what one thinks of the own result."""
    entry: AppraisedMember = gate(request, _entries(), pk=pk)
    key = f"appraisal_opinion:{pk}"
    if dropped(request, key):
        return redirect("appraisal_member", pk=pk)
    form = OpinionForm(request.POST)
    if form.is_valid():
        services.opinion_give(actor=request.user, appraised=entry, **form.cleaned_data)
        draft_clear(request=request, key=key)
        messages.success(request, _("Noted. Your secretary reads it."))
    else:
        messages.error(request, _("Please write what you think of it, or that you agree."))
    return redirect("appraisal_member", pk=pk)
