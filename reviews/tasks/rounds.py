from celery import shared_task

from reviews.services.rounds import rounds_close_due


@shared_task(name="reviews.close_rounds")
def close_rounds() -> None:
    """Every minute: close and seal the rounds whose time is over."""
    rounds_close_due()
