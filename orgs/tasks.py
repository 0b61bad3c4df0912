from celery import shared_task

from orgs.services.imports import import_files_expire


@shared_task(name="orgs.expire_imports")
def expire_imports() -> None:
    import_files_expire()
