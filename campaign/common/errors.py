"""Errors that a person can be told: each carries a text in the reader's language that says what to do."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A rule of the domain forbids what was asked for. Nothing was changed."""

    message: str | Promise = _("This is not possible now.")

    def __init__(self, message: str | Promise | None = None) -> None:
        super().__init__(message)
        if message is not None:
            self.message = message

    def __str__(self) -> str:
        return str(self.message)


class NotAllowed(DomainError):
    """The person may not do this to this object; views answer "not found"."""

    message = _("You may not do this.")


class StateConflict(DomainError):
    """The object is not (or no longer) in a state in which this is possible."""

    message = _(
        "Someone else has changed this meanwhile, or the step is not possible now. Reload the page and look again."
    )


class EditConflict(DomainError):
    """The object was changed since the form was opened; what was typed stays in the form."""

    message = _(
        "Someone else has saved this meanwhile. Your text is still in the form: "
        "open the current version in another tab, compare, and save again."
    )
