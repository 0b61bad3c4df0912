import datetime as dt

from celery import shared_task

from campaign.common import clock
from campaign.models import Campaign
from campaign.scoring.services import merits_propose, periods_end, score_runs_nightly, scores_fall_due, scores_refresh


@shared_task(name="scoring.nightly")
def nightly() -> None:
    """What was honoured is proposed as it is announced; the night finds what was honoured before its period was added."""
    for campaign in Campaign.objects.running():
        merits_propose(campaign=campaign)
    score_runs_nightly()


@shared_task(name="scoring.refresh")
def refresh() -> None:
    scores_refresh()


@shared_task(name="scoring.midnight")
def midnight() -> None:
    """Keep the trees of periods that ended, and mark what became overdue with the new day. Two days, since a night may have
    been missed: the nightly run does the rest."""
    periods_end()
    today = clock.today()
    scores_fall_due(after=today - dt.timedelta(days=2), until=today)
