"""Grades and ranks of totals: pure functions over plain numbers."""

from collections.abc import Sequence
from typing import Any


def grade_of(bands: Sequence[Sequence[Any]], total: int | None) -> str:
    """Return the name of the band that a total (hundredths) lies in; nothing for no total. `bands` as in
    `EvaluationRound.bands`."""
    return "" if total is None else next((str(name) for edge, name in bands if total >= edge), "")


def ranks(totals: Sequence[int]) -> dict[int, int]:
    """Return the rank of each total: 1, 2, 2, 4."""
    first: dict[int, int] = {}
    for place, total in enumerate(sorted(totals, reverse=True), start=1):
        first.setdefault(total, place)
    return first
