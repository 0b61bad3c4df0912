"""Pages of members: list, record, entering and changing, probation, and the reading of personal values."""

import copy
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from campaign.common import clock
from campaign.common.access import SIGNED_IN, GatedRequest, access, gate, holds, reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.listing import list_response
from orgs import selectors
from orgs.doubles import other_records
from orgs.exports import export_actions
from orgs.filters import MemberFilter
from orgs.forms.members import MemberCreateForm, MemberEditForm, ProbationExtendForm, ProbationFinishForm, ReasonForm
from orgs.listings.people import ProbationFilter, ProbationTable
from orgs.models import Member, MembershipKind, Transfer
from orgs.models.members import months_after
from orgs.services import member_create, member_update
from orgs.services.personal import personal_unmask
from orgs.services.probation import probation_extend, probation_finish
from orgs.tables import MemberTable
from orgs.timeline import course_of
from orgs.views.forms import save_version_form, shown


@access(GET=Cap.MEMBER_VIEW, POST=Cap.MEMBER_VIEW)
def member_list(request: GatedRequest) -> HttpResponse:
    actions: list[dict[str, Any]] = []
    if holds(request.user, Cap.MEMBER_MANAGE):
        actions.append({"label": _("Probation"), "url": reverse("member_probation"), "icon": "hourglass"})
    actions += export_actions(request.user, "members", Cap.MEMBER_VIEW)
    if holds(request.user, Cap.MEMBER_IMPORT):
        actions.append({"label": _("Import from Excel"), "url": reverse("import_upload"), "icon": "table-import"})
    if holds(request.user, Cap.MEMBER_MANAGE):
        url = reverse("member_create")
        actions.append({"label": _("New member"), "url": url, "icon": "plus", "primary": True})
    context = {
        "title": _("Party members"),
        "lead": _("The members of the organizations you answer for; click a name to open the record."),
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


def crumbs_to(member: Member) -> list[dict[str, str]]:
    """Return the way to a member, itself included."""
    return [
        {"label": _("Party members"), "url": reverse("member_list")},
        {"label": member.name, "url": reverse("member_detail", args=[member.pk])},
    ]


# -- one member ----------------------------------------------------------------------------------------------------


@access(GET=SIGNED_IN)
def member_mine(request: GatedRequest) -> HttpResponse:
    """One's own record; accounts of offices have none."""
    if request.user.member_id is None:
        raise DomainError(_("This account belongs to no member, so there is no record of one's own."))
    if request.user.acting_for is not None:
        raise DomainError(_("You act for somebody else now. Act as yourself again to see your own record."))
    return redirect("member_detail", pk=request.user.member_id)


@access(GET=Cap.MEMBER_VIEW)
def member_detail(request: GatedRequest, pk: int) -> HttpResponse:
    member = gate(request, selectors.members_for(request.user), pk=pk)
    manages = reaches(request.user, Cap.MEMBER_MANAGE, member.organization.path)
    transfer = Transfer.objects.visible_to(request.user).open().filter(member=member).select_related("target").first()
    course = course_of(member, request.user, kind=request.GET.get("kind", ""), page=request.GET.get("page", "1"))
    own = request.user.member_id == member.pk
    context = {
        "member": member,
        "own": own,
        "groups": record_groups(member, selectors.member_personal(member, request.user)),
        "positions": selectors.positions_now(member, request.user),
        "course": course,
        "crumbs": [] if own else [{"label": _("Party members"), "url": reverse("member_list")}],
        "actions": _actions(request, member, manages=manages, moving=transfer is not None),
        "sees_organization": reaches(request.user, Cap.ORG_VIEW, member.organization.path),
        "transfer": transfer,
        "records": other_records(member, request.user),
        "manages_probation": manages and member.is_present and member.kind == MembershipKind.PROBATIONARY,
        "probation_over": bool(member.probation_end and member.probation_end <= months_after(clock.today(), 1)),
        "unmasks": reaches(request.user, Cap.PERSONAL_UNMASK, member.organization.path),
    }
    return render(request, "orgs/member_detail.html", context)


def _actions(request: GatedRequest, member: Member, *, manages: bool, moving: bool) -> list[dict[str, Any]]:
    user, path = request.user, member.organization.path
    actions: list[dict[str, Any]] = [
        {"label": _("Print"), "url": reverse("member_print", args=[member.pk]), "icon": "printer", "more": True}
    ]
    if reaches(user, Cap.REPORT_EXPORT, path):
        url = reverse("member_export", args=[member.pk])
        actions.append({"label": _("Export"), "url": url, "icon": "file-spreadsheet", "more": True})
    if manages or reaches(user, Cap.MEMBER_HISTORY, path):
        url = reverse("member_history", args=[member.pk])
        actions.append({"label": _("Positions and branches"), "url": url, "icon": "timeline"})
    if member.is_present and not moving and reaches(user, Cap.TRANSFER_REQUEST, path):
        url = reverse("transfer_create", args=[member.pk])
        actions.append({"label": _("Transfer"), "url": url, "icon": "arrows-exchange"})
    if manages:
        url = reverse("member_edit", args=[member.pk])
        actions.append({"label": _("Edit"), "url": url, "icon": "edit", "primary": True})
    return actions


def record_groups(member: Member, personal: selectors.Personal) -> list[tuple[str, list[tuple[str, Any]]]]:
    """Return the record under its headings, personal values as the viewer may read them."""
    own = [(_("id number"), personal.id_number), (_("date of birth"), personal.birth), (_("phone"), personal.phone)]
    end = member.probation_end
    probation = [(_("probation ends on"), f"{end:%Y-%m-%d}" if end else "")] if member.kind == "probationary" else []
    since = [(_("status since"), f"{member.status_since:%Y-%m-%d}")] if member.status_since else []
    work = ("admin_post", "job", "technical_title", "is_frontline", "started_work_on", "education", "degree")
    return [
        (_("Person"), [*shown(member, ("sex", "ethnicity", "native_place")), *own, *shown(member, ("personnel_no",))]),
        (
            _("Membership"),
            [*shown(member, ("kind", "joined_on")), *probation, *shown(member, ("full_member_on", "status")), *since],
        ),
        (_("In the party"), shown(member, ("cell", "party_post", "is_party_worker", "is_mobile", "is_exempt"))),
        (_("Work and education"), shown(member, work)),
        *([(_("Other"), shown(member, ("remarks",)))] if member.remarks else []),
    ]


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
    back = reverse("member_list")
    context = {
        "form": form,
        "title": _("New member"),
        "lead": _("What is not known yet can be entered later; the check of the data reminds of it."),
        "crumbs": [{"label": _("Party members"), "url": back}],
        "back": back,
    }
    return render(request, "orgs/member_form.html", context)


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
        "orgs/member_form.html",
        {
            "form": form,
            "title": _("Change “%(name)s”") % {"name": member.name},
            "crumbs": crumbs_to(member),
            "back": reverse("member_detail", args=[pk]),
        },
    )


