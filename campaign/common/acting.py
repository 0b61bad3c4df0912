"""Acting for another: which deputyship somebody acts through is kept in the session, and asked for anew in every request."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

SESSION_KEY = "acting"
GetResponse = Callable[[HttpRequest], HttpResponse]


class ActingMiddleware:
    """Lets the person of this request act through the deputyship that was chosen.

    One that is over ends here. What was sent meanwhile is not done: it would be done in the deputy's own name.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        chosen = request.session.get(SESSION_KEY)
        if chosen is None or not user.is_authenticated:
            return self.get_response(request)
        user.act(chosen)
        if user.acting_for is not None:
            return self.get_response(request)
        user.act(None)
        del request.session[SESSION_KEY]
        messages.warning(request, _("The deputyship is over. You act as yourself again."))
        if request.method in ("GET", "HEAD"):
            return self.get_response(request)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("home")})
        return HttpResponseRedirect(reverse("home"))
