"""The geometry of the plots: whole numbers for small drawings in the page itself. Every plot stands beside a table of its
figures, so nothing hangs on seeing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin

WIDTH, HEIGHT = 400, 230
LEFT, RIGHT, TOP, BOTTOM = 34, 12, 18, 30
"""Margins for the labels of the axes."""
INSET = 28
"""Room for half a label beside the first and the last period."""
PERCENT = 100_00


@dataclass(frozen=True)
class Mark:
    """A place in a plot, with what is written there."""

    x: int
    y: int
    text: str = ""


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    width: int
    height: int
    middle: int
    label: str
    number: int


def bars(columns: Sequence[tuple[str, int]]) -> list[Bar]:
    """Return a column for each (label, number)."""
    if not columns:
        return []
    most = max(1, *(number for _label, number in columns))
    step = (WIDTH - 2 * RIGHT) // len(columns)
    room = HEIGHT - TOP - BOTTOM
    found = []
    for place, (label, number) in enumerate(columns):
        height = number * room // most
        x, width = RIGHT + place * step + step // 8, step - step // 4
        found.append(Bar(x, HEIGHT - BOTTOM - height, width, height, x + width // 2, label, number))
    return found


@dataclass(frozen=True)
class Chart:
    """Lines over the periods: `own` and `median` as points of a polyline, in stretches where a period has nothing."""

    labels: list[Mark]
    grid: list[Mark]
    own: list[str]
    median: list[str]
    dots: list[Mark]


def chart(labels: Sequence[str], own: Sequence[int | None], middle: Sequence[int | None]) -> Chart:
    """Draw totals in hundredths; the scale begins at 0 and ends at 100 marks, or above the highest total."""
    highest = max([PERCENT, *(value for value in (*own, *middle) if value is not None)])
    top = -(-highest // 20_00) * 20_00
    xs = [_x(place, len(labels)) for place in range(len(labels))]
    return Chart(
        labels=[Mark(x, HEIGHT - 10, label) for x, label in zip(xs, labels, strict=True)],
        grid=[Mark(LEFT, _y(value, top), str(value // 100)) for value in range(0, top + 1, 20_00)],
        own=_stretches(xs, own, top),
        median=_stretches(xs, middle, top),
        dots=[
            Mark(x, _y(value, top), f"{value / 100:.2f}") for x, value in zip(xs, own, strict=True) if value is not None
        ],
    )


def _x(place: int, number: int) -> int:
    room = WIDTH - LEFT - RIGHT - 2 * INSET
    return LEFT + INSET + (room // 2 if number == 1 else place * room // (number - 1))


def _y(value: int, top: int) -> int:
    return HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM) // top


def _stretches(xs: Sequence[int], values: Sequence[int | None], top: int) -> list[str]:
    found: list[list[str]] = [[]]
    for x, value in zip(xs, values, strict=True):
        if value is None:
            found.append([])
        else:
            found[-1].append(f"{x},{_y(value, top)}")
    return [" ".join(points) for points in found if len(points) > 1]


RADAR = 130
"""Half the width of a radar; its outer ring stands at 80."""
RING = 80


@dataclass(frozen=True)
class Radar:
    rings: list[str]
    spokes: list[Mark]
    labels: list[Mark]
    own: str
    median: str


def radar(axes: Sequence[tuple[str, int, int | None]]) -> Radar:
    """Draw (label, own, median) with values in hundredths of a percent; nothing is drawn for a median that is not told."""
    number = len(axes)
    full = [PERCENT] * number
    told = all(middle is not None for _label, _own, middle in axes)
    return Radar(
        rings=[_polygon([part * PERCENT // 4] * number) for part in range(1, 5)],
        spokes=_places(full, RING),
        labels=[
            Mark(mark.x, mark.y + 4, label)
            for mark, (label, _own, _median) in zip(_places(full, RING + 12), axes, strict=True)
        ],
        own=_polygon([value for _label, value, _median in axes]),
        median=_polygon([value or 0 for _label, _own, value in axes]) if told else "",
    )


def _places(values: Sequence[int], ring: int) -> list[Mark]:
    found = []
    for place, value in enumerate(values):
        angle = 2 * pi * place / len(values) - pi / 2
        away = ring * min(value, PERCENT) / PERCENT
        found.append(Mark(round(RADAR + away * cos(angle)), round(RADAR + away * sin(angle))))
    return found


def _polygon(values: Sequence[int]) -> str:
    return " ".join(f"{mark.x},{mark.y}" for mark in _places(values, RING))
