"""Reminder rules: each app registers its own; the sweep asks each for what is due."""

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.functional import Promise

from campaign.common.registry import Registry


@dataclass(frozen=True)
class Due:
    """One reminder: `subject` makes it unique per user and rule, so that a sweep never sends it twice."""

    user_id: int
    subject: str
    text: str
    url: str
    due_on: dt.date


@dataclass(frozen=True)
class ReminderRule:
    """`due(day)` gives everything to remind of on `day`, in a constant number of queries."""

    key: str
    label: str | Promise
    due: Callable[[dt.date], Iterable[Due]]


reminders: Registry[ReminderRule] = Registry("reminders")
