"""Cases of the reports: the page is one for all, what is exported is an organization with everything below it."""

from campaign.models import Period
from campaign.reports.registry import reports
from tests.permissions.cases import Case, Make, Target, case
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


KEYS = [report.key for report in reports]

case("report_list", Case())
# The preview shows the headings and the first rows, not whose form it is.
case("report_export", *(Case(make=export(key), named_in_form=True, names=False) for key in KEYS))
