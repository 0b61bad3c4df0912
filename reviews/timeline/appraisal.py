"""Confirmed appraisals on the page of a member, and of a branch."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from orgs.models import Member, Organization
from orgs.timeline import TimelineEntry, TimelineSource, sources
from reviews.models.appraisal import AppraisedMember, BranchAppraisal, BranchState

SHOWN = 20


def of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    """The grade of each year, once it is confirmed."""
    found = AppraisedMember.objects.visible_to(viewer).filter(member=member, branch__state=BranchState.CONFIRMED)
    rows = found.select_related("branch__appraisal").order_by("-branch__year", "-pk")[:SHOWN]
    return [
        TimelineEntry(
            on=timezone.localdate(entry.branch.decided_at),
            label=_("Appraisal of members"),
            text=f"{entry.branch.appraisal.name} · {entry.get_grade_display() or gettext('no grade')}",
            url=reverse("appraisal_member", args=[entry.pk]),
            icon="user-check",
        )
        for entry in rows
    ]


def of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    found = BranchAppraisal.objects.visible_to(viewer).filter(organization=organization, state=BranchState.CONFIRMED)
    return [
        TimelineEntry(
            on=timezone.localdate(branch.decided_at),
            label=_("Appraisal of members"),
            text=branch.appraisal.name,
            url=reverse("appraisal_branch", args=[branch.pk]),
            icon="user-check",
        )
        for branch in found.select_related("appraisal").order_by("-year", "-pk")[:SHOWN]
    ]


def register() -> None:
    sources.register(TimelineSource("appraisals", _("Appraisal of members"), of_member, of_organization))
