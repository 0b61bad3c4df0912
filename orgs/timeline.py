"""What happened to a member or an organization, on one line: each app registers a source."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.common.registry import Registry
from orgs.models import Member, Organization


@dataclass(frozen=True)
class TimelineEntry:
    on: dt.date
    label: str | Promise
    text: str
    url: str = ""
    icon: str = "point"


@dataclass(frozen=True)
class TimelineSource:
    """Each function takes the subject and the viewer, starts from what the viewer may see, and needs one query."""

    key: str
    label: str | Promise
    of_member: Callable[[Member, Any], list[TimelineEntry]]
    of_organization: Callable[[Organization, Any], list[TimelineEntry]]


sources: Registry[TimelineSource] = Registry("timeline")


def member_timeline(member: Member, viewer: Any) -> list[TimelineEntry]:
    """Return what `viewer` may see of the member's record, the latest first."""
    return sorted((e for source in sources for e in source.of_member(member, viewer)), key=lambda e: e.on, reverse=True)


def organization_timeline(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    """Return what `viewer` may see of the organization's record, the latest first."""
    entries = (e for source in sources for e in source.of_organization(organization, viewer))
    return sorted(entries, key=lambda e: e.on, reverse=True)


def record_of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    """Return the dates of the member's own record."""
    dates = (
        (member.joined_on, _("Joined the party"), "flag"),
        (member.full_member_on, _("Became a full member"), "user-check"),
    )
    return [TimelineEntry(on, label, "", icon=icon) for on, label, icon in dates if on]


def record_of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    """Return the dates of the organization's own record."""
    dates = (
        (organization.established_on, _("Established"), "building"),
        (organization.term_started_on, _("Present term elected"), "users-group"),
    )
    return [TimelineEntry(on, label, "", icon=icon) for on, label, icon in dates if on]
