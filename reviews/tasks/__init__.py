from reviews.tasks.rounds import close_rounds

__all__ = ["close_rounds"]
