"""What happens around every request."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.defaults import page_not_found

from campaign.common.context import RequestContext, client_address, current
from campaign.common.errors import DomainError, NotAllowed

GetResponse = Callable[[HttpRequest], HttpResponse]


class ActorMiddleware:
    """Notes where the request comes from."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = current.set(RequestContext(address=client_address(request)))
        try:
            return self.get_response(request)
        finally:
            current.reset(token)


class PlainTextMiddleware:
    """Refuses what holds a NUL character, wherever it stands: nobody types one, and PostgreSQL keeps none."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, _view: Any, _args: Any, kwargs: dict[str, Any]) -> None:
        sent = (value for data in (request.GET, request.POST) for _key, values in data.lists() for value in values)
        if any("\x00" in value for value in (*sent, *kwargs.values()) if isinstance(value, str)):
            raise SuspiciousOperation("a NUL character in what was sent")


class DomainErrorMiddleware:
    """Turns a rule's refusal that no form caught into a message on the page the person came from.

    A page that cannot be shown at all is no page to come back to: it would only be refused again.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, NotAllowed):
            return page_not_found(request, Http404())
        if not isinstance(exception, DomainError):
            return None
        messages.error(request, str(exception))
        back = came_from(request)
        return HttpResponseRedirect(
            reverse("home") if request.method == "GET" and back == request.get_full_path() else back
        )


def came_from(request: HttpRequest) -> str:
    """Return the page of this site that the request came from, else the home page."""
    referrer = request.headers.get("Referer", "")
    if referrer and url_has_allowed_host_and_scheme(referrer, {request.get_host()}, require_https=request.is_secure()):
        parts = urlsplit(referrer)
        back = parts.path + (f"?{parts.query}" if parts.query else "")
        # Without the name of this site, "//elsewhere/" would be another one.
        if url_has_allowed_host_and_scheme(back, None):
            return back
    return reverse("home")
