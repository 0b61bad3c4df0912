"""From raw figures to marks and grades, by the rules of `docs/scoring.md`. Integers only: the same on every machine.

Marks are hundredths (30 marks = 3000). Targets, thresholds and shares are ten-thousandths (UNIT = 1 = 100 %). A raw figure is
numerator / denominator, both at least 0; a denominator of 0 means that there is nothing to measure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import gcd
from typing import Any, ClassVar, Protocol

from campaign.common.exact import MAX, half_up
from campaign.scoring.choices import LineState, MethodKind, WhenNothing

UNIT = 10_000
FULL_SHEET = 100_00
"""The full marks of a sheet: 100, in hundredths."""

Share = tuple[int, int]
Figure = tuple[int, int]
NOTHING: Figure = (0, 0)


class Method(Protocol):
    """How a raw figure becomes a share of the full marks."""

    kind: ClassVar[MethodKind]

    def share(self, numerator: int, denominator: int, full: int) -> Share:
        """Return the share of `full` marks, a fraction from 0 to 1, for a figure with a denominator above 0."""
        ...

    def goal(self, numerator: int, denominator: int) -> int | None:
        """Return the nearest numerator that earns a higher share for certain; None where there is none to reach."""
        ...

    def parameters(self) -> dict[str, Any]:
        """Return what `method_of` needs to make this method again, as plain JSON."""
        ...


def _ceiling(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def _whole(value: object, name: str, least: int = 0) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MAX:
        raise ValueError(f"{name} must be a whole number, at least {least}")
    return value


@dataclass(frozen=True)
class Proportional:
    """clamp(raw / target, 0, 1)"""

    target: int
    kind: ClassVar[MethodKind] = MethodKind.PROPORTIONAL

    def __post_init__(self) -> None:
        _whole(self.target, "target", least=1)

    def share(self, numerator: int, denominator: int, full: int) -> Share:
        reached, wanted = numerator * UNIT, denominator * self.target
        return (1, 1) if reached >= wanted else (reached, wanted)

    def goal(self, numerator: int, denominator: int) -> int | None:
        wanted = _ceiling(denominator * self.target, UNIT)
        return wanted if numerator < wanted else None

    def parameters(self) -> dict[str, Any]:
        return {"target": self.target}


@dataclass(frozen=True)
class Banded:
    """The share of the highest band that raw reaches; 0 below the lowest. `bands`: (at least, share), rising in both."""

    bands: tuple[tuple[int, int], ...]
    kind: ClassVar[MethodKind] = MethodKind.BANDED

    def __post_init__(self) -> None:
        if not self.bands:
            raise ValueError("at least one band is needed")
        for (low, less), (high, more) in pairwise(self.bands):
            if low >= high or less >= more:
                raise ValueError("bands must rise, in their bounds and in their shares")
        if self.bands[0][0] < 0 or not self.bands[0][1] > 0 or self.bands[-1][1] > UNIT:
            raise ValueError("a band begins at 0 or above, and its share is above 0 and at most 1")

    def share(self, numerator: int, denominator: int, full: int) -> Share:
        reached = numerator * UNIT
        return next(((share, UNIT) for low, share in reversed(self.bands) if reached >= low * denominator), (0, 1))

    def goal(self, numerator: int, denominator: int) -> int | None:
        reached = numerator * UNIT
        return next(
            (_ceiling(low * denominator, UNIT) for low, _share in self.bands if reached < low * denominator), None
        )

    def parameters(self) -> dict[str, Any]:
        return {"bands": [list(band) for band in self.bands]}


@dataclass(frozen=True)
class PerCase:
    """clamp(1 − raw · marks / full, 0, 1): `marks` (hundredths) off per case until the item is used up (扣完为止)."""

    marks: int
    kind: ClassVar[MethodKind] = MethodKind.PER_CASE

    def __post_init__(self) -> None:
        _whole(self.marks, "marks", least=1)

    def share(self, numerator: int, denominator: int, full: int) -> Share:
        whole, lost = denominator * full, numerator * self.marks
        return (whole - lost, whole) if lost < whole else (0, 1)

    def goal(self, numerator: int, denominator: int) -> int | None:
        return 0 if numerator else None

    def parameters(self) -> dict[str, Any]:
        return {"marks": self.marks}


@dataclass(frozen=True)
class AllOrNothing:
    """1 if raw reaches the threshold, else 0"""

    threshold: int
    kind: ClassVar[MethodKind] = MethodKind.ALL_OR_NOTHING

    def __post_init__(self) -> None:
        _whole(self.threshold, "threshold", least=1)

    def share(self, numerator: int, denominator: int, full: int) -> Share:
        return (1, 1) if numerator * UNIT >= self.threshold * denominator else (0, 1)

    def goal(self, numerator: int, denominator: int) -> int | None:
        wanted = _ceiling(self.threshold * denominator, UNIT)
        return wanted if numerator < wanted else None

    def parameters(self) -> dict[str, Any]:
        return {"threshold": self.threshold}


def method_of(kind: str, parameters: Mapping[str, Any]) -> Method:
    """Make the method from its stored form; raises ValueError for an unknown kind or parameters that make no sense."""
    makers: dict[str, tuple[type[Any], str]] = {
        MethodKind.PROPORTIONAL: (Proportional, "target"),
        MethodKind.BANDED: (Banded, "bands"),
        MethodKind.PER_CASE: (PerCase, "marks"),
        MethodKind.ALL_OR_NOTHING: (AllOrNothing, "threshold"),
    }
    if kind not in makers:
        raise ValueError(f"there is no method {kind!r}")
    maker, name = makers[kind]
    if set(parameters) != {name}:
        raise ValueError(f"the method {kind!r} takes exactly {name!r}")
    value = parameters[name]
    if maker is Banded:
        value = tuple((_whole(low, "at least"), _whole(share, "share")) for low, share in value)
    made: Method = maker(value)
    return made


@dataclass(frozen=True)
class Item:
    """A base item of a sheet: at most `full` hundredths."""

    full: int
    method: Method
    when_nothing: WhenNothing = WhenNothing.ZERO


@dataclass(frozen=True)
class Line:
    """What became of one item. A skipped one has 0 points and does not count in the base."""

    numerator: int
    denominator: int
    points: int
    state: LineState


@dataclass(frozen=True)
class Bonus:
    """Marks for one `work`; honoured at several levels, it counts once, at the highest."""

    work: str
    points: int


@dataclass(frozen=True)
class Grade:
    """A grade for totals of at least `at_least` hundredths."""

    at_least: int
    name: str


@dataclass(frozen=True)
class Ceiling:
    """`grade` is the best that is still possible; None is the veto (一票否决): the lowest grade, and no rank."""

    grade: str | None = None


@dataclass(frozen=True)
class Entries:
    """What people entered for one subject, confirmed."""

    bonuses: tuple[Bonus, ...] = ()
    deductions: tuple[int, ...] = ()
    ceilings: tuple[Ceiling, ...] = ()


NO_ENTRIES = Entries()


@dataclass(frozen=True)
class Rules:
    """Everything of a sheet that the arithmetic needs; grades from the best down, the last from 0."""

    items: tuple[Item, ...]
    grades: tuple[Grade, ...]
    bonus_cap: int = 10_00

    def __post_init__(self) -> None:
        bounds = [grade.at_least for grade in self.grades]
        if not bounds or bounds[-1] != 0 or any(high <= low for high, low in pairwise(bounds)):
            raise ValueError("grades go down to 0, without repeating a bound")


@dataclass(frozen=True)
class Score:
    """The score of one subject. `total` None: every item was skipped, the sheet does not apply; that is not 0.

    `folded` is (Σ points, Σ full) of the items that counted when some were skipped, else None. `bonus` is after the cap,
    `bonus_entered` before it.
    """

    lines: tuple[Line, ...]
    base: int | None
    folded: tuple[int, int] | None
    bonus: int
    bonus_entered: int
    deductions: int
    total: int | None
    grade: str
    vetoed: bool


def item_line(item: Item, figure: Figure) -> Line:
    """Score one item. Raises ValueError for a negative figure, OverflowError for one past 63 bits."""
    numerator, denominator = figure
    if numerator < 0 or denominator < 0:
        raise ValueError("a raw figure has no negative part")
    if numerator > MAX or denominator > MAX:
        raise OverflowError("the raw figure does not fit 63 bits")
    if denominator == 0:
        return _nothing_line(item, numerator)
    common = gcd(numerator, denominator)
    share, whole = item.method.share(numerator // common, denominator // common, item.full)
    return Line(numerator, denominator, half_up(item.full * share, whole), LineState.ANSWERED)


def _nothing_line(item: Item, numerator: int) -> Line:
    if item.when_nothing == WhenNothing.SKIP:
        return Line(numerator, 0, 0, LineState.SKIPPED)
    return Line(numerator, 0, item.full if item.when_nothing == WhenNothing.FULL else 0, LineState.NOTHING)


def bonus_sum(bonuses: Iterable[Bonus]) -> int:
    """Return Σ bonus in hundredths before the cap, each work once at its highest."""
    highest: dict[str, int] = {}
    for bonus in bonuses:
        highest[bonus.work] = max(bonus.points, highest.get(bonus.work, 0))
    return sum(highest.values())


def score_of(rules: Rules, figures: Sequence[Figure], entries: Entries = NO_ENTRIES) -> Score:
    """Score one subject: `figures` in the order of the sheet's items."""
    lines = tuple(item_line(item, figure) for item, figure in zip(rules.items, figures, strict=True))
    counted = [(item, line) for item, line in zip(rules.items, lines, strict=True) if line.state != LineState.SKIPPED]
    points, full = sum(line.points for _item, line in counted), sum(item.full for item, _line in counted)
    folded = (points, full) if counted and len(counted) < len(lines) else None
    base = half_up(points * FULL_SHEET, full) if folded else points if counted else None
    entered, deductions = bonus_sum(entries.bonuses), sum(entries.deductions)
    bonus = min(rules.bonus_cap, entered)
    if base is None:
        return Score(lines, None, None, bonus, entered, deductions, None, "", False)
    total = max(0, base + bonus - deductions)
    grade, vetoed = grade_of(total, rules.grades, entries.ceilings)
    return Score(lines, base, folded, bonus, entered, deductions, total, grade, vetoed)


def grade_of(total: int, grades: Sequence[Grade], ceilings: Iterable[Ceiling] = ()) -> tuple[str, bool]:
    """Return the grade of `total` and whether it was vetoed. Raises ValueError for a ceiling that is no grade."""
    names = [grade.name for grade in grades]
    place = next(index for index, grade in enumerate(grades) if total >= grade.at_least)
    vetoed = False
    for ceiling in ceilings:
        vetoed = vetoed or ceiling.grade is None
        place = max(place, len(names) - 1 if ceiling.grade is None else names.index(ceiling.grade))
    return names[place], vetoed


def places(counts: Mapping[int, int]) -> dict[int, int]:
    """Return the place of each total, the highest first, given how many have it: after two at 2 comes 4."""
    found, ahead = {}, 0
    for total in sorted(counts, reverse=True):
        found[total] = ahead + 1
        ahead += counts[total]
    return found
