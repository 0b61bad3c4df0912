"""The days of the demo's story, counted from the day it is made, so that every page has a past and a present."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.utils import timezone

from campaign.common import clock

STAGES = ("pledges", "reviews", "evaluation", "awards", "closed")


@dataclass(frozen=True)
class Story:
    """`today` is the last day; the campaign began on 1 January, nine months ago or longer, so that the first half-year is
    over. `stage` says how far things went."""

    today: dt.date
    stage: str

    @property
    def begin(self) -> dt.date:
        return dt.date((self.today - dt.timedelta(days=270)).year, 1, 1)

    def reached(self, stage: str) -> bool:
        return STAGES.index(stage) <= STAGES.index(self.stage)

    def day(self, month: int, day: int) -> dt.date:
        """Return a day of the campaign's first year."""
        return dt.date(self.begin.year, month, day)


@contextmanager
def on(day: dt.date, hour: int = 9, minute: int = 0) -> Iterator[None]:
    """Let the clock stand at an office hour of `day`."""
    moment = dt.datetime.combine(day, dt.time(hour, minute))
    with clock.at(timezone.make_aware(moment)):
        yield
