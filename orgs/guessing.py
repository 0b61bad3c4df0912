"""Looking members up by id number without letting anybody try numbers out until somebody appears."""

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from campaign.common.errors import DomainError

MISSES = 30
"""So many different numbers that lead to nobody may be looked up in an hour with one account: mistyped ones, not a search
through the birthdays of a year."""
WINDOW = 3600


def looked_up(viewer: Any, digest: str, find: Callable[[], int | None]) -> int | None:
    """Return the key that `find` gives for the number with this keyed hash; None when it leads to nobody in reach.

    A miss counts once for each number: paging and reloading do not look again. Raises DomainError after MISSES of them.
    """
    counter = f"id_search:{viewer.pk}"
    if cache.get(tried := f"{counter}:{digest}"):
        return find()
    cache.add(counter, 0, WINDOW)
    # Counted before it is looked up, so that many at once do not slip through.
    if cache.incr(counter) > MISSES:
        raise DomainError(
            _(
                "Too many id numbers that lead to nobody were searched for with this account. Try again in an hour, or by name."
            )
        )
    found = find()
    if found is None:
        cache.set(tried, 1, WINDOW)
    else:
        cache.decr(counter)
    return found
