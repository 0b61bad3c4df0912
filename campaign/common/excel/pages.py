"""Where the printed pages of a sheet end, so that signature and notes never stand on a page of their own (2-domain d.0).

Spreadsheets break pages by themselves; what they do follows from the heights of the rows and the width to which the table is
fitted. It is reckoned, not asked: where it is close, the last rows go over to the next page with what stands below them.
"""

from collections import deque
from collections.abc import Sequence

A4_POINTS = (595.3, 841.9)
A3_POINTS = (841.9, 1190.6)
ENOUGH = 3
"""So many rows go over at the most."""
_CLOSE = 11.0
"""Points about which spreadsheets may disagree: half a row."""


def points(widths: Sequence[float]) -> float:
    """Return the width of columns in points: 7 pixels a character and 5 beside them, at 96 to the inch."""
    return sum(width * 7 + 5 for width in widths) * 0.75


class Pages:
    """Follows the rows of a table down its pages. Heights and widths are in points, `room` is (width, height) of a page within
    its margins, `above` what stands over the rows of the first page, `repeated` over those of the others."""

    def __init__(self, room: tuple[float, float], width: float, *, above: float, repeated: float) -> None:
        self._room = room[1] * width / room[0] if width > room[0] else room[1]
        self._used = above
        self._repeated = repeated
        self._last: deque[float] = deque(maxlen=ENOUGH)

    def add(self, height: float) -> None:
        """Put the next row on its page."""
        self._used += height
        if self._used > self._room:
            self._used = self._repeated + height
        self._last.append(height)

    def taken_along(self, below: float) -> int:
        """Return how many of the last rows have to go over to the next page with what stands `below` the table; 0 where it fits,
        and where a page of its own has no room for it."""
        if self._used + below + _CLOSE <= self._room:
            return 0
        count, height = 0, self._repeated + below
        for row in reversed(self._last):
            if height + row > self._room * 2 / 3 and count:
                break
            count, height = count + 1, height + row
        return count if height <= self._room else 0
