"""What the summary of pledges has to count again is marked by the database itself (`SummaryMark`): members change in services
of a lower floor, and pledges set-based in many places."""

from campaign.common import marking
from campaign.common.marking import Watched

MARKS = "pledges_summarymark"


def _places(*pairs: tuple[str, str]) -> tuple[tuple[tuple[str, str], ...], ...]:
    """One mark with these columns of the row."""
    return (tuple((mark, f"{{row}}.{column}") for column, mark in pairs),)


WATCHED = (
    Watched(
        "pledges_pledge",
        _places(("organization_id", "organization"), ("member_id", "member")),
        ("state", "organization_id", "member_id", "campaign_id", "year"),
    ),
    Watched("pledges_pledgeitem", _places(("pledge_id", "pledge")), ("pledge_id", "due_on", "result")),
    Watched("orgs_member", _places(("organization_id", "organization")), ("organization_id", "status", "is_exempt")),
    Watched("orgs_organization", _places(("id", "organization")), ("path", "is_active")),
)


def install() -> bool:
    """Put the triggers on every watched table; safe to call again. False where migrations have not come that far."""
    return marking.install(MARKS, "mark", WATCHED)
