"""The public board (党务公开栏): published pledges, and of them only what anyone may read."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from campaign.common import clock
from campaign.common.access import access, gate
from campaign.common.capabilities import Cap
from campaign.common.listing import BoundedPaginator
from campaign.selectors import current_campaign
from orgs.models import Organization
from pledges.board import board_entries, board_pledges, boards_around

PER_PAGE = 24
PRINTED = 500


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
    around = boards_around(organization, request.user)
    return render(
        request,
        "pledges/board.html",
        {**context, "page": page, "entries": board_entries(page.object_list), "around": around},
    )


@access(GET=Cap.BOARD_VIEW)
def board_print(request: HttpRequest, pk: int) -> HttpResponse:
    """The same as a sheet for the notice board in the hall."""
    organization: Organization = gate(request, Organization.objects, pk=pk)
    context, pledges = _board(request, organization)
    return render(request, "pledges/board_print.html", {**context, "entries": board_entries(pledges[:PRINTED])})


def _board(request: HttpRequest, organization: Organization) -> tuple[dict[str, Any], Any]:
    campaign, today = current_campaign(request.user), clock.today()
    context = {"organization": organization, "campaign": campaign, "year": today.year, "today": today}
    return context, board_pledges(organization, campaign, today.year)
