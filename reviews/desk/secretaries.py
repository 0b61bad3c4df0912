"""The desk's tiles of appraisals of secretaries: the own report and problems, and what waits for the organization above."""

import datetime as dt
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import holds
from campaign.common.capabilities import Cap
from campaign.common.desk import Tile, TileSource, desk
from reviews.models.secretaries import WRITABLE, ProblemState, ReportProblem, ReportState, SecretaryReport
from reviews.selectors.secretaries import problems_waiting

SOON = dt.timedelta(days=7)


def own_tiles(user: Any) -> list[Tile]:
    """One's own as secretary. Two queries."""
    if not holds(user, Cap.SECRETARY_WRITE):
        return []
    today = clock.today()
    writing = Q(state__in=WRITABLE)
    counts = (
        SecretaryReport.objects.allowed(user, Cap.SECRETARY_WRITE)
        .under_way()
        .aggregate(
            write=Count("pk", filter=writing),
            late=Count("pk", filter=writing & Q(appraisal__report_until__lt=today + SOON)),
        )
    )
    problems = ReportProblem.objects.allowed(user, Cap.SECRETARY_WRITE).filter(state=ProblemState.OPEN)
    due = problems.aggregate(all=Count("pk"), late=Count("pk", filter=Q(due_on__lt=today)))
    return [
        Tile(
            _("Report as secretary to hand in"),
            counts["write"],
            reverse("secretary_list"),
            "presentation",
            "warning" if counts["late"] else "primary",
        ),
        Tile(
            _("Problems to put right as secretary"),
            due["all"],
            f"{reverse('secretary_problems')}?state=open",
            "list-check",
            "danger" if due["late"] else "primary",
        ),
    ]


def tiles_above(user: Any) -> list[Tile]:
    """What waits for the organization above. Two queries, none for whom it does not concern."""
    if not holds(user, Cap.SECRETARY_GRADE):
        return []
    reports = SecretaryReport.objects.allowed(user, Cap.SECRETARY_GRADE).under_way()
    waiting = reports.filter(state=ReportState.SUBMITTED).count()
    return [
        Tile(
            _("Reports of secretaries to grade"),
            waiting,
            f"{reverse('secretary_list')}?state=submitted",
            "presentation",
        ),
        Tile(
            _("Problems of secretaries reported as put right"),
            problems_waiting(user).count(),
            f"{reverse('secretary_problems')}?state=reported",
            "checks",
            "warning",
        ),
    ]


def register() -> None:
    desk.register(TileSource("own_report", own_tiles))
    desk.register(TileSource("secretaries", tiles_above))
