"""Pages of a member's party positions and branches, and their correction."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import GatedRequest, access, gate, holds, reaches
from campaign.common.capabilities import Cap
from orgs import selectors
from orgs.forms.positions import EnrolmentCreateForm, PositionCreateForm, PositionForm, SpanForm
from orgs.models import Enrolment, Member, Position
from orgs.services.positions import (
    enrolment_add,
    enrolment_change,
    enrolment_remove,
    position_begin,
    position_change,
    position_remove,
)


def _crumbs(member: Member) -> list[dict[str, str]]:
    return [
        {"label": _("Party members"), "url": reverse("member_list")},
        {"label": member.name, "url": reverse("member_detail", args=[member.pk])},
    ]


def _back(member_id: int) -> str:
    return reverse("member_history", args=[member_id])


@access(GET=Cap.MEMBER_VIEW)
def member_history(request: GatedRequest, pk: int) -> HttpResponse:
    """Positions and branches of a member, each with its days; who may correct them finds the buttons beside them."""
    member = gate(request, selectors.members_for(request.user), pk=pk)
    positions = Position.objects.visible_to(request.user).filter(member=member).select_related("organization")
    branches = Enrolment.objects.visible_to(request.user).filter(member=member).select_related("organization")
    context = {
        "member": member,
        "crumbs": _crumbs(member),
        "positions": [(held, reaches(request.user, Cap.MEMBER_MANAGE, held.organization.path)) for held in positions],
        "branches": branches,
        "places": holds(request.user, Cap.MEMBER_MANAGE),
        "corrects": reaches(request.user, Cap.MEMBER_HISTORY, member.organization.path),
    }
    return render(request, "orgs/member_history.html", context)


def _form_page(request: GatedRequest, form: Any, title: str, member: Member, lead: str = "") -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "lead": lead,
        "back": _back(member.pk),
        "crumbs": _crumbs(member),
    }
    return render(request, "orgs/form_page.html", context)


def _stored(request: GatedRequest, form: Any, service: Any, done: str, **given: Any) -> bool:
    """Tell whether the form was sent and went through; then `done` is said on the next page."""
    if request.method != "POST" or not form.is_valid():
        return False
    if not form.attempt(service, actor=request.user, **given, **form.cleaned_data):
        return False
    messages.success(request, done)
    return True


# -- positions -----------------------------------------------------------------------------------------------------


@access(GET=Cap.MEMBER_MANAGE, POST=Cap.MEMBER_MANAGE)
def position_create(request: GatedRequest, pk: int) -> HttpResponse:
    """A member who is seen, in an organization that one looks after: the committee above appoints from its branches."""
    member = gate(request, Member.objects.select_related("organization"), Cap.MEMBER_VIEW, pk=pk)
    places = selectors.organizations_enrolling(request.user)
    form = PositionCreateForm(
        request.POST or None,
        organizations=places,
        initial={"organization": places.filter(pk=member.organization_id).first()},
    )
    if _stored(request, form, position_begin, _("The position has been entered."), member=member):
        return redirect(_back(pk))
    return _form_page(request, form, _("New position"), member)


@access(GET=Cap.MEMBER_MANAGE, POST=Cap.MEMBER_MANAGE)
def position_edit(request: GatedRequest, pk: int) -> HttpResponse:
    position: Any = gate(request, Position.objects.select_related("member", "organization"), pk=pk)
    kept = {name: getattr(position, name) for name in ("starts_on", "ends_on", "is_acting")}
    form = PositionForm(request.POST if request.method == "POST" else None, initial=kept)
    if _stored(request, form, position_change, _("Saved."), position=position):
        return redirect(_back(position.member_id))
    lead = f"{position.member.name} · {position.get_post_display()} · {position.organization.name}"
    return _form_page(request, form, _("Correct or end a position"), position.member, lead)


@access(POST=Cap.MEMBER_MANAGE)
def position_remove_page(request: GatedRequest, pk: int) -> HttpResponse:
    position: Any = gate(request, Position.objects.select_related("member", "organization"), pk=pk)
    position_remove(actor=request.user, position=position, reason=request.POST.get("reason", ""))
    messages.success(request, _("The position has been taken out."))
    return redirect(_back(position.member_id))


# -- branches ------------------------------------------------------------------------------------------------------


@access(GET=Cap.MEMBER_HISTORY, POST=Cap.MEMBER_HISTORY)
def branch_create(request: GatedRequest, pk: int) -> HttpResponse:
    member = gate(request, Member.objects.select_related("organization"), pk=pk)
    form = EnrolmentCreateForm(request.POST or None)
    if _stored(request, form, enrolment_add, _("The branch has been entered."), member=member):
        return redirect(_back(pk))
    return _form_page(request, form, _("New earlier branch"), member)


@access(GET=Cap.MEMBER_HISTORY, POST=Cap.MEMBER_HISTORY)
def branch_edit(request: GatedRequest, pk: int) -> HttpResponse:
    enrolment: Any = gate(request, Enrolment.objects.select_related("member__organization", "organization"), pk=pk)
    kept = {"starts_on": enrolment.starts_on, "ends_on": enrolment.ends_on}
    form = SpanForm(request.POST if request.method == "POST" else None, initial=kept)
    present = {"ends_on": None} if enrolment.ends_on is None else {}
    if present:
        del form.fields["ends_on"]
    else:
        form.fields["ends_on"].required = True
    if _stored(request, form, enrolment_change, _("Saved."), enrolment=enrolment, **present):
        return redirect(_back(enrolment.member_id))
    return _form_page(request, form, _("Correct the days"), enrolment.member, enrolment.organization.name)


@access(POST=Cap.MEMBER_HISTORY)
def branch_remove(request: GatedRequest, pk: int) -> HttpResponse:
    enrolment: Any = gate(request, Enrolment.objects.select_related("member__organization", "organization"), pk=pk)
    enrolment_remove(actor=request.user, enrolment=enrolment, reason=request.POST.get("reason", ""))
    messages.success(request, _("The branch has been taken out."))
    return redirect(_back(enrolment.member_id))
