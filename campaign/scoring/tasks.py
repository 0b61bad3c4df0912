from celery import shared_task

from campaign.scoring.services import score_runs_nightly


@shared_task(name="scoring.nightly")
def nightly() -> None:
    score_runs_nightly()
