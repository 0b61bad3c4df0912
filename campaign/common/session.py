"""The session, and what counts as activity."""

from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers


class ActivitySessionMiddleware(SessionMiddleware):
    """Every request puts the idle logout off, but for those that a page makes by itself (header `X-Background`)."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.headers.get("X-Background") and not request.session.modified:
            patch_vary_headers(response, ("Cookie",))
            return response
        return super().process_response(request, response)
