"""The one clock. Everything that asks for the time asks here, so that the demo and the tests can set it.

`at(moment)` sets it for the current thread or task; nothing else may.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.utils import timezone

_set_to: ContextVar[dt.datetime | None] = ContextVar("clock", default=None)


def now() -> dt.datetime:
    """Return the present moment, time zone aware."""
    return _set_to.get() or timezone.now()


def today() -> dt.date:
    """Return the present date in the time zone of the installation (Asia/Shanghai)."""
    return timezone.localtime(now()).date()


@contextmanager
def at(moment: dt.datetime) -> Iterator[None]:
    """Let the clock stand at `moment` (aware) within the block."""
    if timezone.is_naive(moment):
        raise ValueError("the clock needs an aware moment")
    token = _set_to.set(moment)
    try:
        yield
    finally:
        _set_to.reset(token)


def read(written: str) -> dt.datetime | None:
    """Return the moment that a page has written into a form (ISO 8601); None for what is none."""
    try:
        return dt.datetime.fromisoformat(written).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def start_of(day: dt.date) -> dt.datetime:
    """Return the first moment of `day` in the time zone of the installation."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))
