"""Pages of organizations."""

import copy
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import GatedRequest, access, gate, holds, reaches
from campaign.common.capabilities import Cap
from campaign.common.listing import listing
from orgs import selectors
from orgs.filters import OrganizationFilter
from orgs.forms.organizations import OrganizationCreateForm, OrganizationEditForm
from orgs.models import Organization
from orgs.services import (
    organization_activate,
    organization_create,
    organization_deactivate,
    organization_update,
)
from orgs.tables import OrganizationTable
from orgs.timeline import organization_timeline
from orgs.views.forms import save_version_form, shown

SHOWN = (
    "name", "short_name", "code", "type", "category", "unit_kind", "established_on", "term_started_on", "term_ends_on",
    "contact_name", "contact_phone",
)  # fmt: skip


@access(GET=Cap.ORG_VIEW)
def organization_list(request: GatedRequest) -> HttpResponse:
    """The tree, opened branch by branch; a list where somebody searches."""
    visible = Organization.objects.visible_to(request.user)
    chosen = OrganizationFilter(request.GET, queryset=visible, request=request)
    context: dict[str, Any] = {"filter": chosen, "actions": _list_actions(request)}
    if chosen.is_valid() and chosen.is_active():
        found = listing(request, queryset=visible, table_class=OrganizationTable, filter_class=OrganizationFilter)
        return render(request, "orgs/organization_list.html", {**context, **found})
    roots = list(selectors.organization_roots(request.user))
    opened = selectors.organization_children(roots[0], request.user) if len(roots) == 1 else []
    return render(request, "orgs/organization_list.html", {**context, "nodes": roots, "opened": opened})


def _list_actions(request: GatedRequest) -> list[dict[str, Any]]:
    actions: list[dict[str, Any]] = []
    if holds(request.user, Cap.MEMBER_IMPORT):
        actions.append({"label": _("Import from Excel"), "url": reverse("import_upload"), "icon": "table-import"})
    if holds(request.user, Cap.ORG_MANAGE):
        url = reverse("organization_create")
        actions.append({"label": _("New organization"), "url": url, "icon": "plus", "primary": True})
    return actions


@access(GET=Cap.ORG_VIEW)
def organization_children(request: GatedRequest, pk: int) -> HttpResponse:
    """One opened branch of the tree (fragment)."""
    organization: Any = gate(request, Organization.objects, pk=pk)
    nodes = selectors.organization_children(organization, request.user)
    return render(request, "orgs/organization_nodes.html", {"nodes": nodes})


@access(POST=Cap.ORG_VIEW)
def organization_search(request: GatedRequest) -> HttpResponse:
    """What a searchable choice of organizations offers for the words typed so far."""
    words = request.POST.get("q", "")
    found = selectors.organizations_matching(Organization.objects.visible_to(request.user).active(), words)
    return JsonResponse({"results": [{"value": place.pk, "text": place.name} for place in found[: selectors.OFFERED]]})


@access(GET=Cap.ORG_VIEW)
def organization_detail(request: GatedRequest, pk: int) -> HttpResponse:
    organization: Any = gate(request, Organization.objects, pk=pk)
    sees_members = reaches(request.user, Cap.MEMBER_VIEW, organization.path)
    context = {
        "organization": organization,
        "rows": shown(organization, SHOWN),
        "leaders": selectors.leaders_of(organization),
        "figures": selectors.organization_figures(organization),
        "sees_members": sees_members,
        "children": selectors.organization_children(organization, request.user),
        "timeline": organization_timeline(organization, request.user),
        "crumbs": _crumbs(organization, request.user),
        "actions": _actions(request, organization),
    }
    return render(request, "orgs/organization_detail.html", context)


def _crumbs(organization: Organization, user: Any) -> list[dict[str, str]]:
    above = Organization.objects.visible_to(user).filter(path__in=_paths_above(organization))
    steps = [{"label": place.display_name, "url": reverse("organization_detail", args=[place.pk])} for place in above]
    return [{"label": _("Party organizations"), "url": reverse("organization_list")}, *steps]


