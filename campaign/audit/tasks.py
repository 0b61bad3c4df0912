import logging

from celery import shared_task

from campaign.audit.services import audit_chain, audit_heads_export, audit_latest_export

logger = logging.getLogger(__name__)


@shared_task(name="audit.chain")
def chain() -> None:
    """Every minute: chain what is new, and write the head of the chain outside the database."""
    grown = 0
    while found := audit_chain():
        grown += found
    if grown and not audit_latest_export():
        logger.error("The audit log is not the one whose head was exported last. Run manage.py verify_audit.")


@shared_task(name="audit.heads")
def heads() -> None:
    """Once a day: write the head of the chain outside the database."""
    audit_heads_export()
