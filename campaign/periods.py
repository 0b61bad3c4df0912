"""Dates of months, quarters, half-years and years, and their codes (`2026M05`, `2026Q2`, `2026H1`, `2026`)."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
"""How many months a period of each kind has."""
CODES = {"month": "{year}M{number:02d}", "quarter": "{year}Q{number}", "half_year": "{year}H{number}", "year": "{year}"}


@dataclass(frozen=True)
class Span:
    code: str
    starts_on: dt.date
    ends_on: dt.date


def spans(kind: str, first: dt.date, last: dt.date) -> list[Span]:
    """Return the calendar periods of a kind that touch the days from `first` to `last`, in order."""
    months = MONTHS[kind]
    year, number = first.year, (first.month - 1) // months
    found = []
    while (starts := dt.date(year, number * months + 1, 1)) <= last:
        year_after, month_after = divmod(year * 12 + (number + 1) * months, 12)
        ends = dt.date(year_after, month_after + 1, 1) - dt.timedelta(days=1)
        found.append(Span(CODES[kind].format(year=year, number=number + 1), starts, ends))
        year, number = (year, number + 1) if number + 1 < 12 // months else (year + 1, 0)
    return found


def period_name(kind: str, starts_on: dt.date, code: str) -> str:
    """Return how people name the calendar period of a kind that begins on a day; one with days of its own goes by its code."""
    year = starts_on.year
    if kind == "half_year":
        return (_("first half of %(year)s") if starts_on.month < 7 else _("second half of %(year)s")) % {"year": year}
    if kind == "quarter":
        return _("quarter %(number)s of %(year)s") % {"number": (starts_on.month + 2) // 3, "year": year}
    if kind == "month":
        return _("month %(month)s of %(year)s") % {"month": starts_on.month, "year": year}
    return _("year %(year)s") % {"year": year} if kind == "year" else code


def half_years(first: dt.date, last: dt.date) -> list[Span]:
    """Return the calendar half-years that touch the days from `first` to `last`, in order."""
    return spans("half_year", first, last)
