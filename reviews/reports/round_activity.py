"""The columns of form d.19 that mass evaluations bring (2-domain d.19)."""

from typing import Any

from django.db.models import Q

from campaign.reports.registry import ReportRequest
from campaign.reports.units import UnitFigure
from reviews.reports.round_scope import results_of, rounds_of


def _counted(_request: ReportRequest) -> Q:
    """The ballots of units that are counted together are counted once."""
    return Q(subject__counted_with=None)


def _satisfied(_request: ReportRequest) -> Q:
    return Q(satisfaction__isnull=False)


RESULT: dict[str, Any] = {
    "page": "round_results",
    "page_key": "ballot_id",
    "place": "subject__organization__path",
}
ROUND_FIGURES = (
    UnitFigure("rounds.held", "评议场次", rounds_of, ("name", "organization__name"), "round_detail"),
    UnitFigure(
        "rounds.raters",
        "参评人数",
        results_of,
        ("subject__name", "ballot__round__name", "returned"),
        which=_counted,
        adds="returned",
        **RESULT,
    ),
    UnitFigure(
        "rounds.satisfaction",
        "满意率%",
        results_of,
        ("subject__name", "ballot__round__name", "satisfaction"),
        which=_satisfied,
        adds="satisfaction",
        of=_satisfied,
        **RESULT,
    ),
)
