"""Pages of members."""

import copy
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common.access import GatedRequest, access, gate, holds, reaches
from campaign.common.capabilities import Cap
from campaign.common.listing import list_response
from orgs import selectors
from orgs.filters import MemberFilter
from orgs.forms.members import MemberCreateForm, MemberEditForm
from orgs.models import Member
from orgs.services import member_create, member_update
from orgs.tables import MemberTable
from orgs.timeline import member_timeline
from orgs.views.forms import save_version_form, shown


@access(GET=Cap.MEMBER_VIEW, POST=Cap.MEMBER_VIEW)
def member_list(request: GatedRequest) -> HttpResponse:
    actions: list[dict[str, Any]] = []
    if holds(request.user, Cap.MEMBER_IMPORT):
        actions.append({"label": _("Import from Excel"), "url": reverse("import_upload"), "icon": "table-import"})
    if holds(request.user, Cap.MEMBER_MANAGE):
        url = reverse("member_create")
        actions.append({"label": _("New member"), "url": url, "icon": "plus", "primary": True})
    context = {
        "title": _("Party members"),
        "actions": actions,
        "empty_icon": "users",
        "empty_title": _("No members yet"),
        "empty_text": _("Import the roster from Excel, or enter members one by one."),
    }
    return list_response(
        request,
        context,
        queryset=selectors.members_for(request.user),
        table_class=MemberTable,
        filter_class=MemberFilter,
        viewer=request.user,
    )


@access(GET=Cap.MEMBER_VIEW)
def member_detail(request: GatedRequest, pk: int) -> HttpResponse:
    member = gate(request, selectors.members_for(request.user), pk=pk)
    personal = selectors.member_personal(member, request.user)
    actions = []
    if reaches(request.user, Cap.MEMBER_MANAGE, member.organization.path):
        url = reverse("member_edit", args=[pk])
        actions.append({"label": _("Edit"), "url": url, "icon": "edit", "primary": True})
    context = {
        "member": member,
        "rows": _rows(member, personal),
        "timeline": member_timeline(member, request.user),
        "crumbs": [{"label": _("Party members"), "url": reverse("member_list")}],
        "actions": actions,
        "sees_organization": reaches(request.user, Cap.ORG_VIEW, member.organization.path),
    }
    return render(request, "orgs/member_detail.html", context)


def _rows(member: Member, personal: selectors.Personal) -> list[tuple[str, Any]]:
    before = [(_("id number"), personal.id_number), (_("date of birth"), personal.birth), (_("phone"), personal.phone)]
    names = (
        "personnel_no", "sex", "ethnicity", "native_place", "education", "degree", "started_work_on", "joined_on",
        "full_member_on", "cell", "party_post", "admin_post", "job", "technical_title", "is_frontline",
        "is_party_worker", "is_exempt", "remarks",
    )  # fmt: skip
    return [*before, *shown(member, names)]


@access(GET=Cap.MEMBER_MANAGE, POST=Cap.MEMBER_MANAGE)
def member_create_page(request: GatedRequest) -> HttpResponse:
    places = selectors.organizations_enrolling(request.user)
    first_two = list(places[:2])
    initial = {"organization": first_two[0]} if len(first_two) == 1 else {}
    form = MemberCreateForm(request.POST or None, organizations=places, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        given = {"organization": data["organization"], "id_number": data["id_number"], **form.values}
        if form.attempt(member_create, actor=request.user, **given):
            messages.success(request, _("The member has been entered."))
            return redirect("member_detail", pk=form.result.pk)
    return render(
        request, "orgs/form_page.html", {"form": form, "title": _("New member"), "back": reverse("member_list")}
    )


@access(GET=Cap.MEMBER_MANAGE, POST=Cap.MEMBER_MANAGE)
def member_edit(request: GatedRequest, pk: int) -> HttpResponse:
    member = gate(request, Member.objects.select_related("organization"), pk=pk)
    form = MemberEditForm(
        request.POST or None,
        # The form writes what was typed onto its instance; the service compares with what is stored.
        instance=copy.copy(member),
        organizations=selectors.organizations_enrolling(request.user),
        shows_phone=selectors.reads_phone(member, request.user),
        initial={"version": member.version, "organization": member.organization},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        given = {"organization": data["organization"], "id_number": data["id_number"] or None, **form.values}
        if save_version_form(form, member, member_update, actor=request.user, member=member, **given):
            messages.success(request, _("Saved."))
            return redirect("member_detail", pk=pk)
    return render(
        request,
        "orgs/form_page.html",
        {"form": form, "title": member.name, "back": reverse("member_detail", args=[pk])},
    )
