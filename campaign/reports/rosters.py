"""Forms of what the lower floors hold: the roster of members, in full and for the wall (2-domain d.1)."""

from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from campaign.common.excel.sheet import Filled
from campaign.reports.organizations import members_seen
from campaign.reports.registry import Report, ReportRequest
from orgs.models.members import MemberQuerySet
from orgs.roster import PUBLIC_COLUMNS, PUBLIC_ROSTER, ROSTER, roster_rows


def _members(request: ReportRequest) -> MemberQuerySet:
    return members_seen(request).present().in_subtree(request.organization)


def _sheets(request: ReportRequest) -> list[Filled]:
    return [(ROSTER, roster_rows(_members(request), unmasked=request.unmasked))]


def _public(request: ReportRequest) -> list[Filled]:
    return [(PUBLIC_ROSTER, roster_rows(_members(request), unmasked=False, columns=PUBLIC_COLUMNS))]


MEMBER_ROSTER = Report(
    key="roster",
    form="d.1",
    label=_("Roster of members"),
    description=_("Every member of the organization and those below it, one row each, in the order of the roll."),
    sheets=_sheets,
    count=lambda request: _members(request).count(),
    by_period=False,
    icon="users",
    is_list=True,
)
PUBLIC_MEMBER_ROSTER = replace(
    MEMBER_ROSTER,
    key="roster_public",
    label=_("Roster of members for display"),
    description=_("The roster to be shown in public: without id number, phone, month of birth and native place."),
    sheets=_public,
    icon="users-group",
    personal=False,
)
