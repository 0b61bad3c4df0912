from celery import shared_task
from django.core.management import call_command

from orgs.services.code_sheets import code_sheets_expire
from orgs.services.imports import import_files_expire
from orgs.services.passwords import reset_link_send


@shared_task(name="orgs.expire_imports")
def expire_imports() -> None:
    import_files_expire()


@shared_task(name="orgs.expire_sign_in")
def expire_sign_in() -> None:
    """Delete sessions and sheets of codes whose time is over."""
    call_command("clearsessions")
    code_sheets_expire()


@shared_task(name="orgs.send_reset_link")
def send_reset_link(user_id: int, address: str) -> None:
    reset_link_send(user_id=user_id, address=address)
