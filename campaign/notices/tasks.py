from celery import shared_task

from campaign.notices.services import reminders_sweep


@shared_task(name="notices.sweep")
def sweep() -> None:
    reminders_sweep()
