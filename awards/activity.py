"""The columns of awards in form d.19 (2-domain d.19)."""

from collections.abc import Callable
from typing import Any

from awards.models import Honour
from campaign.common.access import under
from campaign.models import Audience
from campaign.reports.activity import figures
from campaign.reports.registry import ReportRequest
from campaign.reports.units import UnitFigure

FIELDS = ("title", "name", "organization_name", "decided_on")


def _honours(audience: Audience) -> Callable[[ReportRequest], Any]:
    def found(request: ReportRequest) -> Any:
        seen = request.seen(Honour.objects.all())
        here = seen.filter(under(request.organization.path, "organization__path"), audience=audience)
        period = request.period
        return here.filter(decided_on__range=(period.starts_on, period.ends_on)) if period else here.none()

    return found


def register() -> None:
    for key, header, audience in (
        ("awards.organizations", "组织", Audience.ORGANIZATION),
        ("awards.members", "个人", Audience.MEMBER),
    ):
        figures.register(UnitFigure(key, header, _honours(audience), FIELDS, group="表彰"))
