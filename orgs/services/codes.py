"""Codes that are made where a file or a form gives none: short, never given twice, never changed."""

from dataclasses import dataclass

from django.db import models
from django.db.models import F

from orgs.models import Counter, Member, Organization


@dataclass(frozen=True)
class Series:
    """Codes of one kind: a prefix and a running number of at least `width` digits."""

    prefix: str
    width: int
    model: type[models.Model]
    field: str


ORGANIZATION_CODES = Series("DZ", 5, Organization, "code")
PERSONNEL_NUMBERS = Series("DY", 7, Member, "personnel_no")


def codes_next(series: Series, count: int) -> list[str]:
    """Return the next `count` free codes of `series`; call it inside the transaction that stores them.

    Raising the counter locks its row, so two people never get the same code; a rollback gives the numbers back.
    """
    Counter.objects.get_or_create(key=series.prefix)
    free: list[str] = []
    while missing := count - len(free):
        Counter.objects.filter(key=series.prefix).update(last=F("last") + missing)
        last = Counter.objects.values_list("last", flat=True).get(key=series.prefix)
        made = [f"{series.prefix}{number:0{series.width}d}" for number in range(last - missing + 1, last + 1)]
        # Somebody may have typed such a code by hand.
        span = {f"{series.field}__gte": made[0], f"{series.field}__lte": made[-1]}
        taken = set(series.model._default_manager.filter(**span).values_list(series.field, flat=True))
        free += [code for code in made if code not in taken]
    return free
