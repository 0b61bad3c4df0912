"""The security of one's own account: where one is signed in, and the second factor."""

from typing import Any, cast
from urllib.parse import quote

import segno
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from campaign.common import clock
from campaign.common.access import SIGNED_IN, access
from orgs.forms.accounts import FirstTokenForm, PresentPasswordForm, TokenForm
from orgs.lockout import factor_credentials, failure_note, is_locked, locked_out_page
from orgs.models import RecoveryCode, Session, User
from orgs.services import (
    recovery_codes_renew,
    sessions_end_others,
    two_factor_disable,
    two_factor_enable,
)
from orgs.services.passwords import WrongPassword
from orgs.services.two_factor import WRONG_TOKEN, has_proved, prove, secret_for, secret_shown, two_factor_check
from orgs.sessions import last_seen

ISSUER = "Campaign portal"
SESSIONS_SHOWN = 20
"""Sessions listed at most; whoever has more ends them together."""


@access(GET=SIGNED_IN)
def my_security(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    context = {
        "sessions": sessions_of(user, request.session.session_key or ""),
        "recovery_codes": RecoveryCode.objects.filter(user=user).count() if user.two_factor_since else 0,
        "required": user.needs_two_factor,
    }
    return render(request, "orgs/my_security.html", context)


def sessions_of(user: User, present: str = "") -> list[dict[str, Any]]:
    """Return where `user` is signed in, the session `present` first, then the one used last."""
    rows = Session.objects.filter(user=user, expire_date__gt=clock.now()).order_by("-expire_date")[:SESSIONS_SHOWN]
    found = [
        {
            "device": row.device,
            "address": row.address,
            "began_at": row.began_at,
            "last_seen": last_seen(row.expire_date, settings.SESSION_COOKIE_AGE),
            "present": row.session_key == present,
        }
        for row in rows
    ]
    return sorted(found, key=lambda session: not session["present"])


@access(POST=SIGNED_IN)
def my_sessions_end(request: HttpRequest) -> HttpResponse:
    ended = sessions_end_others(user=cast(User, request.user), session_key=request.session.session_key or "")
    messages.success(request, _("Signed out on %(count)s other devices.") % {"count": ended})
    return redirect("my_security")


# -- the second factor ---------------------------------------------------------------------------------------------


@never_cache
@access(GET=SIGNED_IN, POST=SIGNED_IN)
def two_factor_setup(request: HttpRequest) -> HttpResponse:
    """Show the secret as a picture for the phone, and take it into use with the first code."""
    user = cast(User, request.user)
    if user.two_factor_since is not None:
        return redirect("my_security")
    form = FirstTokenForm(request.POST or None)
    secret = secret_for(request.session)
    posted = form.cleaned_data if request.method == "POST" and form.is_valid() else None
    if posted and form.attempt(two_factor_enable, user=user, secret=secret, token=posted["token"]):
        prove(request.session, user)
        return _show_recovery_codes(request, form.result)
    if request.method == "GET" and "begin" not in request.GET and not user.needs_two_factor:
        return render(request, "orgs/two_factor_offer.html")
    context = {"form": form, "picture": qr_picture(user, secret), "secret": secret_shown(secret)}
    return render(request, "orgs/two_factor_setup.html", context)


def qr_picture(user: User, secret: bytes) -> str:
    """Return the picture that a generator reads, as a data address (no file, nothing from elsewhere)."""
    label = quote(f"{_(ISSUER)}:{user.username}")
    plain = secret_shown(secret).replace(" ", "")
    return segno.make(f"otpauth://totp/{label}?secret={plain}&issuer={quote(_(ISSUER))}", error="m").svg_data_uri(
        scale=5, border=2, dark="#000", light="#fff"
    )


def _show_recovery_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    """Show the codes in the answer itself: they are stored as hashes alone."""
    return render(request, "orgs/two_factor_codes.html", {"codes": codes})


@never_cache
@access(GET=SIGNED_IN, POST=SIGNED_IN)
def two_factor_verify(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor after the password. Wrong codes are failures: five of them lock it."""
    user = cast(User, request.user)
    onward = _onward(request)
    if user.two_factor_since is None or has_proved(request.session, user):
        return redirect(onward)
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        tried = factor_credentials(user)
        if is_locked(request, tried):
            return locked_out_page(request)
        if two_factor_check(user=user, token=form.cleaned_data["token"]):
            AxesProxyHandler.reset_attempts(username=tried["key"])
            request.session.cycle_key()
            prove(request.session, user)
            return redirect(onward)
        failure_note(request, tried)
        form.add_error("token", WRONG_TOKEN)
    return render(request, "orgs/two_factor_verify.html", {"form": form})


def _onward(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse("home")


@never_cache
@access(POST=SIGNED_IN)
def two_factor_codes(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes in the place of the old ones."""
    return _show_recovery_codes(request, recovery_codes_renew(user=cast(User, request.user)))


@access(GET=SIGNED_IN, POST=SIGNED_IN)
def two_factor_off(request: HttpRequest) -> HttpResponse:
    user = cast(User, request.user)
    if user.two_factor_since is None:
        return redirect("my_security")
    form = PresentPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        tried = {"username": user.username}
        if is_locked(request, tried):
            return locked_out_page(request)
        if form.attempt(two_factor_disable, user=user, password=form.cleaned_data["password"]):
            messages.success(request, _("The second factor is switched off."))
            return redirect("my_security")
        if isinstance(form.refusal, WrongPassword):
            failure_note(request, tried)
    context = {"form": form, "title": _("Switch the second factor off"), "back": reverse("my_security")}
    return render(request, "orgs/form_page.html", context)
