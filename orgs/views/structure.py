"""Pages that change the structure: a form, a preview of what is touched, then it is done. And terms of office."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign.common.access import GatedRequest, access, gate
from campaign.common.capabilities import Cap
from orgs.forms.structure import FORMS, ChangeForm, ElectForm, ExtendForm
from orgs.models import Organization
from orgs.places import findings_of_change
from orgs.services import (
    organization_activate,
    organization_deactivate,
    organization_elect,
    organization_extend_term,
    organization_merge,
    organization_move,
    organization_split,
)
from orgs.services.structure import change_describe
from orgs.structure import Change, ChangeKind, fingerprint, refusals_of, touches_of
from orgs.views.forms import save_version_form
from orgs.views.organizations import crumbs_to

Kind = ChangeKind
TITLES: dict[ChangeKind, str | Promise] = {
    Kind.MOVE: gettext_lazy("Move “%(name)s”"),
    Kind.MERGE: gettext_lazy("Merge “%(name)s” into another organization"),
    Kind.SPLIT: gettext_lazy("Split “%(name)s”"),
    Kind.DEACTIVATE: gettext_lazy("Take “%(name)s” out of use"),
    Kind.ACTIVATE: gettext_lazy("Take “%(name)s” into use again"),
}
LEADS: dict[ChangeKind, str | Promise] = {
    Kind.MOVE: gettext_lazy(
        "It comes below another organization, with everything below it. What happened stays with it."
    ),
    Kind.MERGE: gettext_lazy(
        "Members and organizations below go to the other one. This one goes out of use and stays readable where it is now."
    ),
    Kind.SPLIT: gettext_lazy("Some of its members, or of the organizations below it, become a new organization."),
    Kind.DEACTIVATE: gettext_lazy("It is no longer offered for choice. Its records and its history stay readable."),
    Kind.ACTIVATE: gettext_lazy("It is offered for choice again. Roles and positions must be given anew."),
}
UNDO: dict[ChangeKind, str | Promise] = {
    Kind.MOVE: gettext_lazy("To undo it, move it back below “%(parent)s”."),
    Kind.MERGE: gettext_lazy(
        "There is no single step back: take this organization into use again, transfer the members, give roles anew."
    ),
    Kind.SPLIT: gettext_lazy("To undo it, merge the new organization into “%(name)s”; positions must be entered anew."),
    Kind.DEACTIVATE: gettext_lazy("To undo it, take it into use again; roles and functions must be given anew."),
    Kind.ACTIVATE: gettext_lazy("To undo it, take it out of use again."),
}
DONE: dict[ChangeKind, str | Promise] = {
    Kind.MOVE: gettext_lazy("Moved below “%(target)s”. To undo it, move it back below “%(parent)s”."),
    Kind.MERGE: gettext_lazy("“%(name)s” has been merged into “%(target)s”."),
    Kind.SPLIT: gettext_lazy("“%(target)s” has been split off from “%(name)s”."),
    Kind.DEACTIVATE: gettext_lazy("The organization is deactivated."),
    Kind.ACTIVATE: gettext_lazy("The organization is active again."),
}


def _make(kind: ChangeKind, form: ChangeForm, user: Any) -> Organization:
    """Do what was confirmed; returns the organization whose page comes next."""
    given: dict[str, Any] = {"actor": user, "organization": form.organization, "reason": form.cleaned_data["reason"]}
    calls: dict[ChangeKind, Callable[[], Organization]] = {
        Kind.MOVE: lambda: organization_move(parent=form.cleaned_data["parent"], **given),
        Kind.MERGE: lambda: organization_merge(into=form.cleaned_data["into"], **given),
        Kind.SPLIT: lambda: organization_split(**given, **getattr(form, "values", {})),
        Kind.DEACTIVATE: lambda: organization_deactivate(**given),
        Kind.ACTIVATE: lambda: organization_activate(**given),
    }
    return calls[kind]()


def _change_page(request: GatedRequest, pk: int, kind: ChangeKind) -> HttpResponse:
    organization: Any = gate(request, Organization.objects, pk=pk)
    form = FORMS[kind](request.POST or None, organization=organization, user=request.user)
    asked = request.method == "POST" and "back" not in request.POST
    if asked and form.is_valid():
        described = {"actor": request.user, "kind": kind, "organization": organization, **form.arguments}
        if form.attempt(change_describe, **described):
            change: Change = form.result
            touches = touches_of(change)
            mark = fingerprint(change, touches)
            confirmed = request.POST.get("confirm", "")
            if confirmed == mark and form.attempt(_make, kind=kind, form=form, user=request.user):
                messages.success(request, _words(DONE[kind], change, form.result))
                return redirect("organization_detail", pk=form.result.pk)
            if not form.refusal:
                return render(
                    request,
                    "orgs/organization_change.html",
                    {**_preview(kind, change, form, mark, confirmed), "crumbs": crumbs_to(organization, request.user)},
                )
    back = reverse("organization_detail", args=[pk])
    context = {
        "form": form,
        "crumbs": crumbs_to(organization, request.user),
        "title": TITLES[kind] % {"name": organization.name},
        "lead": LEADS[kind],
        "submit": _("See what it touches"),
        "back": back,
    }
    return render(request, "orgs/organization_change_form.html", context)


def _preview(kind: ChangeKind, change: Change, form: ChangeForm, mark: str, confirmed: str) -> dict[str, Any]:
    return {
        "title": TITLES[kind] % {"name": change.organization.name},
        "change": change,
        "form": form,
        "new_name": form.cleaned_data.get("name", ""),
        "touches": touches_of(change),
        "refusals": refusals_of(change),
        "findings": findings_of_change(
            change, form.cleaned_data.get("type", ""), below=form.cleaned_data.get("place") == "below"
        ),
        "undo": _words(UNDO[kind], change, None),
        "mark": mark,
        "changed": bool(confirmed),
        "label": kind.label,
        "back": reverse("organization_detail", args=[change.organization.pk]),
    }


def _words(text: str | Promise, change: Change, made: Organization | None) -> str:
    target = made if change.kind == Kind.SPLIT else change.target
    places = {"name": change.organization, "target": target, "parent": change.parent}
    return str(text) % {key: place.name if place else "" for key, place in places.items()}


@access(GET=Cap.ORG_MANAGE, POST=Cap.ORG_MANAGE)
def organization_move_page(request: GatedRequest, pk: int) -> HttpResponse:
    return _change_page(request, pk, Kind.MOVE)


@access(GET=Cap.ORG_MANAGE, POST=Cap.ORG_MANAGE)
def organization_merge_page(request: GatedRequest, pk: int) -> HttpResponse:
    return _change_page(request, pk, Kind.MERGE)


@access(GET=Cap.ORG_MANAGE, POST=Cap.ORG_MANAGE)
def organization_split_page(request: GatedRequest, pk: int) -> HttpResponse:
    return _change_page(request, pk, Kind.SPLIT)


@access(GET=Cap.ORG_MANAGE, POST=Cap.ORG_MANAGE)
def organization_deactivate_page(request: GatedRequest, pk: int) -> HttpResponse:
    return _change_page(request, pk, Kind.DEACTIVATE)


@access(GET=Cap.ORG_MANAGE, POST=Cap.ORG_MANAGE)
def organization_activate_page(request: GatedRequest, pk: int) -> HttpResponse:
    return _change_page(request, pk, Kind.ACTIVATE)


# -- terms of office -------------------------------------------------------------------------------------------------


@access(GET=Cap.ORG_MANAGE, POST=Cap.ORG_MANAGE)
def organization_elect_page(request: GatedRequest, pk: int) -> HttpResponse:
    title = _("New term of “%(name)s”")
    return _term_page(request, pk, ElectForm, organization_elect, title, _("The new term has been entered."))


@access(GET=Cap.ORG_MANAGE, POST=Cap.ORG_MANAGE)
def organization_extend_term_page(request: GatedRequest, pk: int) -> HttpResponse:
    title = _("Extend the term of “%(name)s”")
    return _term_page(request, pk, ExtendForm, organization_extend_term, title, _("The term has been extended."))


def _term_page(
    request: GatedRequest, pk: int, form_class: Any, service: Callable[..., Any], title: str, done: str
) -> HttpResponse:
    organization: Any = gate(request, Organization.objects, pk=pk)
    form = form_class(request.POST or None, organization=organization)
    if request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if name != "version"}
        if save_version_form(form, organization, service, actor=request.user, organization=organization, **given):
            messages.success(request, done)
            return redirect("organization_detail", pk=pk)
    context = {
        "form": form,
        "title": title % {"name": organization.name},
        "crumbs": crumbs_to(organization, request.user),
        "back": reverse("organization_detail", args=[pk]),
    }
    return render(request, "orgs/form_page.html", context)
