"""The lines of a score in one compact, versioned column: "2;3/4/2500a;0/0/0s" — version, then for every item of the sheet, in
its order, numerator / denominator / points and the letter of its state.

`expression` is what writes it for all subjects at once, `pack` for one.
"""

from collections.abc import Sequence

from campaign.scoring.arithmetic import Item, Line
from campaign.scoring.choices import LineState, WhenNothing

VERSION = "2"
CODES = {LineState.ANSWERED: "a", LineState.SKIPPED: "s", LineState.NOTHING: "n"}
STATES = {code: state for state, code in CODES.items()}


def pack(lines: Sequence[Line]) -> str:
    """Return the stored form."""
    return ";".join(
        [VERSION, *(f"{line.numerator}/{line.denominator}/{line.points}{CODES[line.state]}" for line in lines)]
    )


def unpack(stored: str, keys: Sequence[str]) -> dict[str, Line]:
    """Return the lines by the key of their item (`keys`: of the sheet, in order); nothing where nothing is stored.

    Raises ValueError for a version that this program does not know, or lines that are not those of the sheet.
    """
    if not stored:
        return {}
    version, *lines = stored.split(";")
    if version != VERSION:
        raise ValueError("the lines of this score were written by another version of the program")
    return {key: _line(text) for key, text in zip(keys, lines, strict=True)}


def _line(text: str) -> Line:
    numerator, denominator, points = text[:-1].split("/")
    return Line(int(numerator), int(denominator), int(points), STATES[text[-1]])


def expression(columns: Sequence[tuple[Item, str, str, str]]) -> str:
    """Return the stored form as SQL, from (item, numerator, denominator, points)."""
    parts = [f"'{VERSION}'"]
    for item, n, d, points in columns:
        without = CODES[LineState.SKIPPED if item.when_nothing == WhenNothing.SKIP else LineState.NOTHING]
        state = f"CASE WHEN {d} = 0 THEN '{without}' ELSE '{CODES[LineState.ANSWERED]}' END"
        parts.append(f"';' || {n} || '/' || {d} || '/' || {points} || {state}")
    return " || ".join(parts)
