"""Contact points: one's own on the phone, those of a subtree, who was left out; visits with what became of them."""

import copy
import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django_tables2 import Table

from campaign.common import clock
from campaign.common.access import GatedRequest, access, gate, holds
from campaign.common.capabilities import Cap
from campaign.common.listing import BoundedPaginator, list_response, listing
from campaign.common.text import is_key
from orgs import contacts as reads
from orgs import exports
from orgs.forms.leadership import ContactAssignForm, ContactEditForm, VisitEditForm, VisitForm
from orgs.listings.contacts import (
    AbsentLeaderTable,
    ContactPointFilter,
    ContactPointTable,
    CoverageFilter,
    UncoveredTable,
)
from orgs.models import ContactPoint, ContactVisit, Member, Organization
from orgs.services import contacts as services
from orgs.views.forms import save_version_form

PER_PAGE = 20


@access(GET=Cap.CONTACT_VIEW, POST=Cap.CONTACT_VIEW)
def contact_list(request: GatedRequest) -> HttpResponse:
    context: dict[str, Any] = {
        "title": _("Contact points"),
        "lead": _("A leader looks after a branch, visits it every quarter and helps with its problems."),
        "actions": _list_actions(request),
        "empty_icon": "map-pin",
        "empty_title": _("No contact points yet"),
        "empty_text": _("Whoever looks after the organizations assigns branches to a leader; they stand here then."),
    }
    return list_response(
        request,
        context,
        queryset=reads.points_for(request.user).order_by("organization__path", "pk"),
        table_class=ContactPointTable,
        filter_class=ContactPointFilter,
    )


def _list_actions(request: GatedRequest) -> list[dict[str, Any]]:
    actions: list[dict[str, Any]] = []
    if holds(request.user, Cap.CONTACT_VISIT):
        actions.append({"label": _("My contact points"), "url": reverse("contact_mine"), "icon": "user"})
    if holds(request.user, Cap.DATA_QUALITY) or holds(request.user, Cap.REVIEW_COVERAGE):
        actions.append({"label": _("Coverage"), "url": reverse("contact_coverage"), "icon": "chart-bar"})
    actions += _visits_action(request) + _export_action(request)
    if holds(request.user, Cap.CONTACT_MANAGE):
        top = exports.export_root(request.user, Cap.CONTACT_MANAGE)
        if top is not None:
            url = reverse("contact_import", args=[top.pk])
            actions.append({"label": _("Contact points by workbook"), "url": url, "icon": "table-import"})
        url = reverse("contact_assign")
        actions.append({"label": _("Assign"), "url": url, "icon": "plus", "primary": True})
    return actions


def _visits_action(request: GatedRequest) -> list[dict[str, Any]]:
    """All visits that are the person's to record, as a workbook and back."""
    top = reads.visits_root(request.user) if holds(request.user, Cap.CONTACT_VISIT) else None
    if top is None:
        return []
    url = reverse("contact_visit_import", args=[top.pk])
    return [{"label": _("Visits by workbook"), "url": url, "icon": "table-import"}]


def _export_action(request: GatedRequest) -> list[dict[str, Any]]:
    """The whole scope as a workbook: from the highest organization that the person answers for."""
    top = exports.export_root(request.user, Cap.CONTACT_VIEW)
    if top is None:
        return []
    url = reverse("list_export", args=[top.pk, "contacts"])
    return [{"label": _("Export"), "url": url, "icon": "file-spreadsheet", "post": True}]


@access(GET=Cap.CONTACT_VIEW)
def contact_mine(request: GatedRequest) -> HttpResponse:
    """The leader's own, those longest without a visit first."""
    points: list[Any] = list(reads.current(reads.own_points(request.user)).order_by("organization__path"))
    start = reads.quarter_start(clock.today())
    points.sort(key=lambda point: (point.last_visit or dt.date.min, point.organization.path))
    ended = reads.own_points(request.user).filter(ends_on__isnull=False).order_by("-ends_on", "-pk")[:PER_PAGE]
    actions = _visits_action(request) if points else []
    context = {"points": points, "ended": ended, "start": start, "crumbs": _crumbs(), "actions": actions}
    return render(request, "orgs/contacts/mine.html", context)


