"""The columns of pledges in form d.19, counted as the metrics count them (2-domain d.19)."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from campaign.common.access import reaches_all, under
from campaign.common.capabilities import Cap
from campaign.models import Period
from campaign.reports.activity import figures
from campaign.reports.organizations import members_seen, organizations_seen
from campaign.reports.registry import ReportRequest
from campaign.reports.units import UnitFigure
from pledges.metrics import appraised, due_items, is_published_in, measured, published_in
from pledges.models import KEPT, ItemKind, Pledge, PledgeItem

PLEDGES = "承诺"
ITEM: dict[str, Any] = {
    "fields": ("pledge__organization__name", "text", "due_on", "result"),
    "page": "pledge_detail",
    "page_key": "pledge_id",
    "place": "pledge__organization__path",
}


def _pledges(request: ReportRequest) -> Any:
    """Return the pledges of the period that were on the board and that the person may see."""
    return request.seen(published_in(_period(request), request.asked_at))


def _period(request: ReportRequest) -> Period:
    if request.period is None:
        raise ValueError("a report by period is never made without one")
    return request.period


def _organizations(request: ReportRequest) -> QuerySet[Any]:
    pledged = _pledges(request).of_organizations().filter(organization=OuterRef("pk"))
    return organizations_seen(request).filter(Exists(pledged))  # type: ignore[no-any-return]


def _members(request: ReportRequest) -> QuerySet[Any]:
    pledged = _pledges(request).filter(member=OuterRef("pk"))
    return members_seen(request).present().in_subtree(request.organization).filter(Exists(pledged))


def _items(request: ReportRequest) -> QuerySet[Any]:
    published = is_published_in(_period(request), request.asked_at, "pledge__")
    return _seen(request, PledgeItem.objects.filter(published))


def _due(request: ReportRequest) -> QuerySet[Any]:
    return _seen(request, due_items(_period(request), request.asked_at))


def _seen(request: ReportRequest, items: QuerySet[PledgeItem]) -> QuerySet[Any]:
    here = items.filter(under(request.organization.path, "pledge__organization__path"))
    if request.user is None or reaches_all(request.user, Cap.PLEDGE_VIEW, request.organization.path):
        return here
    return here.filter(pledge__in=Pledge.objects.visible_to(request.user).order_by().values("pk"))


def _measured(request: ReportRequest) -> Q:
    return measured(request.asked_at)


def _kept(request: ReportRequest) -> Q:
    return appraised(request.asked_at) & Q(result__in=KEPT)


def _deeds(request: ReportRequest) -> Q:
    return _kept(request) & Q(kind=ItemKind.PRACTICAL)


def register() -> None:
    for figure in (
        UnitFigure(
            "pledges.organizations", "党组织", _organizations, ("name", "type"), "organization_detail", place="path",
            group=PLEDGES,
        ),
        UnitFigure("pledges.members", "党员", _members, ("name", "organization__name"), "member_detail", group=PLEDGES),
        UnitFigure("pledges.items", "事项", _items, group=PLEDGES, **ITEM),
        UnitFigure("pledges.fulfilment", "兑现率%", _due, which=_kept, of=_measured, **ITEM),
        UnitFigure("pledges.deeds", "为群众办实事(件)", _due, which=_deeds, **ITEM),
    ):  # fmt: skip
        figures.register(figure)
