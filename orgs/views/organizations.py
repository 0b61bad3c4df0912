"""Pages of organizations."""

import copy
import re
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import GatedRequest, access, gate, holds, reaches
from campaign.common.capabilities import Cap
from campaign.common.listing import listing
from campaign.common.text import is_key
from orgs import places, selectors
from orgs.cards import cards_of
from orgs.exports import export_actions
from orgs.filters import OrganizationFilter
from orgs.forms.organizations import OrganizationCreateForm, OrganizationEditForm
from orgs.models import Organization
from orgs.rules import place_findings
from orgs.services import organization_create, organization_update
from orgs.tables import OrganizationTable
from orgs.timeline import course_of
from orgs.views.forms import save_version_form, shown

SHOWN = (
    "name", "short_name", "code", "type", "category", "unit_kind", "covered_units", "guided_by", "established_on",
)  # fmt: skip
CONTACT = ("contact_name", "contact_phone", "contact_email", "address")
TERM = ("term_started_on", "term_ends_on")
LEVEL_DIGITS = 3
STEP = re.compile(r"[0-9A-Z]{4}")


@access(GET=Cap.ORG_VIEW)
def organization_list(request: GatedRequest) -> HttpResponse:
    """The tree, opened branch by branch; a list where somebody searches."""
    visible = Organization.objects.visible_to(request.user)
    chosen = OrganizationFilter(request.GET, queryset=visible, request=request)
    context: dict[str, Any] = {"filter": chosen, "actions": _list_actions(request)}
    if chosen.is_valid() and chosen.is_active():
        found = listing(
            request,
            queryset=visible,
            table_class=OrganizationTable,
            filter_class=OrganizationFilter,
            viewer=request.user,
        )
        return render(request, "orgs/organization_list.html", {**context, **found})
    roots = list(selectors.organization_roots(request.user))
    context["nodes"] = places.nodes_of(roots)
    if len(roots) == 1:
        context["opened"], context["opened_more"] = places.children_page(roots[0], request.user)
        context["opened_of"] = roots[0]
    return render(request, "orgs/organization_list.html", context)


def _list_actions(request: GatedRequest) -> list[dict[str, Any]]:
    actions: list[dict[str, Any]] = export_actions(request.user, "organizations", Cap.ORG_VIEW)
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
    after = request.GET.get("after", "")
    nodes, more = places.children_page(organization, request.user, after if STEP.fullmatch(after) else "")
    context = {"nodes": nodes, "more": more, "parent": organization, "level": _level(request)}
    return render(request, "orgs/organization_nodes.html", context)


def _level(request: GatedRequest) -> int:
    """How deep the opened branch lies on the page, for those who hear it."""
    given = request.GET.get("level", "")
    return int(given) if is_key(given) and len(given) < LEVEL_DIGITS else 1


@access(POST=Cap.ORG_VIEW)
def organization_search(request: GatedRequest) -> HttpResponse:
    """What a searchable choice of organizations offers for the words typed so far."""
    words = request.POST.get("q", "")
    found = selectors.organizations_matching(Organization.objects.visible_to(request.user).active(), words)
    return JsonResponse({"results": [{"value": place.pk, "text": place.name} for place in found[: selectors.OFFERED]]})


@access(GET=Cap.ORG_VIEW)
def organization_detail(request: GatedRequest, pk: int) -> HttpResponse:
    found = Organization.objects.select_related("merged_into")
    organization: Any = gate(request, found, pk=pk)
    user = request.user
    numbers = places.numbers_of(organization)
    nodes, more = places.children_page(organization, user)
    heir = organization.merged_into
    context = {
        "organization": organization,
        "groups": _groups(organization, numbers),
        "has_contact": any(getattr(organization, name) for name in CONTACT),
        "heir_visible": heir is not None and reaches(user, Cap.ORG_VIEW, heir.path),
        "leaders": selectors.leaders_of(organization),
        "numbers": numbers,
        "branches": _branches(organization),
        "months": places.months_left(organization.term_ends_on),
        "term": places.term_state(organization) if organization.is_active else "",
        "findings": places.findings_of(organization, numbers.members, organization.higher()),
        "sees_members": reaches(user, Cap.MEMBER_VIEW, organization.path),
        "cards": cards_of(organization, user),
        "nodes": nodes,
        "more": more,
        "course": course_of(organization, user, kind=request.GET.get("kind", ""), page=request.GET.get("page", "1")),
        "crumbs": crumbs_to(organization, user)[:-1],
        "actions": _actions(request, organization),
        "changes": _changes(request, organization),
    }
    return render(request, "orgs/organization_detail.html", context)


