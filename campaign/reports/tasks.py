from celery import shared_task

from campaign.reports.schedules import schedules_run


@shared_task(name="reports.schedules")
def run_schedules() -> None:
    schedules_run()
