"""The arithmetic of `docs/scoring.md` once more as SQL: whole numbers only, half up, the same on both databases.

`arithmetic` says it for one subject, in Python, for explanations and previews; here it is said for all subjects at once. Every
expression has a largest figure up to which no product passes 63 bits (`limit`): the engine refuses what is larger.
"""

from functools import singledispatch
from math import gcd

from campaign.common.exact import MAX, half_up
from campaign.scoring.arithmetic import FULL_SHEET, UNIT, AllOrNothing, Banded, Item, Method, PerCase, Proportional
from campaign.scoring.choices import WhenNothing


def rounded(top: str, bottom: str) -> str:
    """Return top / bottom rounded half up to a whole number; both at least 0, bottom above it."""
    return f"((2 * ({top}) + ({bottom})) / (2 * ({bottom})))"


@singledispatch
def points(method: Method, n: str, d: str, full: int) -> str:
    """Return the points (hundredths) of a figure n / d with d above 0, as an SQL expression."""
    raise TypeError(method)


@points.register
def _(method: Proportional, n: str, d: str, full: int) -> str:
    common = gcd(UNIT, method.target)
    top, bottom = f"{n} * {UNIT // common}", f"{d} * {method.target // common}"
    return f"CASE WHEN {top} >= {bottom} THEN {full} ELSE {rounded(f'{full} * {top}', bottom)} END"


@points.register
def _(method: Banded, n: str, d: str, full: int) -> str:
    steps = " ".join(
        f"WHEN {n} * {UNIT} >= {low} * {d} THEN {half_up(full * share, UNIT)}" for low, share in reversed(method.bands)
    )
    return f"CASE {steps} ELSE 0 END"


@points.register
def _(method: PerCase, n: str, d: str, full: int) -> str:
    left = f"{d} * {full} - {n} * {method.marks}"
    return f"CASE WHEN {n} * {method.marks} >= {d} * {full} THEN 0 ELSE {rounded(left, d)} END"


@points.register
def _(method: AllOrNothing, n: str, d: str, full: int) -> str:
    return f"CASE WHEN {n} * {UNIT} >= {method.threshold} * {d} THEN {full} ELSE 0 END"


@singledispatch
def limit(method: Method, full: int) -> int:
    """Return the largest numerator and denominator for which nothing in `points` passes 63 bits."""
    raise TypeError(method)


@limit.register
def _(method: Proportional, full: int) -> int:
    return MAX // (2 * full * UNIT + 2 * method.target)


@limit.register
def _(method: Banded, full: int) -> int:
    return MAX // max(UNIT, method.bands[-1][0])


@limit.register
def _(method: PerCase, full: int) -> int:
    return MAX // (2 * full + method.marks + 2)


@limit.register
def _(method: AllOrNothing, full: int) -> int:
    return MAX // max(UNIT, method.threshold)


def item_points(item: Item, n: str, d: str) -> str:
    """Return the points of an item, whatever there is to measure."""
    nothing = item.full if item.when_nothing == WhenNothing.FULL else 0
    return f"CASE WHEN {d} = 0 THEN {nothing} ELSE {points(item.method, n, d, item.full)} END"


def base(items: list[tuple[Item, str, str]]) -> str:
    """Return the base from (item, its points, its denominator): the sum, folded to 100 where items were left out; null
    where all were."""
    total = " + ".join(earned for _item, earned, _d in items)
    skipped = [(item, d) for item, _earned, d in items if item.when_nothing == WhenNothing.SKIP]
    if not skipped:
        return total
    missing = "(" + " + ".join(f"CASE WHEN {d} = 0 THEN {item.full} ELSE 0 END" for item, d in skipped) + ")"
    whole = sum(item.full for item, _earned, _d in items)
    folded = rounded(f"({total}) * {FULL_SHEET}", f"{whole} - {missing}")
    return f"CASE WHEN {missing} = 0 THEN {total} WHEN {missing} = {whole} THEN NULL ELSE {folded} END"