# -- personal values -----------------------------------------------------------------------------------------------


@never_cache
@access(GET=Cap.PERSONAL_UNMASK, POST=Cap.PERSONAL_UNMASK)
def member_unmask(request: GatedRequest, pk: int) -> HttpResponse:
    """Asks what for, then shows the values once: they stand in the answer to this POST and nowhere else."""
    member = gate(request, selectors.members_for(request.user), pk=pk)
    form = ReasonForm(request.POST or None)
    context = {
        "member": member,
        "form": form,
        "back": reverse("member_detail", args=[pk]),
        "crumbs": crumbs_to(member),
    }
    given = {"actor": request.user, "member": member}
    if request.method == "POST" and form.is_valid() and form.attempt(personal_unmask, **given, **form.cleaned_data):
        values = form.result
        context["rows"] = [
            (_("id number"), values.id_number),
            (_("phone"), values.phone),
            (_("date of birth"), values.birth),
        ]
    return render(request, "orgs/member_unmask.html", context)


# -- probation -----------------------------------------------------------------------------------------------------


@access(GET=Cap.MEMBER_MANAGE)
def member_probation(request: GatedRequest) -> HttpResponse:
    found = Member.objects.allowed(request.user, Cap.MEMBER_MANAGE).on_probation().select_related("organization")
    context = {
        "title": _("Probationary members"),
        "lead": _("Probation lasts a year; the branch decides in time on full membership or an extension."),
        "crumbs": [{"label": _("Party members"), "url": reverse("member_list")}],
        "empty_icon": "hourglass",
        "empty_title": _("Nobody is on probation"),
        "empty_text": _("Members entered as probationary stand here until they are full members."),
    }
    return list_response(
        request,
        context,
        queryset=found.order_by("joined_on", "pk"),
        table_class=ProbationTable,
        filter_class=ProbationFilter,
    )


@access(GET=Cap.MEMBER_MANAGE, POST=Cap.MEMBER_MANAGE)
def probation_extend_page(request: GatedRequest, pk: int) -> HttpResponse:
    member = gate(request, Member.objects.select_related("organization"), pk=pk)
    form = ProbationExtendForm(request.POST or None, initial={"version": member.version})
    title = _("Extend the probation of %(name)s")
    return _probation_page(request, member, form, probation_extend, title, _("The probation has been extended."))


@access(GET=Cap.MEMBER_MANAGE, POST=Cap.MEMBER_MANAGE)
def probation_finish_page(request: GatedRequest, pk: int) -> HttpResponse:
    member = gate(request, Member.objects.select_related("organization"), pk=pk)
    today = clock.today()
    day = min(member.probation_end or today, today)
    form = ProbationFinishForm(request.POST or None, initial={"version": member.version, "full_member_on": day})
    title = _("%(name)s becomes a full member")
    return _probation_page(request, member, form, probation_finish, title, _("The member is a full member now."))


def _probation_page(
    request: GatedRequest, member: Member, form: Any, service: Any, title: str, done: str
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        data = {name: value for name, value in form.cleaned_data.items() if name != "version"}
        if save_version_form(form, member, service, actor=request.user, member=member, **data):
            messages.success(request, done)
            return redirect("member_detail", pk=member.pk)
    end = member.probation_end
    lead = _("Joined the party on %(joined)s; probation ends on %(end)s.") % {
        "joined": member.joined_on or "—",
        "end": end or "—",
    }
    context = {"form": form, "title": title % {"name": member.name}, "lead": lead, "crumbs": crumbs_to(member)}
    return render(request, "orgs/form_page.html", {**context, "back": reverse("member_detail", args=[member.pk])})
