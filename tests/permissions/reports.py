"""Cases of the reports: the page is one for all, what is exported is an organization with everything below it."""

from urllib.parse import urlencode

from campaign.common import clock
from campaign.models import Period
from campaign.reports.registry import reports
from pledges.models import PledgeState
from tests.permissions.cases import Case, Make, Target, case, mark
from tests.permissions.pledges import stored
from tests.world import World


def export(key: str) -> Make:
    """Return what asks for a report of the organization at a place: its first rows by GET, the file by POST."""

    def make(world: World, at: str) -> Target:
        period = Period.objects.get(campaign__code="C1", code="2026H2")
        asked = {
            "organization": world.orgs[at].pk,
            "campaign": period.campaign_id,
            "period": period.pk,
            "format": "xlsx",
        }
        query = "?" + "&".join(f"{name}={value}" for name, value in asked.items())
        marker = f"填报单位(盖章):{world.orgs[at].name}"
        return Target(kwargs={"key": key}, payload=asked, query=query, marker=marker)

    return make


def behind_a_figure(world: World, at: str) -> Target:
    """The items behind a figure of form d.3, of the organization at a place."""
    stored(world, at, PledgeState.PUBLISHED)
    period = Period.objects.get(campaign__code="C1", code="2026H2")
    asked = {
        "organization": world.orgs[at].pk,
        "campaign": period.campaign_id,
        "year": clock.today().year,
        "column": "承诺事项总数",
    }
    return Target(kwargs={"key": "pledge_statistics"}, query=f"?{urlencode(asked)}", marker=mark(at, "published"))


KEYS = [report.key for report in reports]

case("report_list", Case())
case("report_records", Case(make=behind_a_figure))
# The preview shows the headings and the first rows, not whose form it is.
case("report_export", *(Case(make=export(key), named_in_form=True, names=False) for key in KEYS))
