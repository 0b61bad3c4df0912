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
from orgs.models import Organization, User
from orgs.services import (
    NewPassword,
    user_activate,
    user_create,
    user_deactivate,
    user_reset_password,
    user_update,
)
from orgs.tables import UserTable


@access(GET=Cap.ACCOUNT_MANAGE, POST=Cap.ACCOUNT_MANAGE)
def user_list(request: GatedRequest) -> HttpResponse:
    url = reverse("user_create")
    context = {
        "title": _("Accounts"),
        "lead": _("An account lets a person sign in; what it may do comes from its roles."),
        "actions": [{"label": _("New account"), "url": url, "icon": "plus", "primary": True}],
        "empty_icon": "user-cog",
        "empty_text": _("Make the first account with “New account”."),
    }
    accounts = selectors.users_for(request.user).order_by("name", "pk")
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
    return render(
        request, "orgs/form_page.html", {"form": form, "title": _("New account"), "back": reverse("user_list")}
    )


def _show_password(request: GatedRequest, made: NewPassword) -> HttpResponse:
    """Show the one-time password in the answer itself: it is stored nowhere, not even in the session."""
    context = {"account": made.user, "password": made.password}
    return render(request, "orgs/user_password.html", context)


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
    return render(
        request, "orgs/user_edit.html", {"form": form, "account": account, "actions": _actions(request, account)}
    )


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
            "label": _("New one-time password"),
            "url": reverse("user_reset_password", args=[account.pk]),
            "icon": "key",
            "post": True,
            "confirm": _("Make a new one-time password for %(name)s? The present password stops working.") % names,
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
