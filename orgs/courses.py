"""What this part knows of the course of a member: the dates of the record, branches, positions, transfers."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orgs.models import Enrolment, Member, MemberEvent, MemberEventKind, Organization, Position, Transfer
from orgs.timeline import TimelineEntry, TimelineSource, record_of_organization, sources

SHOWN = 100


def record_of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    """Return the dates of the member's own record, changes of status, and extensions of probation."""
    dates = (
        (member.started_work_on, _("Started work"), "briefcase"),
        (member.joined_on, _("Joined the party"), "flag"),
        (member.full_member_on, _("Became a full member"), "user-check"),
    )
    events = MemberEvent.objects.visible_to(viewer).filter(member=member)[:SHOWN]
    return [
        *(TimelineEntry(on, label, "", icon=icon) for on, label, icon in dates if on),
        *(_event(event) for event in events),
    ]


def _event(event: MemberEvent) -> TimelineEntry:
    if event.kind == MemberEventKind.STATUS:
        text = gettext("Status: %(status)s") % {"status": event.get_status_display()}
        return TimelineEntry(event.happened_on, event.get_kind_display(), text, icon="user-cog")
    text = gettext("To %(day)s: %(reason)s") % {"day": event.until, "reason": event.reason}
    return TimelineEntry(event.happened_on, event.get_kind_display(), text, icon="hourglass")


def branches_of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    """Return when the member came into which branch; one whose first day is not known has no place on the line."""
    spans = Enrolment.objects.visible_to(viewer).filter(member=member).exclude(starts_on=None)
    return [
        TimelineEntry(
            span.starts_on, _("In this branch"), span.organization.name, icon="building-community", until=span.ends_on
        )
        for span in spans.select_related("organization")[:SHOWN]
    ]


def posts_of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    """Return the party positions that the member held; without a first day they have no place on the line."""
    held = Position.objects.visible_to(viewer).filter(member=member).exclude(starts_on=None)
    return [
        TimelineEntry(
            position.starts_on, position.title, position.organization.name, icon="award", until=position.ends_on
        )
        for position in held.select_related("organization")[:SHOWN]
    ]


def posts_of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    """Return who held which party position in the organization."""
    held = Position.objects.visible_to(viewer).filter(organization=organization).exclude(starts_on=None)
    return [
        TimelineEntry(position.starts_on, position.title, position.member.name, icon="award", until=position.ends_on)
        for position in held.select_related("member")[:SHOWN]
    ]


def transfers_of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    """Return the transfers of the member, as far as they went."""
    return [
        _transfer(transfer, transfer.get_state_display())
        for transfer in Transfer.objects.visible_to(viewer)
        .filter(member=member)
        .select_related("source", "target")[:SHOWN]
    ]


def transfers_of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    """Return who was transferred out of the organization and into it."""
    seen = Transfer.objects.visible_to(viewer).exclude(effective_on=None)
    rows = seen.filter(source=organization) | seen.filter(target=organization)
    return [
        _transfer(transfer, transfer.member.name)
        for transfer in rows.select_related("member", "source", "target")[:SHOWN]
    ]


def _transfer(transfer: Transfer, text: str) -> TimelineEntry:
    return TimelineEntry(
        transfer.effective_on or timezone.localtime(transfer.requested_at).date(),
        _("Transfer"),
        f"{transfer.source.display_name} → {transfer.target.display_name} · {text}",
        reverse("transfer_detail", args=[transfer.pk]),
        "arrows-exchange",
    )


def nothing(_organization: Organization, _viewer: Any) -> list[TimelineEntry]:
    """For what only members have."""
    return []


def register() -> None:
    sources.register(TimelineSource("record", _("Record"), record_of_member, record_of_organization))
    sources.register(TimelineSource("branches", _("Branches"), branches_of_member, nothing))
    sources.register(TimelineSource("posts", _("Party positions"), posts_of_member, posts_of_organization))
    sources.register(TimelineSource("transfers", _("Transfers"), transfers_of_member, transfers_of_organization))
