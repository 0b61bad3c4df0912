"""Signing in and out, one's own password, and what to do when it is forgotten."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth import logout as sign_out
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from campaign.common.access import PUBLIC, SIGNED_IN, access
from orgs.forms.accounts import ForgottenForm, LoginForm, NewPasswordForm, PasswordForm
from orgs.lockout import failure_note, is_locked, locked_out_page
from orgs.middleware import origin
from orgs.models import User
from orgs.services import (
    password_change,
    password_choose,
    password_set_by_link,
    reset_link_ask,
    session_record,
)
from orgs.services.passwords import WrongPassword, account_of_link, mail_is_set_up, password_age_check
from orgs.services.two_factor import prove
from orgs.sessions import ORIGIN


class SignIn(LoginView):
    template_name = "orgs/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        self.request.session[ORIGIN] = origin(self.request)
        session_record(user=form.get_user(), action="login")
        password_age_check(user=form.get_user())
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


@never_cache
@access(GET=SIGNED_IN, POST=SIGNED_IN)
def password_change_page(request: HttpRequest) -> HttpResponse:
    """Change the password; who came with a one-time code chooses the first one, and need not type the code again."""
    user = cast(User, request.user)
    by_code = not user.has_usable_password()
    form = (NewPasswordForm if by_code else PasswordForm)(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        tried = {"username": user.username}
        if not by_code and is_locked(request, tried):
            return locked_out_page(request)
        given = {name: value for name, value in form.cleaned_data.items() if name != "repeated"}
        if form.attempt(password_choose if by_code else password_change, user=user, **given):
            _keep_session(request, user)
            messages.success(request, _("Your password has been changed. Other devices have been signed out."))
            return redirect("home")
        if isinstance(form.refusal, WrongPassword):
            failure_note(request, tried)
    context = {"form": form, "forced": user.must_change_password, "by_code": by_code}
    return render(request, "orgs/password_change.html", context)


def _keep_session(request: HttpRequest, user: User) -> None:
    """All sessions of this account have ended; this one goes on under a new key."""
    update_session_auth_hash(request, user)
    if user.two_factor_since is not None:
        prove(request.session, user)


@access(GET=PUBLIC, POST=PUBLIC)
def password_forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail; the answer is the same whether anybody has the name or not."""
    form = ForgottenForm(request.POST or None)
    sent = False
    if request.method == "POST" and mail_is_set_up() and form.is_valid():
        reset_link_ask(name=form.cleaned_data["name"], address=request.build_absolute_uri("/"))
        sent = True
    return render(request, "orgs/password_forgotten.html", {"form": form, "mail": mail_is_set_up(), "sent": sent})


@never_cache
@access(GET=PUBLIC, POST=PUBLIC)
def password_link(request: HttpRequest, key: str, token: str) -> HttpResponse:
    """Set a password with the link from a mail."""
    user = account_of_link(key=key, token=token)
    form = NewPasswordForm(request.POST or None, user=user)
    if user is None:
        return render(request, "orgs/password_link_spent.html", status=410)
    if request.method == "POST" and form.is_valid():
        new = form.cleaned_data["new_password"]
        if form.attempt(password_set_by_link, key=key, token=token, new_password=new):
            messages.success(request, _("Your password has been set. Sign in with it."))
            return redirect("login")
    return render(request, "orgs/password_link.html", {"form": form, "account": user, "back": reverse("login")})
