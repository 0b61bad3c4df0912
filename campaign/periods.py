"""Dates of half-years and their codes (`2026H1`)."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    code: str
    starts_on: dt.date
    ends_on: dt.date


def half_years(first: dt.date, last: dt.date) -> list[Span]:
    """Return the calendar half-years that touch the days from `first` to `last`, in order."""
    spans = []
    year, half = first.year, 1 if first.month <= 6 else 2
    while dt.date(year, 1 if half == 1 else 7, 1) <= last:
        starts = dt.date(year, 1 if half == 1 else 7, 1)
        ends = dt.date(year, 6, 30) if half == 1 else dt.date(year, 12, 31)
        spans.append(Span(f"{year}H{half}", starts, ends))
        year, half = (year, 2) if half == 1 else (year + 1, 1)
    return spans
