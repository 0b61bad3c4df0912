"""Graded reports on the page of a secretary and of the organization."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from orgs.models import Member, Organization
from orgs.timeline import TimelineEntry, TimelineSource, sources
from reviews.models.secretaries import ReportState, SecretaryReport, SecretaryReportQuerySet

SHOWN = 20


def of_member(member: Member, viewer: Any) -> list[TimelineEntry]:
    return _entries(SecretaryReport.objects.visible_to(viewer).filter(member=member))


def of_organization(organization: Organization, viewer: Any) -> list[TimelineEntry]:
    return _entries(SecretaryReport.objects.visible_to(viewer).filter(organization=organization))


def _entries(reports: SecretaryReportQuerySet) -> list[TimelineEntry]:
    graded = reports.filter(state=ReportState.GRADED).select_related("appraisal").order_by("-graded_at")
    return [
        TimelineEntry(
            on=timezone.localdate(report.graded_at),
            label=_("Appraisal of secretaries"),
            text=f"{report.appraisal.name} · {report.name} · {report.get_grade_display()}",
            url=reverse("secretary_report", args=[report.pk]),
            icon="presentation",
        )
        for report in graded[:SHOWN]
    ]


def register() -> None:
    sources.register(TimelineSource("secretaries", _("Appraisal of secretaries"), of_member, of_organization))
