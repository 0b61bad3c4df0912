"""The digest of a result: every organization's is the SHA-256 over its own canonical lines, in their order, and then over the
digests of those directly below it, in the order of the tree. So parts of the tree are digested one by one, by whom they were
computed, and the same lines give the same digest however the work was shared.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from operator import itemgetter

from orgs.models import Organization

STEP = Organization.steplen
LINE, BELOW = 0, 1


def fold(lines: Iterable[tuple[str, str]], least: int, below: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the digests of the organizations whose places have `least` characters, by place.

    `lines` are (place, canonical line), in the order of the places; `below` are digests that are known already, by place.
    Raises ValueError for lines out of order.
    """
    known = ((place, BELOW, (below or {})[place]) for place in sorted(below or {}))
    found: dict[str, str] = {}
    open_: list[
        tuple[str, list[str]]
    ] = []  # from the top down to where the lines are now, each with what it has so far
    last = ""
    for place, kind, text in merge(((place, LINE, line) for place, line in lines), known, key=itemgetter(0)):
        if place < last:
            raise ValueError("lines of a digest must come in the order of the tree")
        last = place
        home = place if kind == LINE else place[:-STEP]
        _close(open_, home, found)
        open_ += ((prefix, []) for prefix in _prefixes(home, max(least, len(open_[-1][0]) + STEP if open_ else 0)))
        open_[-1][1].append(text)
    _close(open_, "", found)
    return found


def empty() -> str:
    """Return the digest of nothing."""
    return hashlib.sha256().hexdigest()


def _prefixes(place: str, least: int) -> Iterator[str]:
    return (place[:length] for length in range(least, len(place) + 1, STEP))


def _close(open_: list[tuple[str, list[str]]], home: str, found: dict[str, str]) -> None:
    """Finish the organizations that are not at or above `home`."""
    while open_ and not home.startswith(open_[-1][0]):
        place, texts = open_.pop()
        digest = hashlib.sha256("".join(f"{text}\n" for text in texts).encode()).hexdigest()
        if open_:
            open_[-1][1].append(digest)
        else:
            found[place] = digest
