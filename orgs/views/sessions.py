"""Signing in and out, and changing one's own password."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import logout as sign_out
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from campaign.common.access import PUBLIC, SIGNED_IN, access
from orgs.forms.accounts import LoginForm, PasswordForm
from orgs.models import User
from orgs.services import password_change, session_record


class SignIn(LoginView):
    template_name = "orgs/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        session_record(user=form.get_user(), action="login")
        return response


@access(GET=PUBLIC, POST=PUBLIC)
def login(request: HttpRequest) -> HttpResponseBase:
    return SignIn.as_view()(request)


@access(POST=SIGNED_IN)
def logout(request: HttpRequest) -> HttpResponse:
    session_record(user=cast(User, request.user), action="logout")
    sign_out(request)
    messages.success(request, _("You have signed out."))
    return redirect("login")


@access(GET=SIGNED_IN, POST=SIGNED_IN)
def password_change_page(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("old_password", "new_password")}
        if form.attempt(password_change, user=user, **given):
            # Other sessions of this account end; this one goes on.
            update_session_auth_hash(request, user)
            messages.success(request, _("Your password has been changed."))
            return redirect("home")
    return render(request, "orgs/password_change.html", {"form": form, "forced": user.must_change_password})
