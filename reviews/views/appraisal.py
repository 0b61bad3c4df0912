"""Appraisals of members for those who hold them: set up, watch over, ballot, confirm, close."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaign.common.access import GatedRequest, access, gate, holds
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, EditConflict
from campaign.common.listing import list_response, listing
from campaign.common.text import is_key
from orgs.exports import export_actions
from reviews.filters.appraisal import BranchFilter
from reviews.forms.appraisal import AppraisalEditForm, AppraisalForm
from reviews.models.appraisal import BranchAppraisal, BranchState, MemberAppraisal
from reviews.selectors import appraisal as selectors
from reviews.services import appraisal as services
from reviews.services import appraisal_branch as branch_services
from reviews.services.appraisal_ballots import has_ballot
from reviews.tables.appraisal import AppraisalTable, BranchTable
from reviews.workflow.appraisal import APPRAISALS

DONE = {
    "appraisal_close": gettext_lazy("The appraisal is closed."),
    "appraisal_reopen": gettext_lazy("The appraisal is open again."),
    "appraisal_cancel": gettext_lazy("The appraisal is cancelled."),
}


@access(GET=Cap.APPRAISAL_VIEW)
def appraisal_list(request: GatedRequest) -> HttpResponse:
    """The branches one answers for; those who hold appraisals find these above them."""
    actions = export_actions(request.user, "appraisals", Cap.APPRAISAL_VIEW)
    if holds(request.user, Cap.APPRAISAL_MANAGE):
        url = reverse("appraisal_create")
        actions.append({"label": _("New appraisal"), "url": url, "icon": "plus", "primary": True})
    if holds(request.user, Cap.APPRAISAL_FOLLOW):
        url = reverse("appraisal_follow_ups")
        actions.insert(0, {"label": _("Follow-ups of appraisals"), "url": url, "icon": "list-check"})
    held = selectors.appraisals_for(request.user).order_by("-year", "-pk")[:10]
    context: dict[str, Any] = {
        "title": _("Appraisals of members"),
        "lead": _("Once a year in every branch: self-appraisal, mutual appraisal, secret ballot, decision, confirmation above."),
        "actions": actions,
        "held": AppraisalTable(held, orderable=False) if held else None,
        "empty_icon": "user-check",
        "empty_title": _("No appraisals yet"),
        "empty_text": _("Branches appear here when the organization above has set up the appraisal of a year. "
                        "Your own appraisal stands under “My appraisal”."),
    }  # fmt: skip
    return list_response(
        request,
        context,
        template="reviews/appraisal/list.html",
        queryset=selectors.branches_for(request.user),
        table_class=BranchTable,
        filter_class=BranchFilter,
    )


@access(GET=Cap.APPRAISAL_MANAGE, POST=Cap.APPRAISAL_MANAGE)
def appraisal_create(request: GatedRequest) -> HttpResponse:
    form = AppraisalForm(request.POST or None, user=request.user)
    if not form.fields["campaign"].queryset.exists():  # type: ignore[attr-defined]
        raise DomainError(_("No campaign is running. An appraisal belongs to a campaign: ask the campaign office."))
    if form.is_valid() and form.attempt(services.appraisal_create, actor=request.user, **form.arguments()):
        messages.success(request, _("The appraisal is set up. Members find their self-appraisal on their desk."))
        return redirect("appraisal_detail", pk=form.result.pk)
    return render(request, "reviews/appraisal/form.html", {"form": form, "crumbs": crumbs()})


def crumbs(appraisal: MemberAppraisal | None = None) -> list[dict[str, str]]:
    """Lead back to the list, and to the appraisal where there is one above the page."""
    way = [{"label": _("Appraisals of members"), "url": reverse("appraisal_list")}]
    if appraisal is not None:
        way.append({"label": appraisal.name, "url": reverse("appraisal_detail", args=[appraisal.pk])})
    return way


def _appraisals() -> Any:
    return MemberAppraisal.objects.select_related("organization", "campaign", "round__ballot")


@access(GET=Cap.APPRAISAL_VIEW)
def appraisal_detail(request: GatedRequest, pk: int) -> HttpResponse:
    found: MemberAppraisal = gate(request, _appraisals(), pk=pk)
    branches = selectors.branches_for(request.user).filter(appraisal=found)
    manages = selectors.manages(request.user, found)
    context: dict[str, Any] = {
        "appraisal": found,
        "manages": manages,
        "has_ballot": has_ballot(found),
        "progress": selectors.progress_of(found),
        "steps": APPRAISALS.available(found, request.user) if manages else [],
        "to_confirm": list(selectors.to_confirm(request.user).filter(appraisal=found).select_related("organization")),
        "crumbs": crumbs(),
        **listing(
            request, queryset=branches, table_class=BranchTable, filter_class=BranchFilter, exclude=("appraisal",)
        ),
    }
    return render(request, "reviews/appraisal/detail.html", context)


@access(GET=Cap.APPRAISAL_MANAGE, POST=Cap.APPRAISAL_MANAGE)
def appraisal_edit(request: GatedRequest, pk: int) -> HttpResponse:
    found: MemberAppraisal = gate(request, _appraisals(), pk=pk)
    if not found.is_open:
        messages.error(request, _("This appraisal is closed."))
        return redirect("appraisal_detail", pk=pk)
    form = AppraisalEditForm.of(found, request.POST or None)
    if has_ballot(found):
        for name in ("votes_from", "votes_until"):
            form.fields[name].disabled = True
            form.fields[name].help_text = _("The ballot is set up with these days.")
    if form.is_valid():
        if form.attempt(services.appraisal_update, actor=request.user, appraisal=found, **form.cleaned_data):
            messages.success(request, _("Saved."))
            return redirect("appraisal_detail", pk=pk)
        if isinstance(form.refusal, EditConflict):
            form.renew(MemberAppraisal.objects.get(pk=pk))
    return render(request, "reviews/appraisal/form.html", {"form": form, "appraisal": found, "crumbs": crumbs(found)})


@access(POST=Cap.APPRAISAL_MANAGE)
def appraisal_step(request: GatedRequest, pk: int) -> HttpResponse:
    """Close, open again, cancel; or let the branches decide without a ballot."""
    found: MemberAppraisal = gate(request, _appraisals(), pk=pk)
    step, reason = request.POST.get("step", ""), request.POST.get("reason", "")
    if step == "appraisal_without_ballot":
        services.appraisal_without_ballot(actor=request.user, appraisal=found, reason=reason)
        messages.success(request, _("Noted: the branches decide without a ballot here."))
    else:
        services.appraisal_step(actor=request.user, appraisal=found, step=step, reason=reason)
        messages.success(request, DONE[step])
    return redirect("appraisal_detail", pk=pk)


@access(POST=Cap.APPRAISAL_MANAGE)
def appraisal_ballot(request: GatedRequest, pk: int) -> HttpResponse:
    """Set up the ballot and lead to it: there it is opened, closed and published."""
    found: MemberAppraisal = gate(request, _appraisals(), pk=pk)
    made = services.appraisal_ballot(actor=request.user, appraisal=found)
    left_out = found.branches.filter(has_ballot=False).exclude(state=BranchState.CANCELLED).count()
    messages.success(request, _("The ballot is set up. Check it, then open it."))
    if left_out:
        text = ngettext(
            "%(n)s branch has too few voters for a secret ballot and decides without one.",
            "%(n)s branches have too few voters for a secret ballot and decide without one.",
            left_out,
        )
        messages.warning(request, text % {"n": left_out})
    return redirect("round_detail", pk=made.pk)


@access(POST=Cap.APPRAISAL_CONFIRM)
def appraisal_confirm(request: GatedRequest) -> HttpResponse:
    """Confirm the ticked decisions, all or none."""
    ticked = [int(pk) for pk in request.POST.getlist("branch") if is_key(pk)]
    branches = list(
        BranchAppraisal.objects.allowed(request.user, Cap.APPRAISAL_CONFIRM)
        .filter(pk__in=ticked)
        .select_related("appraisal", "organization")
        .order_by("organization__path")
    )
    if not branches or len(branches) != len(set(ticked)):
        raise DomainError(_("Tick the branches whose decision you confirm."))
    done = branch_services.branches_confirm(actor=request.user, branches=branches)
    text = ngettext("%(n)s decision confirmed.", "%(n)s decisions confirmed.", done) % {"n": done}
    messages.success(request, text)
    return redirect("appraisal_detail", pk=branches[0].appraisal_id)
