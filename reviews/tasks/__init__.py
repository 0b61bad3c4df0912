from reviews.tasks.rounds import close_rounds, forget_marks

__all__ = ["close_rounds", "forget_marks"]
