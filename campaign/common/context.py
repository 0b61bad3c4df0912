"""Who is acting in this request, from where: read by the audit log, set by the middleware."""

from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True)
class RequestContext:
    """`address` is the client's network address, empty outside a request."""

    address: str = ""


NOWHERE = RequestContext()
current: ContextVar[RequestContext] = ContextVar("request_context", default=NOWHERE)


def client_address(request: HttpRequest) -> str:
    """Return the network address of who asks. Behind a proxy that is the last one the proxy wrote down: what stands before
    it came from the client, who may write anything."""
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", "")) if settings.BEHIND_PROXY else ""
    for written in (forwarded.rsplit(",", 1)[-1].strip(), str(request.META.get("REMOTE_ADDR", ""))):
        try:
            return str(ip_address(written))
        except ValueError:
            continue
    return ""
