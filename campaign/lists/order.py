"""Lists whose rows stand in an order of their own: the place of a row is a value among others."""

from collections.abc import Iterable, Sequence
from typing import Any

from campaign.lists.entries import Entry, Line

ORDER = "order"


def in_order(entries: Sequence[Entry], lines: Iterable[Line]) -> list[tuple[Entry, dict[str, Any]]]:
    """Return what the whole list says after the lines, in its new order: a row that got a place takes just that one, the others
    keep theirs among themselves, and a new one without a place comes last."""
    edited = {id(line.entry): line for line in lines}
    moved = [line for line in edited.values() if line.values is not None and _is_moved(line)]
    stay = {id(line.entry) for line in moved}
    found = []
    for entry in entries:
        line = edited.get(id(entry))
        values = line.values if line else entry.values
        if values is not None and id(entry) not in stay:
            found.append((entry, values))
    for line in sorted(moved, key=_place):
        found.insert(min(_place(line) - 1, len(found)), (line.entry, line.values or {}))
    added = [
        line for line in edited.values() if line.values and line.entry.values is None and id(line.entry) not in stay
    ]
    return found + [(line.entry, line.values or {}) for line in added]


def _is_moved(line: Line) -> bool:
    before = line.entry.values or {}
    return bool((line.values or {}).get(ORDER)) and (line.values or {})[ORDER] != before.get(ORDER)


def _place(line: Line) -> int:
    return int((line.values or {})[ORDER])
