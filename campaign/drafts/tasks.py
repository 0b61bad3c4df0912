from celery import shared_task

from campaign.drafts.services import drafts_expire


@shared_task(name="drafts.expire")
def expire() -> int:
    """Delete drafts that nobody came back to (beat, daily)."""
    return drafts_expire()
