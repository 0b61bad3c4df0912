"""Pledges on the page of a member and of an organization."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from orgs.models import Member, Organization
from orgs.timeline import TimelineEntry
from pledges.models import Pledge, PledgeQuerySet


def of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    return _entries(Pledge.objects.visible_to(viewer).filter(member=member))


def of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    return _entries(Pledge.objects.visible_to(viewer).of_organizations().filter(organization=organization))


def _entries(pledges: PledgeQuerySet) -> list[TimelineEntry]:
    return [
        TimelineEntry(
            timezone.localtime(pledge.published_at or pledge.submitted_at or pledge.created_at).date(),
            _("Public pledge"),
            f"{pledge.year} · {pledge.get_state_display()}",
            reverse("pledge_detail", args=[pledge.pk]),
            "writing-sign",
        )
        for pledge in pledges.active().order_by("-year", "-pk")[:50]
    ]
