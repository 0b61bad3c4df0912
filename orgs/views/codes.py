"""One-time codes: sheets of many for the system administrator, single ones for the secretary's members."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from campaign.common import clock
from campaign.common.access import GatedRequest, access, gate
from campaign.common.capabilities import Cap
from campaign.common.listing import list_response, listing
from orgs import selectors
from orgs.filters import MemberAccountFilter
from orgs.forms.accounts import CodeSheetForm
from orgs.models import CodePart, CodePurpose, CodeSheet, Organization
from orgs.models.accounts import UserQuerySet
from orgs.services import code_issue, code_sheet_delete, code_sheet_request, part_print
from orgs.services.code_sheets import accounts_not_used, members_without_account
from orgs.tables import BranchCountTable, CodeSheetTable, MemberAccountTable

# -- sheets --------------------------------------------------------------------------------------------------------


@access(GET=Cap.ACCOUNT_MANAGE)
def code_sheet_list(request: GatedRequest) -> HttpResponse:
    context = {
        "title": _("Sheets of one-time codes"),
        "lead": _("Make accounts for whole organizations at once, print the codes, cut and hand them out."),
        "crumbs": _crumbs()[:1],
        "actions": [{"label": _("New sheet"), "url": reverse("code_sheet_create"), "icon": "plus", "primary": True}],
        "empty_icon": "scissors",
        "empty_text": _("Make the first with “New sheet”. Only you can open the sheets that you have made."),
    }
    sheets = (
        CodeSheet.objects.visible_to(request.user)
        .select_related("organization", "job")
        .annotate(kept=Count("parts"))
        .order_by("-created_at", "pk")
    )
    return list_response(request, context, queryset=sheets, table_class=CodeSheetTable)


@access(GET=Cap.ACCOUNT_MANAGE, POST=Cap.ACCOUNT_MANAGE)
def code_sheet_create(request: GatedRequest) -> HttpResponse:
    """Choose an organization, see for how many and in which branches, then make the codes."""
    places = Organization.objects.active().allowed(request.user, Cap.ACCOUNT_MANAGE)
    chosen = request.POST or request.GET
    initial = {"purpose": chosen.get("purpose", CodePurpose.NEW), "organization": places.order_by("path").first()}
    form = CodeSheetForm(chosen if "organization" in chosen else None, organizations=places, initial=initial)
    context: dict[str, Any] = {"form": form, "back": reverse("code_sheet_list"), "crumbs": _crumbs()}
    if form.is_bound and form.is_valid():
        if request.method == "POST" and form.attempt(code_sheet_request, actor=request.user, **form.cleaned_data):
            return redirect("code_sheet_detail", pk=form.result.pk)
        context |= _preview(request, **form.cleaned_data)
    return render(request, "orgs/code_sheet_form.html", context)


def _crumbs() -> list[dict[str, str]]:
    return [
        {"label": _("Accounts"), "url": reverse("user_list")},
        {"label": _("Sheets of one-time codes"), "url": reverse("code_sheet_list")},
    ]


def _preview(request: HttpRequest, organization: Organization, purpose: str) -> dict[str, Any]:
    """Return for how many accounts codes would be made, branch by branch (two statements, whatever the number)."""
    people: Any = (
        members_without_account(organization) if purpose == CodePurpose.NEW else accounts_not_used(organization)
    )
    branches = people.order_by().values("organization__path", "organization__name").annotate(people=Count("pk"))
    found = listing(request, queryset=branches.order_by("organization__path"), table_class=BranchCountTable)
    return {**found, "previewed": True, "organization": organization, "purpose": purpose, "count": people.count()}


@access(GET=Cap.ACCOUNT_MANAGE)
def code_sheet_detail(request: GatedRequest, pk: UUID) -> HttpResponse:
    sheet = gate(request, CodeSheet.objects.select_related("organization", "job"), pk=pk)
    parts = list(sheet.parts.defer("cipher"))
    context = {
        "sheet": sheet,
        "job": sheet.job,
        "parts": parts,
        "spent": max(0, sheet.total - sheet.codes.count()),
        "is_open": bool(parts) and sheet.expires_at > clock.now(),
        "crumbs": _crumbs(),
    }
    return render(request, "orgs/code_sheet_detail.html", context)


@never_cache
@access(POST=Cap.ACCOUNT_MANAGE)
def code_sheet_print(request: GatedRequest, pk: UUID, number: int) -> HttpResponse:
    """The slips of one part, to be printed and cut. Posted, so that no history or cache keeps it."""
    sheet = gate(request, CodeSheet.objects, pk=pk)
    part = CodePart.objects.select_related("sheet__organization").filter(sheet=sheet, number=number).first()
    if part is None:
        raise Http404
    slips = part_print(actor=request.user, part=part)
    context = {"sheet": sheet, "part": part, "slips": slips, "address": request.build_absolute_uri("/")}
    return render(request, "orgs/code_sheet_print.html", context)


@access(POST=Cap.ACCOUNT_MANAGE)
def code_sheet_delete_page(request: GatedRequest, pk: UUID) -> HttpResponse:
    sheet = gate(request, CodeSheet.objects.select_related("job"), pk=pk)
    code_sheet_delete(actor=request.user, sheet=sheet)
    messages.success(request, _("The codes of the sheet are deleted here. Those printed stay valid."))
    return redirect("code_sheet_detail", pk=pk)


# -- the secretary's help ------------------------------------------------------------------------------------------


@access(GET=Cap.ACCOUNT_CODE, POST=Cap.ACCOUNT_CODE)
def code_member_list(request: GatedRequest) -> HttpResponse:
    context = {
        "title": _("Help with signing in"),
        "lead": _(
            "A member who has forgotten the password gets a one-time code from you: make sure who it is, hand it over in "
            "person. Whoever holds a role is helped by the system administrator."
        ),
        "empty_icon": "key",
        "empty_text": _("Members with an account stand here. Accounts are made by the system administrator."),
    }
    accounts = selectors.accounts_helped(request.user)
    return list_response(
        request, context, queryset=accounts, table_class=MemberAccountTable, filter_class=MemberAccountFilter
    )


@never_cache
@access(POST=Cap.ACCOUNT_CODE)
def code_issue_page(request: GatedRequest, pk: int) -> HttpResponse:
    """Show the code in the answer itself: it is stored as a hash alone."""
    account: Any = gate(request, cast(UserQuerySet, selectors.accounts_helped(request.user)), pk=pk)
    made = code_issue(actor=request.user, user=account)
    return render(request, "orgs/user_password.html", {"made": made, "back": reverse("code_member_list")})
