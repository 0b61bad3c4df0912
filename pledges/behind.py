"""The records behind the figures of form d.3: what a click on a number of the report opens (docs/reports.md).

A row's key is that of its organization, `12` with everything below it, `12-own` for what lies in it itself.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from campaign.common.access import under
from campaign.common.capabilities import Cap
from campaign.common.errors import NotAllowed
from campaign.common.text import is_key
from campaign.models import Campaign, CampaignState
from campaign.reports.figures import Records
from campaign.reports.registry import ReportRequest
from orgs.models import Organization
from pledges import statistics
from pledges.comment_figures import COUNTED, comments_of
from pledges.models import Pledge, PledgeComment, PledgeItem

OWN = "-own"
ITEM_FIELDS = ("pledge__organization__name", "text", "due_on", "pledge__state", "result")
COMMENT_FIELDS = ("pledge__organization__name", "kind", "state", "created_at", "answered_at")
MEMBER_FIELDS = ("name", "organization__name")
ORGANIZATION_FIELDS = ("name", "code", "type")

Counts = Callable[[ReportRequest, str], Records]


def campaign_of(request: ReportRequest) -> Campaign | None:
    """Return the campaign of the report: the one asked for, else the last running one that reaches the organization."""
    if request.campaign is not None:
        return request.campaign
    path = request.organization.path
    above = [path[:end] for end in range(Organization.steplen, len(path) + 1, Organization.steplen)]
    found = Campaign.objects.filter(organization__path__in=above).exclude(state=CampaignState.DRAFT)
    return found.order_by("-state", "-starts_on", "-pk").select_related("organization").first()


def year_of(request: ReportRequest) -> int:
    """Return the year on the sheet: the one asked for, else that of the day on which it was asked."""
    return request.year or timezone.localtime(request.asked_at).year


def key_of_unit(organization: Organization, *, own: bool) -> str:
    """Return the key of a row of the statistics."""
    return f"{organization.pk}{OWN}" if own else str(organization.pk)


def counts(figure: str) -> Counts:
    """Return what is behind a figure of the statistics that counts members, organizations or items."""
    return lambda request, key: _records(request, key, lambda place: _behind(figure, request, place))


def coverage(subject: str) -> Counts:
    """Return what is behind the rate of the members ("members") or organizations who have pledged."""
    return lambda request, key: _records(
        request,
        key,
        lambda place: _behind(f"{subject}_pledged", request, place),
        of=lambda place: _behind(f"{subject}_obliged", request, place),
    )


def fulfilment(request: ReportRequest, key: str) -> Records:
    """Return what is behind the rate of fulfilment: the items kept, among those appraised or overdue and not adjusted."""

    def kept(place: Organization) -> Any:
        return _behind("fulfilled", request, place) | _behind("basic", request, place)

    def measured(place: Organization) -> Any:
        return kept(place) | _behind("unfulfilled", request, place) | _behind("overdue", request, place)

    return _records(request, key, kept, of=measured)


def comments(figure: str, of: str = "") -> Counts:
    """Return what is behind a figure that counts what readers of the board said, or (`of`) is a share of it."""

    def said(figure: str, request: ReportRequest, place: Organization) -> Any:
        campaign = campaign_of(request)
        if campaign is None:
            return PledgeComment.objects.none()
        return comments_of(campaign, year_of(request), place).filter(COUNTED[figure])

    return lambda request, key: _records(
        request,
        key,
        lambda place: said(figure, request, place),
        of=(lambda place: said(of, request, place)) if of else None,
    )


def comment_days(figure: str) -> Callable[[ReportRequest, str], str]:
    """Return what is behind a number of days: neither a count nor a sum, so its place on the page of these figures."""

    def place(request: ReportRequest, key: str) -> str:
        campaign, unit = campaign_of(request), _place(request, key)
        if campaign is None:
            raise NotAllowed
        row = "own" if key.endswith(OWN) else "total"
        page = reverse("comment_statistics", args=[unit.pk])
        return f"{page}?campaign={campaign.pk}&year={year_of(request)}#{row}-{figure}"

    return place


def item_mark(request: ReportRequest, key: str) -> str:
    """Return what is behind the mark of an item: its place on the page of the pledge. Raises NotAllowed."""
    seen = PledgeItem.objects.all()
    if request.user is not None:
        seen = seen.filter(pledge__in=Pledge.objects.visible_to(request.user).order_by().values("pk"))
    here = seen.filter(under(request.organization.path, "pledge__organization__path"))
    item = here.filter(pk=int(key) if is_key(key) else 0).first()
    if item is None:
        raise NotAllowed
    return f"{reverse('pledge_detail', args=[item.pledge_id])}#item-{item.pk}-mark"


def _records(request: ReportRequest, key: str, part: Callable[[Organization], Any], of: Any = None) -> Records:
    place, own = _place(request, key), key.endswith(OWN)
    found = _within(part(place), place, own=own)
    fields, page, page_key = _LISTS[found.model._meta.model_name]
    whole = _within(of(place), place, own=own) if of else None
    return Records(found, fields, page, page_key, about=place.name, of=whole)


_LISTS: dict[str | None, tuple[tuple[str, ...], str, str]] = {
    "pledgeitem": (ITEM_FIELDS, "pledge_detail", "pledge_id"),
    "member": (MEMBER_FIELDS, "member_detail", "pk"),
    "organization": (ORGANIZATION_FIELDS, "organization_detail", "pk"),
    "pledgecomment": (COMMENT_FIELDS, "pledge_detail", "pledge_id"),
}


def _place(request: ReportRequest, key: str) -> Organization:
    """Return the organization of a row, within that of the report and the reach of the person; the report's own for a key
    that names none. Raises NotAllowed."""
    wanted = key.removesuffix(OWN)
    places: Any = Organization.objects.filter(under(request.organization.path))
    if request.user is not None:
        places = places.allowed(request.user, Cap.PLEDGE_STATISTICS)
    found = places.filter(pk=int(wanted) if is_key(wanted) else request.organization.pk).first()
    if found is None:
        raise NotAllowed
    place: Organization = found
    return place


def _behind(figure: str, request: ReportRequest, place: Organization) -> QuerySet[Any]:
    campaign, year = campaign_of(request), year_of(request)
    if campaign is None:
        return PledgeItem.objects.none()
    found: QuerySet[Any]
    if figure.startswith("members"):
        found = statistics.members_behind(figure, campaign, year, place)
    elif figure.startswith("organizations"):
        found = statistics.organizations_behind(figure, campaign, year, place)
    else:
        found = statistics.items_behind(figure, campaign, year, place, request.today)
    return found


def _within(found: Any, place: Organization, *, own: bool) -> QuerySet[Any]:
    """Keep what lies in the organization itself, where the row is that."""
    lookup = {
        "pledgeitem": "pledge__organization", "pledgecomment": "pledge__organization", "member": "organization",
        "organization": "pk",
    }  # fmt: skip
    kept: QuerySet[Any] = found.filter(**{lookup[found.model._meta.model_name]: place.pk}) if own else found
    return kept