def _crumbs() -> list[dict[str, str]]:
    return [{"label": _("Contact points"), "url": reverse("contact_list")}]


@access(GET=Cap.CONTACT_VIEW)
def contact_coverage(request: GatedRequest) -> HttpResponse:
    """Who was left out: branches without a contact point, or contact points or leaders without a visit since a day."""
    chosen_list = request.GET.get("list", "")
    by_leader, by_point = chosen_list == "leaders", chosen_list == "points"
    chosen = CoverageFilter(request.GET, queryset=Organization.objects.none(), request=request)
    cleaned = getattr(chosen.form, "cleaned_data", {}) if chosen.form.is_valid() else {}
    since = cleaned.get("since") or reads.quarter_start(clock.today())
    organization = cleaned.get("organization")
    rows: Any = reads.branches_uncovered(request.user)
    table: type[Table] = UncoveredTable
    if by_leader:
        rows, table = reads.leaders_absent(request.user, since), AbsentLeaderTable
    elif by_point:
        rows = reads.not_visited_since(reads.points_for(request.user), since).order_by("organization__path", "pk")
        table = ContactPointTable
    found = listing(
        request,
        queryset=rows,
        table_class=table,
        filter_class=CoverageFilter,
    )
    kept = f"&organization={organization.pk}" if organization else ""
    kept += f"&since={since.isoformat()}" if cleaned.get("since") else ""
    address = reverse("contact_coverage")
    context = {
        **found,
        "figures": reads.coverage_figures(request.user, organization, since),
        "since": since,
        "tabs": [
            {"label": _("Branches without a contact point"), "url": f"{address}?{kept.lstrip('&')}",
             "active": not (by_leader or by_point)},
            {"label": _("Contact points without a visit"), "url": f"{address}?list=points{kept}", "active": by_point},
            {"label": _("Leaders without a visit"), "url": f"{address}?list=leaders{kept}", "active": by_leader},
        ],
        "by_leader": by_leader,
        "by_point": by_point,
        "crumbs": _crumbs(),
    }  # fmt: skip
    return render(request, "orgs/contacts/coverage.html", context)


@access(GET=Cap.CONTACT_MANAGE, POST=Cap.CONTACT_MANAGE)
def contact_assign(request: GatedRequest) -> HttpResponse:
    places = Organization.objects.allowed(request.user, Cap.CONTACT_MANAGE).active()
    chosen = request.GET.get("organization", "")
    form = ContactAssignForm(
        request.POST or None,
        members=Member.objects.visible_to(request.user).present(),
        organizations=places,
        initial={"organizations": places.filter(pk=chosen)} if is_key(chosen) else {},
    )
    if request.method == "POST" and form.is_valid():
        given = {**form.cleaned_data, "organizations": list(form.cleaned_data["organizations"])}
        if form.attempt(services.contact_points_assign, actor=request.user, **given):
            messages.success(request, _("Assigned: %(count)s.") % {"count": len(form.result)})
            return redirect("contact_list")
    context = {"form": form, "title": _("Assign contact points"), "back": reverse("contact_list"), "crumbs": _crumbs()}
    return render(request, "orgs/form_page.html", context)


@access(GET=Cap.CONTACT_VIEW)
def contact_detail(request: GatedRequest, pk: int) -> HttpResponse:
    point: Any = gate(request, _with_people(), pk=pk)
    page = BoundedPaginator(point.visits.select_related("recorded_by"), PER_PAGE).get_page(request.GET.get("page"))
    scope = ContactPoint.objects.filter(pk=pk)
    visits = scope.allowed(request.user, Cap.CONTACT_VISIT).exists()
    context = {
        "point": point,
        "page": page,
        "visits": visits,
        "crumbs": _crumbs(),
        "actions": _actions(request, point, visits=visits),
    }
    return render(request, "orgs/contacts/detail.html", context)


