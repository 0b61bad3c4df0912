import datetime as dt

from celery import shared_task

from campaign.common import clock
from campaign.scoring.services import score_runs_nightly, scores_fall_due, scores_refresh


@shared_task(name="scoring.nightly")
def nightly() -> None:
    score_runs_nightly()


@shared_task(name="scoring.refresh")
def refresh() -> None:
    scores_refresh()


@shared_task(name="scoring.fall_due")
def fall_due() -> None:
    """At midnight: what became overdue with the new day. Two days, since a night may have been missed: the nightly run does the
    rest."""
    today = clock.today()
    scores_fall_due(after=today - dt.timedelta(days=2), until=today)
