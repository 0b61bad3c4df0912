"""The columns of form d.19 that mass evaluations bring (2-domain d.19)."""

from typing import Any

from campaign.reports.registry import ReportRequest
from campaign.reports.units import UnitFigure
from reviews.reports.round_scope import results_of, rounds_of


def _counted(request: ReportRequest) -> Any:
    """The ballots of units that are counted together are counted once."""
    return results_of(request).filter(subject__counted_with=None)


def _satisfied(request: ReportRequest) -> Any:
    return results_of(request).filter(satisfaction__isnull=False)


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
        _counted,
        ("subject__name", "ballot__round__name", "returned"),
        adds="returned",
        **RESULT,
    ),
    UnitFigure(
        "rounds.satisfaction",
        "满意率%",
        _satisfied,
        ("subject__name", "ballot__round__name", "satisfaction"),
        adds="satisfaction",
        of=_satisfied,
        **RESULT,
    ),
)
