"""Leading group and campaign office of an organization, with their history and the printable list of a subtree."""

import copy
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import GatedRequest, access, gate, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.listing import BoundedPaginator
from campaign.jobs.services import job_request
from orgs import exports, selectors
from orgs import leadership as reads
from orgs.forms.leadership import LeadershipEditForm, LeadershipForm
from orgs.models import LeadershipFunction, LeadershipPost, Member, Organization
from orgs.services import leadership as services
from orgs.views.forms import save_version_form

PRINTED = 200
"""So many organizations stand on a page of the printable list."""


@access(POST=Cap.MEMBER_VIEW)
def member_choose(request: GatedRequest) -> HttpResponse:
    """What a searchable choice of members offers for the words typed so far."""
    members = selectors.members_for(request.user).present().exclude(name="")
    try:
        found = selectors.members_matching(members, request.POST.get("q", ""), request.user)[: selectors.OFFERED]
    except DomainError:  # too many id numbers tried: the list of members says so
        found = members.none()
    results = [{"value": one.pk, "text": f"{one.name}（{one.organization.display_name}）"} for one in found]
    return JsonResponse({"results": results})


@access(GET=Cap.ORG_VIEW)
def leadership_detail(request: GatedRequest, pk: int) -> HttpResponse:
    organization: Any = gate(request, Organization.objects, pk=pk)
    manages = reaches(request.user, Cap.LEADERSHIP_MANAGE, organization.path) and organization.is_active
    past = BoundedPaginator(reads.leadership_past(organization), 50).get_page(request.GET.get("page"))
    context = {
        "organization": organization,
        "posts": reads.leadership_now(organization),
        "past": past,
        "manages": manages,
        "suggested": reads.leadership_suggestion(organization) if manages else [],
        "crumbs": _crumbs(organization),
        "actions": _actions(request, organization, manages=manages),
    }
    return render(request, "orgs/leadership/detail.html", context)


def _crumbs(organization: Organization) -> list[dict[str, str]]:
    place = {"label": organization.display_name, "url": reverse("organization_detail", args=[organization.pk])}
    return [{"label": _("Party organizations"), "url": reverse("organization_list")}, place]


def _actions(request: GatedRequest, organization: Organization, *, manages: bool) -> list[dict[str, Any]]:
    url = reverse("leadership_list", args=[organization.pk])
    actions: list[dict[str, Any]] = [{"label": _("List with all below"), "url": url, "icon": "printer"}]
    if manages:
        url = reverse("leadership_import", args=[organization.pk])
        actions.append({"label": _("By workbook"), "url": url, "icon": "table-import"})
        url = reverse("leadership_appoint", args=[organization.pk])
        actions.append({"label": _("Give a function"), "url": url, "icon": "plus", "primary": True})
    return actions


@access(GET=Cap.LEADERSHIP_MANAGE, POST=Cap.LEADERSHIP_MANAGE)
def leadership_appoint(request: GatedRequest, pk: int) -> HttpResponse:
    organization: Any = gate(request, Organization.objects, pk=pk)
    members = Member.objects.visible_to(request.user).present()
    initial = {"function": request.GET.get("function", "")}
    form = LeadershipForm(request.POST or None, members=members, initial=initial)
    if form.is_valid() and form.attempt(
        services.leadership_appoint, actor=request.user, organization=organization, **form.cleaned_data
    ):
        messages.success(request, _("Saved."))
        return redirect("leadership_detail", pk=pk)
    context = {
        "form": form,
        "title": _("Give a function"),
        "lead": _("%(name)s. First and directly responsible person, head of the group and director of the office are held "
                  "by one person: whoever held it before is replaced.") % {"name": organization.name},
        "back": reverse("leadership_detail", args=[pk]),
        "crumbs": _crumbs(organization),
    }  # fmt: skip
    return render(request, "orgs/form_page.html", context)


@access(POST=Cap.LEADERSHIP_MANAGE)
def leadership_take_suggested(request: GatedRequest, pk: int) -> HttpResponse:
    organization: Any = gate(request, Organization.objects, pk=pk)
    services.leadership_take_suggested(actor=request.user, organization=organization)
    messages.success(request, _("Taken over."))
    return redirect("leadership_detail", pk=pk)


@access(GET=Cap.LEADERSHIP_MANAGE, POST=Cap.LEADERSHIP_MANAGE)
def leadership_edit(request: GatedRequest, pk: int) -> HttpResponse:
    post: Any = gate(request, LeadershipPost.objects.select_related("organization"), pk=pk)
    form = LeadershipEditForm(request.POST or None, instance=copy.copy(post), initial={"version": post.version})
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("duty", "starts_on", "ends_on")}
        if save_version_form(form, post, services.leadership_update, actor=request.user, post=post, **given):
            messages.success(request, _("Saved."))
            return redirect("leadership_detail", pk=post.organization_id)
    back, crumbs = reverse("leadership_detail", args=[post.organization_id]), _crumbs(post.organization)
    context = {"form": form, "title": _("Change a duty"), "lead": str(post), "back": back, "crumbs": crumbs}
    return render(request, "orgs/form_page.html", context)


@access(POST=Cap.LEADERSHIP_MANAGE)
def leadership_end(request: GatedRequest, pk: int) -> HttpResponse:
    post: Any = gate(request, LeadershipPost.objects.select_related("organization"), pk=pk)
    services.leadership_end(actor=request.user, post=post)
    messages.success(request, _("The function has ended; it stays in the history."))
    return redirect("leadership_detail", pk=post.organization_id)


@access(GET=Cap.ORG_VIEW)
def leadership_list(request: GatedRequest, pk: int) -> HttpResponse:
    """Who is responsible where, for an organization and everything below it: on screen, on paper, as a workbook."""
    organization: Any = gate(request, Organization.objects, pk=pk)
    page = BoundedPaginator(reads.organizations_led(request.user, organization), PRINTED).get_page(
        request.GET.get("page")
    )
    context = {
        "organization": organization,
        "page": page,
        "lines": reads.leadership_lines(page),
        "functions": list(LeadershipFunction),
        "exports": reaches(request.user, Cap.REPORT_EXPORT, organization.path),
        "manages": reaches(request.user, Cap.LEADERSHIP_MANAGE, organization.path),
        "crumbs": _crumbs(organization),
    }
    return render(request, "orgs/leadership/list.html", context)


@access(POST=Cap.REPORT_EXPORT)
def list_export(request: GatedRequest, pk: int, key: str) -> HttpResponse:
    """Ask for one of this part's lists as a workbook."""
    organization: Any = gate(request, Organization.objects, pk=pk)
    parameters = {"list": key, "organization": organization.pk}
    job = job_request(kind=exports.JOB, actor=request.user, parameters=parameters)
    return redirect("jobs_detail", pk=job.pk)
