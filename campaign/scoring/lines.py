"""The lines of a score in one compact, versioned column: one array per item, in the order of the sheet."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from campaign.scoring.arithmetic import Line, Score
from campaign.scoring.choices import LineState

VERSION = 1
CODES = {LineState.ANSWERED: "a", LineState.SKIPPED: "s", LineState.NOTHING: "n"}
STATES = {code: state for state, code in CODES.items()}


def pack(keys: Sequence[str], score: Score) -> dict[str, Any]:
    """Return the stored form: {"v": 1, "items": [[key, numerator, denominator, points, state], …]}."""
    rows = [
        [key, line.numerator, line.denominator, line.points, CODES[line.state]]
        for key, line in zip(keys, score.lines, strict=True)
    ]
    return {"v": VERSION, "items": rows}


def unpack(stored: Mapping[str, Any]) -> dict[str, Line]:
    """Return the lines by the key of their item; raises ValueError for a version that this program does not know."""
    if not stored:
        return {}
    if stored.get("v") != VERSION:
        raise ValueError("the lines of this score were written by another version of the program")
    return {
        key: Line(numerator, denominator, points, STATES[code])
        for key, numerator, denominator, points, code in stored["items"]
    }


def canonical(value: object) -> bytes:
    """Return the one spelling of `value` that digests are made from."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
