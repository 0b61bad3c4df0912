"""What somebody who has just signed in must do before anything else: second factor, own password, set-up of the factor."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from campaign.common import clock
from campaign.common.context import client_address
from orgs.devices import device_name
from orgs.services.two_factor import has_proved
from orgs.sessions import ORIGIN

GetResponse = Callable[[HttpRequest], HttpResponse]
ALWAYS_OPEN = ("logout", "set_language", "healthz")


class SignInStepsMiddleware:
    """Notes where a session began, and leads to the step that is due; nothing else is open before it is done."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        if user.is_authenticated:
            if ORIGIN not in request.session:
                request.session[ORIGIN] = origin(request)
            due = step_due(request, user)
            if due and request.path not in {reverse(name) for name in (due, *ALWAYS_OPEN)}:
                return _lead(request, due)
        return self.get_response(request)


def step_due(request: HttpRequest, user: Any) -> str:
    """Return the name of the page that `user` must pass first; empty when there is none."""
    if user.two_factor_since is not None and not has_proved(request.session, user):
        return "two_factor_verify"
    if user.must_change_password:
        return "password_change"
    if user.two_factor_since is None and user.needs_two_factor:
        return "two_factor_setup"
    return ""


def origin(request: HttpRequest) -> dict[str, str]:
    """Return what the list of sessions says about one: address, device, beginning."""
    return {
        "address": client_address(request),
        "device": device_name(request.headers.get("User-Agent", "")),
        "began_at": clock.now().isoformat(),
    }


def _lead(request: HttpRequest, due: str) -> HttpResponse:
    url = reverse(due)
    if request.headers.get("HX-Request"):
        # A fragment must not be replaced by a page: let the whole page go there.
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    if due == "two_factor_verify" and request.method == "GET" and request.path != reverse("home"):
        url = f"{url}?{urlencode({'next': request.get_full_path()})}"
    return HttpResponseRedirect(url)
