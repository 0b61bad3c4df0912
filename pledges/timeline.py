"""Pledges on the page of a member and of an organization."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from orgs.models import Member, Organization
from orgs.timeline import TimelineEntry
from pledges.models import KEPT, ItemResult, Pledge, PledgeQuerySet
from pledges.selectors import counted_items


def of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    return _entries(Pledge.objects.visible_to(viewer).filter(member=member))


def of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    return _entries(Pledge.objects.visible_to(viewer).of_organizations().filter(organization=organization))


def _entries(pledges: PledgeQuerySet) -> list[TimelineEntry]:
    """Say of each pledge how it stands, and once something was judged how many of its items were kept."""
    counts = {
        "item_count": counted_items(),
        "kept_count": counted_items(result__in=KEPT),
        "pending_count": counted_items(result=ItemResult.PENDING),
    }
    return [
        TimelineEntry(
            timezone.localtime(pledge.published_at or pledge.submitted_at or pledge.created_at).date(),
            _("Public pledge"),
            _said(pledge),
            reverse("pledge_detail", args=[pledge.pk]),
            "writing-sign",
        )
        for pledge in pledges.active().annotate(**counts).order_by("-year", "-pk")[:50]
    ]


def _said(pledge: Any) -> str:
    text = f"{pledge.year} · {pledge.get_state_display()}"
    if pledge.pending_count == pledge.item_count:
        return text
    kept = _("kept %(kept)s of %(items)s") % {"kept": pledge.kept_count, "items": pledge.item_count}
    return f"{text} · {kept}"