def _paths_above(organization: Organization) -> list[str]:
    length = Organization.steplen
    return [organization.path[:end] for end in range(length, len(organization.path), length)]


def _actions(request: GatedRequest, organization: Organization) -> list[dict[str, Any]]:
    manages = reaches(request.user, Cap.ORG_MANAGE, organization.path)
    adds = reaches(request.user, Cap.ORG_MANAGE, f"{organization.path}0000") and organization.is_active
    actions: list[dict[str, Any]] = []
    if manages and organization.is_active:
        question = _("Deactivate “%(name)s”? It is no longer offered for choice; its history stays.")
        url = reverse("organization_deactivate", args=[organization.pk])
        confirm = question % {"name": organization.name}
        actions.append({"label": _("Deactivate"), "url": url, "icon": "ban", "post": True, "confirm": confirm})
    if manages and not organization.is_active:
        url = reverse("organization_activate", args=[organization.pk])
        actions.append({"label": _("Activate"), "url": url, "icon": "circle-check", "post": True})
    if reaches(request.user, Cap.REPORT_EXPORT, organization.path):
        url = reverse("organization_record", args=[organization.pk])
        actions.append({"label": _("Export the record"), "url": url, "icon": "file-spreadsheet"})
    if adds:
        url = f"{reverse('organization_create')}?parent={organization.pk}"
        actions.append({"label": _("New organization below"), "url": url, "icon": "plus"})
    if manages:
        url = reverse("organization_edit", args=[organization.pk])
        actions.append({"label": _("Edit"), "url": url, "icon": "edit", "primary": True})
    return actions


@access(GET=Cap.ORG_MANAGE, POST=Cap.ORG_MANAGE)
def organization_create_page(request: GatedRequest) -> HttpResponse:
    parents = selectors.organizations_addable(request.user)
    chosen = request.GET.get("parent", "")
    initial = {"parent": parents.filter(pk=chosen).first()} if chosen.isdigit() else {}
    form = OrganizationCreateForm(request.POST or None, parents=parents, initial=initial)
    if request.method == "POST" and form.is_valid():
        parent = form.cleaned_data["parent"]
        if form.attempt(organization_create, actor=request.user, parent=parent, **form.values):
            messages.success(request, _("The organization has been made."))
            return redirect("organization_detail", pk=form.result.pk)
    context = {"form": form, "title": _("New organization"), "back": reverse("organization_list")}
    return render(request, "orgs/form_page.html", context)


@access(GET=Cap.ORG_MANAGE, POST=Cap.ORG_MANAGE)
def organization_edit(request: GatedRequest, pk: int) -> HttpResponse:
    organization: Any = gate(request, Organization.objects, pk=pk)
    # The form writes what was typed onto its instance; the service compares with what is stored.
    form = OrganizationEditForm(
        request.POST or None, instance=copy.copy(organization), initial={"version": organization.version}
    )
    if request.method == "POST" and form.is_valid():
        given = {"actor": request.user, "organization": organization, **form.values}
        if save_version_form(form, organization, organization_update, **given):
            messages.success(request, _("Saved."))
            return redirect("organization_detail", pk=pk)
    context = {"form": form, "title": organization.name, "back": reverse("organization_detail", args=[pk])}
    return render(request, "orgs/form_page.html", context)


@access(POST=Cap.ORG_MANAGE)
def organization_deactivate_page(request: GatedRequest, pk: int) -> HttpResponse:
    organization: Any = gate(request, Organization.objects, pk=pk)
    organization_deactivate(actor=request.user, organization=organization)
    messages.success(request, _("The organization is deactivated."))
    return redirect("organization_detail", pk=pk)


@access(POST=Cap.ORG_MANAGE)
def organization_activate_page(request: GatedRequest, pk: int) -> HttpResponse:
    organization: Any = gate(request, Organization.objects, pk=pk)
    organization_activate(actor=request.user, organization=organization)
    messages.success(request, _("The organization is active again."))
    return redirect("organization_detail", pk=pk)
