"""What became of an organization, on its timeline: names, types, places, mergers, terms."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from orgs import structure
from orgs.models import Member, Organization, OrganizationEvent, OrganizationEventKind
from orgs.timeline import TimelineEntry, TimelineSource, sources


def nothing_of_member(_member: Member, _viewer: Any) -> list[TimelineEntry]:
    """Say nothing of members: for sources that only know organizations."""
    return []


Kind = OrganizationEventKind
ICONS: dict[str, str] = {
    Kind.RENAMED: "edit", Kind.CONVERTED: "switch-horizontal", Kind.MOVED: "arrow-move-right", Kind.RELEASED: "logout",
    Kind.RECEIVED: "login", Kind.MERGED: "arrow-merge", Kind.ABSORBED: "arrow-merge", Kind.SPLIT: "arrows-split",
    Kind.SPLIT_OFF: "arrows-split", Kind.ELECTED: "users-group", Kind.EXTENDED: "calendar-plus", Kind.DEACTIVATED: "ban",
    Kind.ACTIVATED: "circle-check",
}  # fmt: skip


def history_of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    """Return what became of the organization: names, types, places, mergers, terms."""
    events = list(OrganizationEvent.objects.filter(organization=organization).select_related("other", "former"))
    entries = [
        TimelineEntry(
            event.happened_on, event.get_kind_display(), _told(event), _page(event, viewer), ICONS[event.kind]
        )
        for event in events
    ]
    elected = organization.term_started_on
    if elected and not any(event.kind == Kind.ELECTED and event.happened_on == elected for event in events):
        entries.append(TimelineEntry(elected, Kind.ELECTED.label, "", icon=ICONS[Kind.ELECTED]))
    return entries


def _told(event: OrganizationEvent) -> str:
    other, former = (place.name if place else "" for place in (event.other, event.former))
    said = {
        Kind.RENAMED: gettext("Until then: %(name)s") % {"name": event.old_name},
        Kind.CONVERTED: gettext("Until then: %(name)s") % {"name": event.get_old_type_display()},
        Kind.MOVED: gettext("From %(former)s to %(other)s") % {"former": former, "other": other},
    }.get(OrganizationEventKind(event.kind), other)
    if event.until:
        said = gettext("Until %(day)s") % {"day": f"{event.until:%Y-%m-%d}"}
    return "\n".join(part for part in (said, event.reason) if part)


def _page(event: OrganizationEvent, viewer: Any) -> str:
    """Lead to the other organization, where the viewer may see it."""
    place = event.other
    if place is None or not reaches(viewer, Cap.ORG_VIEW, place.path):
        return ""
    return reverse("organization_detail", args=[place.pk])


def register() -> None:
    """Called when the app is ready."""
    sources.register(TimelineSource("history", _("History"), nothing_of_member, history_of_organization))
    structure.structure_touches.register(structure.TouchSource("orgs", structure.touches))
