"""Pages of accounts, for the system administrator."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from campaign.common.access import GatedRequest, access, gate
from campaign.common.capabilities import Cap
from campaign.common.listing import list_response
from orgs import selectors
from orgs.filters import UserFilter
from orgs.forms.accounts import UserCreateForm, UserForm
from orgs.lockout import locked_until
from orgs.models import OneTimeCode, Organization, User
from orgs.services import (
    NewPassword,
    sessions_end,
    two_factor_reset,
    user_activate,
    user_create,
    user_deactivate,
    user_reset_password,
    user_unlock,
    user_update,
)
from orgs.tables import UserTable
from orgs.views.security import sessions_of


@access(GET=Cap.ACCOUNT_MANAGE, POST=Cap.ACCOUNT_MANAGE)
def user_list(request: GatedRequest) -> HttpResponse:
    url = reverse("user_create")
    context = {
        "title": _("Accounts"),
        "lead": _("An account lets a person sign in; what it may do comes from its roles."),
        "actions": [
            {"label": _("Make accounts from a list"), "url": reverse("account_import"), "icon": "table-import"},
            {"label": _("Sheets of one-time codes"), "url": reverse("code_sheet_list"), "icon": "scissors"},
            {"label": _("New account"), "url": url, "icon": "plus", "primary": True},
        ],
        "empty_icon": "user-cog",
        "empty_text": _("Make the first account with “New account”."),
    }
    accounts = selectors.users_for(request.user).order_by("pinyin", "pk")
    return list_response(request, context, queryset=accounts, table_class=UserTable, filter_class=UserFilter)


@never_cache
@access(GET=Cap.ACCOUNT_MANAGE, POST=Cap.ACCOUNT_MANAGE)
def user_create_page(request: GatedRequest) -> HttpResponse:
    places = Organization.objects.active().allowed(request.user, Cap.ACCOUNT_MANAGE)
    form = UserCreateForm(request.POST or None, organizations=places)
    if (
        request.method == "POST"
        and form.is_valid()
        and form.attempt(user_create, actor=request.user, **form.cleaned_data)
    ):
        return _show_password(request, form.result)
    context = {
        "form": form,
        "title": _("New account"),
        "lead": _("The account gets a one-time code, which is shown once; what it may do comes from its roles."),
        "crumbs": _crumbs(),
        "back": reverse("user_list"),
    }
    return render(request, "orgs/form_page.html", context)


def _crumbs() -> list[dict[str, str]]:
    return [{"label": _("Accounts"), "url": reverse("user_list")}]


def _show_password(request: GatedRequest, made: NewPassword) -> HttpResponse:
    """Show the one-time code in the answer itself: it is stored as a hash alone, not even in the session."""
    return render(request, "orgs/user_password.html", {"made": made, "back": reverse("user_list"), "crumbs": _crumbs()})


@access(GET=Cap.ACCOUNT_MANAGE, POST=Cap.ACCOUNT_MANAGE)
def user_edit(request: GatedRequest, pk: int) -> HttpResponse:
    account: Any = gate(request, User.objects.select_related("organization", "member"), pk=pk)
    places = Organization.objects.active().allowed(request.user, Cap.ACCOUNT_MANAGE)
    initial = {"name": account.name, "email": account.email, "organization": account.organization}
    form = UserForm(request.POST or None, organizations=places, initial=initial)
    given = {"actor": request.user, "user": account}
    if request.method == "POST" and form.is_valid() and form.attempt(user_update, **given, **form.cleaned_data):
        messages.success(request, _("Saved."))
        return redirect("user_list")
    context = {
        "form": form,
        "account": account,
        "crumbs": _crumbs(),
        "actions": _actions(request, account),
        "code": OneTimeCode.objects.select_related("issued_by").filter(user=account).first(),
        "locked_until": locked_until(account),
        "sessions": sessions_of(account),
        "own": account.pk == request.user.pk,
    }
    return render(request, "orgs/user_edit.html", context)


def _actions(request: GatedRequest, account: User) -> list[dict[str, Any]]:
    if account.pk == request.user.pk:
        return []
    names = {"name": account.name}
    if not account.is_active:
        url = reverse("user_activate", args=[account.pk])
        return [{"label": _("Activate"), "url": url, "icon": "circle-check", "post": True}]
    return [
        {
            "label": _("Deactivate"),
            "url": reverse("user_deactivate", args=[account.pk]),
            "icon": "ban",
            "post": True,
            "confirm": _("Deactivate the account of %(name)s? The person is signed out and cannot sign in again.")
            % names,
        },
        {
            "label": _("New one-time code"),
            "url": reverse("user_reset_password", args=[account.pk]),
            "icon": "key",
            "post": True,
            "confirm": _("Make a new one-time code for %(name)s? The present password stops working.") % names,
        },
    ]


@never_cache
@access(POST=Cap.ACCOUNT_MANAGE)
def user_reset_password_page(request: GatedRequest, pk: int) -> HttpResponse:
    account: Any = gate(request, User.objects, pk=pk)
    return _show_password(request, user_reset_password(actor=request.user, user=account))


@access(POST=Cap.ACCOUNT_MANAGE)
def user_deactivate_page(request: GatedRequest, pk: int) -> HttpResponse:
    user_deactivate(actor=request.user, user=gate(request, User.objects, pk=pk))
    messages.success(request, _("The account is deactivated."))
    return redirect("user_edit", pk=pk)


@access(POST=Cap.ACCOUNT_MANAGE)
def user_activate_page(request: GatedRequest, pk: int) -> HttpResponse:
    user_activate(actor=request.user, user=gate(request, User.objects, pk=pk))
    messages.success(request, _("The account is active again."))
    return redirect("user_edit", pk=pk)


@access(POST=Cap.ACCOUNT_MANAGE)
def user_unlock_page(request: GatedRequest, pk: int) -> HttpResponse:
    user_unlock(actor=request.user, user=gate(request, User.objects, pk=pk))
    messages.success(request, _("The account is open again."))
    return redirect("user_edit", pk=pk)


@access(POST=Cap.ACCOUNT_MANAGE)
def user_sessions_end(request: GatedRequest, pk: int) -> HttpResponse:
    account = gate(request, User.objects.select_related("organization"), pk=pk)
    ended = sessions_end(actor=request.user, user=account)
    messages.success(request, _("Signed out on %(count)s devices.") % {"count": ended})
    return redirect("user_edit", pk=pk)


@access(POST=Cap.ACCOUNT_MANAGE)
def user_two_factor_reset(request: GatedRequest, pk: int) -> HttpResponse:
    account = gate(request, User.objects.select_related("organization"), pk=pk)
    two_factor_reset(actor=request.user, user=account, reason=request.POST.get("reason", ""))
    messages.success(request, _("The second factor is reset, and the person is signed out."))
    return redirect("user_edit", pk=pk)