def _groups(organization: Organization, numbers: places.Numbers) -> list[tuple[str, list[tuple[Any, Any]]]]:
    """Return what is known of the organization under its headings, without those that nothing stands below."""
    groups: list[tuple[str, list[tuple[Any, Any]]]] = [
        (_("Identity"), [row for row in shown(organization, SHOWN) if row[1] not in ("", None)]),
        (_("Term"), [*shown(organization, TERM)]),
        (_("Contact"), [row for row in shown(organization, CONTACT) if row[1] not in ("", None)]),
    ]
    if numbers.rows:
        groups.append((_("Its members in numbers"), [(_("Full members"), numbers.full), *numbers.rows]))
    return [group for group in groups if group[1]]


def _branches(organization: Organization) -> str:
    """How many branches lie in the subtree, for what is none itself."""
    if organization.is_branch:
        return ""
    below = Organization.objects.active().branches().in_subtree(organization)
    return selectors.bounded_count(below)


def crumbs_to(organization: Organization, user: Any) -> list[dict[str, str]]:
    """Return the way to an organization, as far as `user` sees it, itself included; one query."""
    above = Organization.objects.visible_to(user).filter(path__in=organization.paths_above)
    steps = [
        {"label": place.display_name, "url": reverse("organization_detail", args=[place.pk])}
        for place in (*above, organization)
    ]
    return [{"label": _("Party organizations"), "url": reverse("organization_list")}, *steps]


def _actions(request: GatedRequest, organization: Organization) -> list[dict[str, Any]]:
    actions: list[dict[str, Any]] = []
    if reaches(request.user, Cap.REPORT_EXPORT, organization.path):
        url = reverse("organization_record", args=[organization.pk])
        actions.append({"label": _("Export the record"), "url": url, "icon": "file-spreadsheet"})
    if reaches(request.user, Cap.ORG_MANAGE, organization.path):
        url = reverse("organization_edit", args=[organization.pk])
        actions.append({"label": _("Edit"), "url": url, "icon": "edit", "primary": True})
    return actions


def _changes(request: GatedRequest, organization: Organization) -> list[dict[str, Any]]:
    """What this person may do with the term and the place of the organization."""
    if not reaches(request.user, Cap.ORG_MANAGE, organization.path):
        return []
    term = [
        ("organization_elect", _("New term"), "users-group"),
        ("organization_extend_term", _("Extend the term"), "calendar-plus"),
    ]
    place = [
        ("organization_move", _("Move"), "arrow-move-right"),
        ("organization_merge", _("Merge"), "arrow-merge"),
        ("organization_split", _("Split"), "arrows-split"),
        ("organization_deactivate", _("Deactivate"), "ban"),
    ]
    if not organization.is_active:
        term, place = (
            [],
            [
                ("organization_move", _("Move"), "arrow-move-right"),
                ("organization_activate", _("Activate"), "circle-check"),
            ],
        )
    above = organization.parent_path
    within = bool(above) and reaches(request.user, Cap.ORG_MANAGE, f"{above}0000")
    offered = [*term, *(place if within else [])]
    changes = [
        {"label": label, "url": reverse(name, args=[organization.pk]), "icon": icon} for name, label, icon in offered
    ]
    if organization.is_active and reaches(request.user, Cap.ORG_MANAGE, f"{organization.path}0000"):
        url = f"{reverse('organization_create')}?parent={organization.pk}"
        changes.append({"label": _("New organization below"), "url": url, "icon": "plus"})
    return changes


@access(GET=Cap.ORG_MANAGE, POST=Cap.ORG_MANAGE)
def organization_create_page(request: GatedRequest) -> HttpResponse:
    parents = selectors.organizations_addable(request.user)
    chosen = request.GET.get("parent", "")
    initial = {"parent": parents.filter(pk=chosen).first()} if is_key(chosen) else {}
    form = OrganizationCreateForm(request.POST or None, parents=parents, initial=initial)
    if request.method == "POST" and form.is_valid():
        parent = form.cleaned_data["parent"]
        if form.attempt(organization_create, actor=request.user, parent=parent, **form.values):
            messages.success(request, _("The organization has been made."))
            for finding in place_findings(form.result.type, parent.type):
                messages.warning(request, str(finding))
            return redirect("organization_detail", pk=form.result.pk)
    context = {
        "form": form,
        "title": _("New organization"),
        "back": reverse("organization_list"),
        "crumbs": [{"label": _("Party organizations"), "url": reverse("organization_list")}],
    }
    return render(request, "orgs/organization_form.html", context)


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
    context = {
        "form": form,
        "title": _("Change “%(name)s”") % {"name": organization.name},
        "crumbs": crumbs_to(organization, request.user),
        "findings": places.findings_of(organization, places.numbers_of(organization).members, organization.higher()),
        "back": reverse("organization_detail", args=[pk]),
    }
    return render(request, "orgs/organization_form.html", context)
