"""示诺 without an account: what a link to a board opens, on the screen in the hall and behind its QR code.

The code of a link comes behind the # of the address and is posted, so that no log holds it; a signed cookie keeps it. Every
page looks the link up again: one that is revoked or over shows nothing from that moment.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from campaign.common import clock
from campaign.common.access import PUBLIC, access
from campaign.common.context import client_address
from campaign.common.listing import BoundedPaginator
from pledges import services
from pledges.board import board_comments, board_entries, link_pledges, on_board, slide_context
from pledges.forms import BoardCodeForm, VisitorForm
from pledges.models import BoardLink, Pledge
from pledges.services.publishing import LONGEST

COOKIE, SALT = "board", "pledges.board"
PER_PAGE = 24
PRINTED = 500
FAILURES, PAUSE = 10, 15 * 60
"""After so many wrong codes from one address nothing is tried for so many seconds."""
SAID, HOUR = 5, 60 * 60
"""So many opinions an hour from one address."""

View = Callable[..., HttpResponse]


def _quiet(view: View) -> View:
    """No search engine keeps the page, no other site learns where somebody came from, no shared cache holds it."""

    @wraps(view)
    def quiet(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "same-origin"
        response["Cache-Control"] = "no-store"
        return response

    return quiet


def _counted(request: HttpRequest, what: str, seconds: int) -> int:
    """Count one more `what` from the address of the request; returns how many there are within `seconds`."""
    key = f"hall:{what}:{client_address(request)}"
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key)
    except ValueError:  # it ran out between the two
        return 1


def _failed(request: HttpRequest) -> int:
    found: int = cache.get(f"hall:failures:{client_address(request)}", 0)
    return found


def _link(request: HttpRequest) -> BoardLink:
    """Return the living link of the visitor's cookie; raises Http404."""
    code = request.get_signed_cookie(COOKIE, default="", salt=SALT)
    link = services.boardlink_open(code=code) if code else None
    if link is None:
        raise Http404
    return link


@access(GET=PUBLIC, POST=PUBLIC)
@_quiet
@sensitive_post_parameters("code")
def hall_enter(request: HttpRequest) -> HttpResponse:
    """Take the code of a link, which the page itself reads from behind the #, or a person types."""
    form = BoardCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if _failed(request) >= FAILURES:
            form.add_error(None, _("Too many wrong codes. Wait a quarter of an hour, then try again."))
        elif services.boardlink_open(code=form.cleaned_data["code"]) is None:
            _counted(request, "failures", PAUSE)
            form.add_error("code", _("This code opens no board. Ask the organization for the present one."))
        else:
            return _entered(request, form.cleaned_data["code"])
    screen = request.GET.get("screen", request.POST.get("screen", ""))
    return render(request, "pledges/hall_enter.html", {"form": form, "screen": screen})


def _entered(request: HttpRequest, code: str) -> HttpResponse:
    response = redirect("hall_screen" if request.POST.get("screen") == "1" else "hall_board")
    response.set_signed_cookie(
        COOKIE,
        code.strip(),
        salt=SALT,
        max_age=LONGEST,
        path=reverse("hall_enter"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "pledges/hall_closed.html", status=404)


def _with_link(view: View) -> View:
    """Give the view its link; tell a visitor whose link shows nothing what to do."""

    @wraps(view)
    def linked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            link = _link(request)
        except Http404:
            return _closed(request)
        return view(request, link, *args, **kwargs)

    return linked


def _context(link: BoardLink) -> dict[str, Any]:
    return {"organization": link.organization, "year": clock.today().year, "today": clock.today()}


@access(GET=PUBLIC)
@_quiet
@_with_link
def hall_board(request: HttpRequest, link: BoardLink) -> HttpResponse:
    page = BoundedPaginator(link_pledges(link), PER_PAGE).get_page(request.GET.get("page"))
    entries = board_entries(page.object_list)
    context = {**_context(link), "page": page, "entries": entries, "entry_url": "hall_pledge"}
    return render(request, "pledges/hall_board.html", context)


@access(GET=PUBLIC)
@_quiet
@_with_link
def hall_screen(request: HttpRequest, link: BoardLink) -> HttpResponse:
    slides = slide_context(board_entries(link_pledges(link)[:PRINTED]), request.GET.get("slide", ""))
    return render(request, "pledges/screen.html", {**_context(link), **slides})


@access(GET=PUBLIC, POST=PUBLIC)
@_quiet
@_with_link
def hall_pledge(request: HttpRequest, link: BoardLink, pk: int) -> HttpResponse:
    """One pledge with what was said to it; a visitor may say something, which is looked at first."""
    pledge = get_object_or_404(Pledge.objects.of_link(link).on_display(), pk=pk)
    form = VisitorForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _said(request, form, pledge, link):
        messages.success(request, _("Thank you. It shows here once the organization has looked at it."))
        return redirect("hall_pledge", pk=pk)
    entry = board_entries(on_board(Pledge.objects.filter(pk=pk)))[0]
    context = {**_context(link), "entry": entry, "comments": board_comments(pk), "form": form}
    return render(request, "pledges/hall_pledge.html", context)


def _said(request: HttpRequest, form: VisitorForm, pledge: Pledge, link: BoardLink) -> bool:
    if _counted(request, "said", HOUR) > SAID:
        form.add_error(None, _("Several opinions came from here within the hour. Please send this one later."))
        return False
    return form.attempt(services.comment_add, pledge=pledge, link=link, **form.cleaned_data)
