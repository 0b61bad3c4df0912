"""Cases of the reports: the page is one for all, what is exported is an organization with everything below it."""

import datetime as dt
from urllib.parse import urlencode

from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.models import Period
from campaign.reports.models import ReportSchedule
from campaign.reports.registry import reports
from pledges.models import PledgeState
from tests.permissions.cases import Case, Make, Scoped, Target, case, mark, scoped
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
        marker = f"填报单位（盖章）：{world.orgs[at].name}"
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


def bundled(world: World, at: str) -> Target:
    """Two reports of the organization at a place, asked for as a zip."""
    place = world.orgs[at].pk
    payload = {"organization": place, "units": [place], "reports": ["roster", "pledge_ledger"], "format": "csv"}
    return Target(payload=payload, query=f"?organization={place}")


def monthly_of(world: World, at: str) -> Target:
    """A monthly export of the organization at a place, for somebody above everybody."""
    payload = {"day": 5, "format": "xlsx", "recipients": [world.users["office@root"].pk]}
    return Target(
        kwargs={"key": "roster"},
        payload=payload,
        query=f"?organization={world.orgs[at].pk}",
        marker=world.orgs[at].name,
    )


OWNERS = ("secretary@east_one", "staff@east", "office@root", "former@east", "secretary@west_one")


def monthly(world: World, owner: str) -> Target:
    """A monthly export is its owner's alone."""
    made = ReportSchedule.objects.create(
        owner=world.users[owner],
        report="roster",
        organization=world.orgs[owner.split("@")[1]],
        day=5,
        next_on=clock.today() + dt.timedelta(days=3),
        note=mark(owner),
    )
    return Target(made, {"pk": made.pk}, {"step": "pause"}, marker=mark(owner), owner=owner)


KEYS = [report.key for report in reports]

case("report_list", Case())
case("report_bundle", Case(make=bundled, named_in_form=True, names=False))
case("schedule_list", Case())
case("schedule_new", Case(make=monthly_of))
case("schedule_detail", Case(make=monthly, places=OWNERS))
scoped.append(Scoped(monthly, OWNERS, (Cap.JOB_VIEW,)))
case("schedule_step", Case(make=monthly, places=OWNERS))
# Here it is shown in full, in its lines above the table.
case("report_print", *(Case(make=export(key)) for key in KEYS))
case("report_records", Case(make=behind_a_figure))
# The preview shows the headings and the first rows, not whose form it is.
case("report_export", *(Case(make=export(key), named_in_form=True, names=False) for key in KEYS))