def _actions(request: GatedRequest, point: ContactPoint, *, visits: bool) -> list[dict[str, Any]]:
    actions: list[dict[str, Any]] = []
    if ContactPoint.objects.filter(pk=point.pk).allowed(request.user, Cap.CONTACT_MANAGE).exists():
        url = reverse("contact_edit", args=[point.pk])
        actions.append({"label": _("Edit"), "url": url, "icon": "edit"})
        if point.ends_on is None:
            question = _("End this contact point today? Its visits stay.")
            url = reverse("contact_end", args=[point.pk])
            actions.append({"label": _("End"), "url": url, "icon": "ban", "post": True, "confirm": question})
    if visits:
        url = reverse("contact_visit", args=[point.pk])
        actions.append({"label": _("Record a visit"), "url": url, "icon": "pencil", "primary": True})
    return actions


def _with_people() -> Any:
    return ContactPoint.objects.select_related("leader", "organization")


@access(GET=Cap.CONTACT_MANAGE, POST=Cap.CONTACT_MANAGE)
def contact_edit(request: GatedRequest, pk: int) -> HttpResponse:
    point: Any = gate(request, _with_people(), pk=pk)
    form = ContactEditForm(request.POST or None, instance=copy.copy(point), initial={"version": point.version})
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("task", "starts_on")}
        if save_version_form(form, point, services.contact_point_update, actor=request.user, point=point, **given):
            messages.success(request, _("Saved."))
            return redirect("contact_detail", pk=pk)
    context = {
        "form": form,
        "title": _("Change a contact point"),
        "lead": f"{point.leader.name} · {point.organization.display_name}",
        "back": reverse("contact_detail", args=[pk]),
        "crumbs": _crumbs(),
    }
    return render(request, "orgs/form_page.html", context)


@access(POST=Cap.CONTACT_MANAGE)
def contact_end(request: GatedRequest, pk: int) -> HttpResponse:
    point: Any = gate(request, _with_people(), pk=pk)
    services.contact_point_end(actor=request.user, point=point)
    messages.success(request, _("The contact point has ended; its visits stay."))
    return redirect("contact_detail", pk=pk)


@access(GET=Cap.CONTACT_VISIT, POST=Cap.CONTACT_VISIT)
def contact_visit(request: GatedRequest, pk: int) -> HttpResponse:
    point: Any = gate(request, _with_people(), pk=pk)
    form = VisitForm(request.POST or None)
    if form.is_valid() and form.attempt(
        services.contact_visit_record, actor=request.user, point=point, **form.cleaned_data
    ):
        messages.success(request, _("The visit is recorded."))
        return redirect("contact_detail", pk=pk)
    context = {
        "form": form,
        "title": _("Record a visit"),
        "lead": point.organization.name,
        "back": reverse("contact_detail", args=[pk]),
        "crumbs": _crumbs(),
    }
    return render(request, "orgs/form_page.html", context)


@access(GET=Cap.CONTACT_VISIT, POST=Cap.CONTACT_VISIT)
def contact_visit_edit(request: GatedRequest, pk: int) -> HttpResponse:
    visit: Any = gate(request, _visits(), pk=pk)
    form = VisitEditForm.of(visit, request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if name != "version"}
        if save_version_form(form, visit, services.contact_visit_update, actor=request.user, visit=visit, **given):
            messages.success(request, _("Saved."))
            return redirect("contact_detail", pk=visit.contact_point_id)
    context = {
        "form": form,
        "title": _("Change a visit"),
        "lead": visit.contact_point.organization.name,
        "back": reverse("contact_detail", args=[visit.contact_point_id]),
        "crumbs": _crumbs(),
    }
    return render(request, "orgs/form_page.html", context)


def _visits() -> Any:
    return ContactVisit.objects.select_related("contact_point__leader", "contact_point__organization")


@access(POST=Cap.CONTACT_VISIT)
def contact_visit_remove(request: GatedRequest, pk: int) -> HttpResponse:
    visit: Any = gate(request, _visits(), pk=pk)
    point = visit.contact_point_id
    services.contact_visit_remove(actor=request.user, visit=visit, reason=request.POST.get("reason", ""))
    messages.success(request, _("The record is taken out."))
    return redirect("contact_detail", pk=point)
