from celery import shared_task

from pledges.services.importing import pledge_imports_expire
from pledges.services.summarizing import summaries_refresh


@shared_task(name="pledges.summaries")
def summaries() -> None:
    summaries_refresh()


@shared_task(name="pledges.expire_imports")
def expire_imports() -> None:
    pledge_imports_expire()
