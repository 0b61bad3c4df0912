from celery import shared_task

from reviews.services.rounds import rounds_close_due, rounds_forget_due


@shared_task(name="reviews.close_rounds")
def close_rounds() -> None:
    """Every minute: close and seal the rounds whose time is over."""
    rounds_close_due()


@shared_task(name="reviews.forget_marks")
def forget_marks() -> None:
    """Every night: delete who voted in rounds whose time for objections is over."""
    rounds_forget_due()
