"""示诺: the public board (党务公开栏) for those with an account; on the screen, on paper, and one pledge with its opinions."""

import datetime as dt
from typing import Any

import segno
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.common import clock
from campaign.common.access import access, gate, reaches
from campaign.common.capabilities import Cap
from campaign.common.listing import BoundedPaginator
from campaign.drafts.forms import dropped, keep
from campaign.drafts.services import draft_clear
from campaign.selectors import current_campaign
from orgs.models import Organization
from pledges import services
from pledges.board import board_comments, board_entries, board_pledges, boards_around, on_board, slide_context
from pledges.forms import BoardLinkForm, CommentForm
from pledges.models import PUBLIC, BoardLink, Pledge, PledgeState

PER_PAGE = 24
PRINTED = 500
YEAR = dt.timedelta(days=365)


@access(GET=Cap.BOARD_VIEW)
def board(request: HttpRequest) -> HttpResponse:
    """Lead to the board of one's own organization."""
    own = Organization.objects.allowed(request.user, Cap.BOARD_VIEW).active().order_by("path").first()
    if own is None:
        raise Http404
    return redirect("board_of", pk=own.pk)


@access(GET=Cap.BOARD_VIEW)
def board_of(request: HttpRequest, pk: int) -> HttpResponse:
    organization: Organization = gate(request, Organization.objects, pk=pk)
    context, pledges = _board(request, organization)
    page = BoundedPaginator(pledges, PER_PAGE).get_page(request.GET.get("page"))
    user: Any = request.user
    return render(
        request,
        "pledges/board.html",
        {
            **context,
            "page": page,
            "entries": board_entries(page.object_list),
            "around": boards_around(organization, user),
            "entry_url": "board_pledge",
            "may_link": reaches(user, Cap.PLEDGE_PUBLISH, organization.path),
            "may_print_letters": reaches(user, Cap.PLEDGE_VIEW, organization.path),
        },
    )


@access(GET=Cap.BOARD_VIEW)
def board_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as a sheet for the notice board in the hall."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    context, pledges = _board(request, organization)
    return render(request, "pledges/board_print.html", {**context, **_printed(pledges)})


def _printed(pledges: Any) -> dict[str, Any]:
    """Return as many entries as one sheet takes, and whether there are more."""
    rows = list(pledges[: PRINTED + 1])
    return {"entries": board_entries(rows[:PRINTED]), "more": len(rows) > PRINTED}


@access(GET=Cap.BOARD_VIEW)
def board_screen(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for the screen in the hall: large, one slide after the other, without a menu."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    context, pledges = _board(request, organization)
    slides = slide_context(board_entries(pledges[:PRINTED]), request.GET.get("slide", ""))
    back = reverse("board_of", args=[pk])
    return render(request, "pledges/screen.html", {**context, **slides, "back": back})


def _board(request: HttpRequest, organization: Organization) -> tuple[dict[str, Any], Any]:
    campaign, today = current_campaign(request.user), clock.today()
    context = {"organization": organization, "campaign": campaign, "year": today.year, "today": today}
    return context, board_pledges(organization, campaign, today.year)


@access(GET=Cap.BOARD_VIEW, POST=Cap.BOARD_VIEW)
def board_pledge(request: HttpRequest, pk: int) -> HttpResponse:
    """One pledge on the board, with what colleagues say to it; say something oneself."""
    pledge = gate(request, Pledge.objects.on_display().select_related("organization"), pk=pk)
    key = f"comment_add:{pk}"
    if dropped(request, key):
        return redirect(request.path)
    form = keep(request, CommentForm(request.POST or None), key)
    if request.method == "POST" and form.is_valid():
        given = {name: form.cleaned_data[name] for name in ("kind", "text")}
        if form.attempt(services.comment_add, pledge=pledge, actor=request.user, **given):
            draft_clear(request=request, key=key)
            messages.success(request, _("Thank you. It shows here once the organization has looked at it."))
            return redirect("board_pledge", pk=pk)
    entry = board_entries(on_board(Pledge.objects.filter(pk=pk)))[0]
    back = reverse("board_of", args=[pledge.organization_id])
    context = {
        "entry": entry,
        "comments": board_comments(pk),
        "form": form,
        "crumbs": [{"label": _("Pledge board"), "url": back}],
    }
    return render(request, "pledges/board_pledge.html", context)


# -- on paper ----------------------------------------------------------------------------------------------------------


@access(GET=Cap.PLEDGE_VIEW)
def pledge_letter(request: HttpRequest, pk: int) -> HttpResponse:
    """The pledge letter 承诺书, to be signed."""
    pledge = gate(request, Pledge.objects.select_related("organization"), pk=pk)
    back = reverse("pledge_detail", args=[pk])
    return _letters(request, Pledge.objects.filter(pk=pledge.pk), back, pledge.year)


@access(GET=Cap.PLEDGE_VIEW)
def pledge_letters(request: HttpRequest, pk: int) -> HttpResponse:
    """The letters of an organization and its members, those that are approved; one on a page."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    year = clock.today().year
    pledges = Pledge.objects.visible_to(request.user).filter(  # type: ignore[arg-type]
        organization=organization, year=year, state__in=(PledgeState.APPROVED, *PUBLIC)
    )
    return _letters(request, pledges, reverse("board_of", args=[pk]), year)


def _letters(request: HttpRequest, pledges: Any, back: str, year: int) -> HttpResponse:
    context = {**_printed(on_board(pledges)), "back": back, "year": year}
    return render(request, "pledges/letters.html", context)


# -- links for those without an account --------------------------------------------------------------------------------


@access(GET=Cap.PLEDGE_PUBLISH, POST=Cap.PLEDGE_PUBLISH)
def boardlink_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The links to the board of an organization; a new one is shown with its QR code once, and never again."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    key = f"board_link:{pk}"
    if dropped(request, key):
        return redirect(request.path)
    form = keep(request, BoardLinkForm(request.POST or None, initial={"expires_on": clock.today() + YEAR}), key)
    made: dict[str, Any] = {}
    sent = request.method == "POST" and form.is_valid()
    given = {"organization": organization, "actor": request.user}
    if sent and form.attempt(services.boardlink_create, **given, **form.cleaned_data):
        made = _made(request, *form.result)
        draft_clear(request=request, key=key)
        form = BoardLinkForm(initial={"expires_on": clock.today() + YEAR})
    context = {
        "organization": organization,
        "links": BoardLink.objects.filter(organization=organization),
        "form": form,
        "crumbs": [{"label": _("Pledge board"), "url": reverse("board_of", args=[pk])}],
        **made,
    }
    response = render(request, "pledges/boardlink_list.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _made(request: HttpRequest, link: BoardLink, code: str) -> dict[str, Any]:
    """Return what is shown of a link just made. The code stands behind the #, which no browser sends and no log keeps."""
    address = request.build_absolute_uri(reverse("hall_enter"))
    return {
        "made": link,
        "code": code,
        "board_address": f"{address}#{code}",
        "screen_address": f"{address}?screen=1#{code}",
        "qr": segno.make(f"{address}#{code}", error="m").svg_data_uri(scale=6, border=2),
    }


@access(POST=Cap.PLEDGE_PUBLISH)
def boardlink_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    link = gate(request, BoardLink.objects, pk=pk)
    services.boardlink_revoke(link=link, actor=request.user)
    messages.success(request, _("The link is closed. It shows nothing any more."))
    return redirect("boardlink_list", pk=link.organization_id)
