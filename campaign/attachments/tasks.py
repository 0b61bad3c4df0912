from celery import shared_task

from campaign.attachments.services import attachments_expire


@shared_task(name="attachments.expire")
def expire() -> None:
    attachments_expire()
