from celery import shared_task

from campaign.audit.services import audit_chain, audit_heads_export


@shared_task(name="audit.chain")
def chain() -> None:
    while audit_chain() >= 20_000:
        pass


@shared_task(name="audit.heads")
def heads() -> None:
    """Once a day: write the head of the chain outside the database."""
    audit_heads_export()
