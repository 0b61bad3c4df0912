from celery import shared_task

from pledges.services.summarizing import summaries_refresh


@shared_task(name="pledges.summaries")
def summaries() -> None:
    summaries_refresh()
