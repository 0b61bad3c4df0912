"""What form d.5 and the statistics of a campaign read of mass evaluations: rounds, subjects and results, as far as the person may
look them up, and the place of a figure on the pages of a result."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.urls import reverse

from campaign.ballots.models import Result, Subject
from campaign.common import clock
from campaign.common.access import reaches_all, under
from campaign.common.capabilities import Cap
from campaign.common.errors import NotAllowed
from campaign.common.text import is_key
from campaign.reports.registry import ReportRequest
from reviews.models.rounds import EvaluationRound, RoundState
from reviews.questionnaires import OPINIONS
from reviews.selectors.rounds import results_for


def published(request: ReportRequest) -> Any:
    """Return the rounds sealed in the period whose published results the person may see. `request.user` None sees all."""
    rounds = EvaluationRound.objects.published() if request.user is None else results_for(request.user)
    period = request.period
    if period is None or request.campaign is None:
        return rounds.none()
    return rounds.filter(
        campaign=request.campaign,
        ballot__sealed_at__gte=clock.start_of(period.starts_on),
        ballot__sealed_at__lt=clock.start_of(period.ends_on + dt.timedelta(days=1)),
    ).exclude(template__in=OPINIONS)


def subjects_of(request: ReportRequest, audience: str | None = None) -> Any:
    """Return the subjects of the report: what the person could look up round by round. `request.user` None sees all."""
    mine = request.seen(Subject.objects.all())
    found = mine.filter(_told(request), result__isnull=False)
    if audience:
        found = found.filter(audience=audience)
    return found


def rounds_of(request: ReportRequest) -> Any:
    """Return the rounds held in the subtree of the report whose results in it the person may see."""
    held = published(request)
    return held.filter(under(request.organization.path, "organization__path"))


def results_of(request: ReportRequest) -> Any:
    """Return the results of these subjects."""
    found = Result.objects.filter(_told(request, "subject__"))
    if request.user is None or reaches_all(request.user, Cap.ROUND_RESULTS, request.organization.path):
        return found
    return found.filter(subject__in=Subject.objects.visible_to(request.user).order_by().values("pk"))


def _told(request: ReportRequest, subject: str = "") -> Q:
    """Return the condition that the subject to which `subject` leads lies in the report and its round is published in the
    period."""
    ballots = {f"{subject}ballot__in": published(request).values("pk")}
    state = {f"{subject}ballot__round__state": RoundState.PUBLISHED}
    return under(request.organization.path, f"{subject}organization__path") & Q(**ballots, **state)


TOTAL = "total"
"""The part of a row that is about all classes of a subject together."""
OF_THE_SUBJECT = {
    f"class-{TOTAL}-entitled": "entitled",
    f"class-{TOTAL}-returned": "returned",
    f"class-{TOTAL}-weighted": "total",
}
"""Figures of all classes together that stand above them, for an invalid result too."""
OF_THE_ROUND = ("rank-", "all-")
"""Figures that stand on the page of the whole round."""
Tally = Callable[[ReportRequest, str], str]


def tally(figure: str) -> Tally:
    """Return what is behind a figure of a subject. Votes are no list: it is the place on the page of the result where the figure
    stands. The key of a row is that of the subject, and of a question (`12-7`) or class (`12-A`). Raises NotAllowed."""

    def place(request: ReportRequest, key: str) -> str:
        pk, _dash, part = key.partition("-")
        subject = subjects_of(request).filter(pk=int(pk) if is_key(pk) else 0).first()
        if subject is None:
            raise NotAllowed
        anchor = figure.format(part=part or TOTAL, subject=subject.pk)
        anchor = OF_THE_SUBJECT.get(anchor, anchor)
        if anchor.startswith(OF_THE_ROUND):
            return f"{reverse('round_results', args=[subject.ballot_id])}#{anchor}"
        return f"{reverse('round_result', args=[subject.ballot_id, subject.pk])}#{anchor}"

    return place
