"""Pages of roles: granted, ended and looked over by the security administrator."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import GatedRequest, access, gate
from campaign.common.capabilities import Cap
from campaign.common.listing import list_response
from orgs import oversight, selectors
from orgs.filters import DelegationFilter, RoleFilter, VacancyFilter
from orgs.forms.roles import RoleForm
from orgs.models import Delegation, Organization, RoleAssignment
from orgs.services import delegation_end, role_end, role_grant
from orgs.tables import DelegationTable, RoleTable, VacancyTable


def _tabs(here: str) -> list[dict[str, Any]]:
    pages = (
        ("role_list", _("Roles")),
        ("role_vacancies", _("Vacancies")),
        ("role_deputies", _("Deputies")),
    )
    return [{"label": label, "url": reverse(name), "active": name == here} for name, label in pages]


def _grant_button() -> dict[str, Any]:
    return {"label": _("Grant a role"), "url": reverse("role_grant"), "icon": "plus", "primary": True}


@access(POST=Cap.ROLE_GRANT)
def user_search(request: GatedRequest) -> HttpResponse:
    """What a searchable choice of accounts offers for the words typed so far."""
    accounts = selectors.users_entitleable(request.user).select_related("organization").order_by("pinyin", "pk")
    found = selectors.users_matching(accounts, request.POST.get("q", ""))[: selectors.OFFERED]
    texts = [(account.pk, f"{account.name}({account.username},{account.organization})") for account in found]
    return JsonResponse({"results": [{"value": key, "text": text} for key, text in texts]})


@access(GET=Cap.ROLE_GRANT, POST=Cap.ROLE_GRANT)
def role_list(request: GatedRequest) -> HttpResponse:
    context = {
        "title": _("Roles"),
        "lead": _("A role is held in one organization and reaches from there. Membership needs no role."),
        "tabs": _tabs("role_list"),
        "actions": [_grant_button()],
        "empty_icon": "key",
        "empty_text": _("Grant the first role with “Grant a role”."),
    }
    roles = selectors.roles_for(request.user).order_by("organization__path", "role", "pk")
    return list_response(
        request, context, template="orgs/role_list.html", queryset=roles, table_class=RoleTable, filter_class=RoleFilter
    )


@access(GET=Cap.ROLE_GRANT, POST=Cap.ROLE_GRANT)
def role_vacancies(request: GatedRequest) -> HttpResponse:
    """Where nobody holds the role that an organization should have a holder of."""
    context = {
        "title": _("Vacancies"),
        "lead": _("Branches without a secretary and committees without party-affairs staff, as the roles have it."),
        "tabs": _tabs("role_vacancies"),
        "actions": [_grant_button()],
        "empty_icon": "circle-check",
        "empty_title": _("No vacancies"),
        "empty_text": _("Every branch has a secretary and every committee its staff."),
    }
    return list_response(
        request,
        context,
        template="orgs/role_list.html",
        queryset=oversight.vacancies(request.user),
        table_class=VacancyTable,
        filter_class=VacancyFilter,
    )


@access(GET=Cap.ROLE_GRANT, POST=Cap.ROLE_GRANT)
def role_grant_page(request: GatedRequest) -> HttpResponse:
    """The address may name organization, role and account: a vacancy leads here with its form filled."""
    places = Organization.objects.active().allowed(request.user, Cap.ROLE_GRANT)
    initial = {name: request.GET[name] for name in ("organization", "role", "user") if name in request.GET}
    users = selectors.users_entitleable(request.user)
    form = RoleForm(request.POST or None, users=users, organizations=places, initial=initial)
    if (
        request.method == "POST"
        and form.is_valid()
        and form.attempt(role_grant, actor=request.user, **form.cleaned_data)
    ):
        messages.success(request, _("The role has been granted."))
        return redirect("role_list")
    crumbs = [{"label": _("Roles"), "url": reverse("role_list")}]
    context = {"form": form, "title": _("Grant a role"), "back": reverse("role_list"), "crumbs": crumbs}
    return render(request, "orgs/role_form.html", context)


@access(POST=Cap.ROLE_GRANT)
def role_end_page(request: GatedRequest, pk: int) -> HttpResponse:
    assignment = gate(request, RoleAssignment.objects.select_related("user", "organization"), pk=pk)
    role_end(actor=request.user, assignment=assignment, reason=request.POST.get("reason", ""))
    messages.success(request, _("The role has ended."))
    return redirect("role_list")


@access(GET=Cap.ROLE_GRANT, POST=Cap.ROLE_GRANT)
def role_deputies(request: GatedRequest) -> HttpResponse:
    """Who stands in for whom in the organizations of the security administrator."""
    context = {
        "title": _("Deputies"),
        "lead": _(
            "Roles that their holders handed to somebody else for some days. Take one back where it should not be."
        ),
        "tabs": _tabs("role_deputies"),
        "empty_icon": "user-share",
        "empty_text": _("Nobody has handed over a role."),
    }
    return list_response(
        request,
        context,
        template="orgs/role_list.html",
        queryset=oversight.delegations_for(request.user),
        table_class=DelegationTable,
        filter_class=DelegationFilter,
    )


@access(POST=Cap.ROLE_GRANT)
def role_deputy_end(request: GatedRequest, pk: int) -> HttpResponse:
    joined = Delegation.objects.select_related("assignment__user", "assignment__organization", "deputy")
    delegation = gate(request, joined, pk=pk)
    delegation_end(actor=request.user, delegation=delegation, reason=request.POST.get("reason", ""))
    messages.success(request, _("The deputyship has been taken back."))
    return redirect("role_deputies")
