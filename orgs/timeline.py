"""What happened to a member or an organization, on one line: each app registers a source."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from campaign.common.registry import Registry
from orgs.models import Member, Organization

PER_PAGE = 20


@dataclass(frozen=True)
class TimelineEntry:
    on: dt.date
    label: str | Promise
    text: str
    url: str = ""
    icon: str = "point"
    until: dt.date | None = None
    badges: tuple[str | Promise, ...] = ()


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
    return _latest_first([entry for source in sources for entry in source.of_member(member, viewer)])


def organization_timeline(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    """Return what `viewer` may see of the organization's record, the latest first."""
    return _latest_first([entry for source in sources for entry in source.of_organization(organization, viewer)])


def _latest_first(entries: list[TimelineEntry]) -> list[TimelineEntry]:
    return sorted(entries, key=lambda entry: entry.on, reverse=True)


@dataclass(frozen=True)
class Course:
    """One page of a timeline, of all kinds or one; `tabs` choose the kind and say how many entries each has."""

    page: Page[TimelineEntry]
    tabs: list[dict[str, Any]]


def course_of(subject: Member | Organization, viewer: Any, *, kind: str = "", page: str = "1") -> Course:
    """Return a page of what `viewer` may see of the record of `subject`, the latest first; an unknown kind is all.

    Kinds without an entry get no tab. Where all kinds stand together each entry says of which it is, unless its own words do.
    """
    found: dict[str, list[TimelineEntry]] = {}
    for source in sources:
        of_subject: Callable[[Any, Any], list[TimelineEntry]] = (
            source.of_member if isinstance(subject, Member) else source.of_organization
        )
        if entries := of_subject(subject, viewer):
            found[source.key] = [replace(entry, badges=(source.label, *entry.badges)) for entry in entries]
    chosen = kind if kind in found else ""
    shown = [
        replace(entry, badges=entry.badges[1:]) if chosen or entry.label == entry.badges[0] else entry
        for key, entries in found.items()
        if chosen in ("", key)
        for entry in entries
    ]
    tabs: list[dict[str, Any]] = [
        {
            "label": sources.get(key).label,
            "url": f"?kind={key}#timeline",
            "active": key == chosen,
            "count": len(entries),
        }
        for key, entries in found.items()
    ]
    everything = {"label": _now("All"), "url": "?#timeline", "active": not chosen}
    return Course(
        Paginator(_latest_first(shown), PER_PAGE).get_page(page), [everything, *tabs] if len(tabs) > 1 else []
    )


def record_of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    """Return when the organization was established; what came after is told by `orgs.chronicle`."""
    established = organization.established_on
    return [TimelineEntry(established, _("Established"), "", icon="building")] if established else []
