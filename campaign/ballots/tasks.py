import logging

from celery import shared_task

from campaign.ballots import services

logger = logging.getLogger(__name__)


@shared_task(name="ballots.clean")
def clean() -> None:
    """Every minute, and after sealing: clean what is left of emptied storage."""
    services.storage_clean()


@shared_task(name="ballots.turnout")
def turnout() -> None:
    services.turnout_refresh()


def announce() -> None:
    """Ask a worker to clean now. A lost message does no harm: the task runs every minute."""
    try:
        clean.delay()
    except OSError:
        logger.warning("cleaning could not be announced; the scheduler will")
