"""Pages of transfers between branches."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from campaign.common import clock
from campaign.common.access import GatedRequest, access, gate, grants_for, holds
from campaign.common.capabilities import Cap, Reach
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.listing import list_response
from orgs import selectors
from orgs.forms.positions import AcceptForm, TransferForm
from orgs.listings.people import TransferFilter, TransferTable
from orgs.models import Member, Organization, Transfer, TransferState
from orgs.services.transfers import transfer_accept, transfer_request, transfer_step
from orgs.timeline import TimelineEntry
from orgs.views.members import crumbs_to
from orgs.workflow import workflow


@access(GET=Cap.TRANSFER_VIEW, POST=Cap.TRANSFER_VIEW)
def transfer_list(request: GatedRequest) -> HttpResponse:
    work = request.GET.get("work", "")
    waiting = {
        "release": selectors.transfers_to_release(request.user),
        "accept": selectors.transfers_to_accept(request.user),
    }
    context: dict[str, Any] = {
        "title": _("Transfers"),
        "tabs": _tabs(work, waiting) if holds(request.user, Cap.TRANSFER_RELEASE) else [],
        "lead": _("The old branch releases a member, the new one accepts; both see how far it is."),
        "empty_icon": "arrows-exchange",
        "empty_title": _("No transfers yet"),
        "empty_text": _("Open the page of a member and choose “Transfer”."),
    }
    if holds(request.user, Cap.TRANSFER_REQUEST):
        context |= {"empty_url": reverse("member_list"), "empty_label": _("Party members")}
    found = selectors.transfers_for(request.user)
    return list_response(
        request,
        context,
        template="orgs/tabbed_list.html",
        queryset=found.filter(pk__in=waiting[work].values("pk")) if work in waiting else found,
        table_class=TransferTable,
        filter_class=TransferFilter,
    )


def _tabs(work: str, waiting: dict[str, Any]) -> list[dict[str, Any]]:
    labels = {"release": _("To release"), "accept": _("To accept")}
    own = [
        {"label": labels[key], "url": f"?work={key}", "active": work == key, "count": found.count()}
        for key, found in waiting.items()
    ]
    return [{"label": _("All"), "url": "?", "active": work not in waiting}, *own]


@access(GET=Cap.TRANSFER_VIEW)
def transfer_detail(request: GatedRequest, pk: int) -> HttpResponse:
    transfer = gate(
        request,
        Transfer.objects.select_related("member", "source", "target", "requested_by", "released_by", "closed_by"),
        pk=pk,
    )
    steps = workflow.available(transfer, request.user)
    accepts = _may_accept(transfer, request.user)
    context = {
        "transfer": transfer,
        "course": _course(transfer),
        "steps": [step for step in steps if step.name != "transfer_accept"],
        "accept": AcceptForm(initial={"effective_on": clock.today()}) if accepts else None,
        "both": accepts and transfer.state == TransferState.REQUESTED,
        "sees_member": Member.objects.visible_to(request.user).filter(pk=transfer.member_id).exists(),
        "crumbs": [{"label": _("Transfers"), "url": reverse("transfer_list")}],
    }
    return render(request, "orgs/transfer_detail.html", context)


def _may_accept(transfer: Transfer, user: Any) -> bool:
    """Tell whether `user` may accept now: a released one, or one that the same person may release."""
    if transfer.state not in (TransferState.REQUESTED, TransferState.RELEASED):
        return False
    mine = Transfer.objects.filter(pk=transfer.pk)
    accepts = mine.allowed(user, Cap.TRANSFER_ACCEPT).exists()
    if transfer.state == TransferState.RELEASED:
        return accepts
    return accepts and mine.allowed(user, Cap.TRANSFER_RELEASE).exists()


def _course(transfer: Transfer) -> list[TimelineEntry]:
    """Return the steps that were taken, in their order."""
    taken = [
        (transfer.requested_at, _("Asked for"), transfer.requested_by, transfer.reason, "send"),
        (transfer.released_at, _("Released"), transfer.released_by, "", "door-exit"),
        (transfer.closed_at, transfer.get_state_display(), transfer.closed_by, transfer.note, "flag"),
    ]
    return [
        TimelineEntry(
            timezone.localtime(moment).date(),
            label,
            "\n".join(part for part in (str(person or _("the system")), text) if part),
            icon=icon,
        )
        for moment, label, person, text, icon in taken
        if moment is not None
    ]


@access(GET=Cap.TRANSFER_REQUEST, POST=Cap.TRANSFER_REQUEST)
def transfer_create(request: GatedRequest, pk: int) -> HttpResponse:
    member = gate(request, Member.objects.select_related("organization"), pk=pk)
    form = TransferForm(request.POST or None, both_sides=_looks_after_several(request.user))
    if (
        request.method == "POST"
        and form.is_valid()
        and form.attempt(_ask, actor=request.user, member=member, **form.cleaned_data)
    ):
        transfer = form.result
        done = transfer.state == TransferState.ACCEPTED
        messages.success(request, _("The member has been moved.") if done else _("The transfer has been asked for."))
        return redirect("transfer_detail", pk=transfer.pk)
    context = {
        "form": form,
        "title": _("Transfer %(name)s") % {"name": member.name},
        "lead": _("From %(branch)s to another branch of the group. What was done here stays here.")
        % {"branch": member.organization.name},
        "crumbs": crumbs_to(member),
        "back": reverse("member_detail", args=[pk]),
        "submit": _("Ask for the transfer"),
    }
    return render(request, "orgs/form_page.html", context)


def _ask(*, actor: Any, member: Member, target: Organization, reason: str, at_once: bool = False) -> Transfer:
    """Ask for a transfer, and take all its steps where `at_once` is chosen: all or nothing."""
    with transaction.atomic():
        transfer = transfer_request(actor=actor, member=member, target=target, reason=reason)
        if at_once:
            try:
                transfer_accept(transfer=transfer, actor=actor)
            except NotAllowed:
                text = _("You do not look after the other branch. Ask for the transfer, and let that branch accept.")
                raise DomainError(text) from None
    return transfer


def _looks_after_several(user: Any) -> bool:
    """Tell whether `user` accepts members for more than one branch."""
    held = grants_for(user, Cap.TRANSFER_ACCEPT)
    if all(reach is Reach.UNIT for reach, _grant in held):
        return len(held) > 1
    places = Organization.objects.active().branches().allowed(user, Cap.TRANSFER_ACCEPT)
    return len(places[:2]) > 1


@access(POST=Cap.TRANSFER_VIEW)
def transfer_step_page(request: GatedRequest, pk: int) -> HttpResponse:
    """Release, refuse or withdraw; accepting asks for a day and is `transfer_accept_page`."""
    transfer = gate(request, Transfer.objects.select_related("member", "source", "target"), pk=pk)
    step = request.POST.get("step", "")
    if step not in workflow.steps or step == "transfer_accept":
        raise Http404
    transfer_step(transfer=transfer, step=step, actor=request.user, reason=request.POST.get("reason", ""))
    messages.success(request, _("Done: %(step)s.") % {"step": workflow.steps[step].label})
    return redirect("transfer_detail", pk=pk)


@access(POST=Cap.TRANSFER_ACCEPT)
def transfer_accept_page(request: GatedRequest, pk: int) -> HttpResponse:
    transfer = gate(request, Transfer.objects.select_related("member", "source", "target"), pk=pk)
    form = AcceptForm(request.POST)
    if not form.is_valid():
        raise DomainError(_("Give the day from which on the member belongs to the new branch."))
    transfer_accept(transfer=transfer, actor=request.user, **form.cleaned_data)
    messages.success(request, _("The member belongs to the new branch now."))
    return redirect("transfer_detail", pk=pk)


@access(POST=Cap.TRANSFER_REQUEST)
def branch_search(request: GatedRequest) -> HttpResponse:
    """Branches of the whole group by name: a member may go to any, and have come from any."""
    found = selectors.branches_matching(request.POST.get("q", ""))[: selectors.OFFERED]
    return JsonResponse({"results": [{"value": place.pk, "text": place.name} for place in found]})
