from celery import shared_task

from campaign.lists.services import lists_expire


@shared_task(name="lists.expire")
def expire() -> int:
    """Delete workbooks that nobody stored (beat, daily)."""
    return lists_expire()
