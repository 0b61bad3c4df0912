"""Which totals may be shown beside classes that are hidden (docs/ballots.md, "No small groups").

A class with fewer than k ballots is hidden, and with it everything that is counted over all classes. Only the total, which
mixes the classes by their weights and is rounded to hundredths, may still be shown, and only if a reader who knows all the
rest, even how many ballots the hidden classes have, is left with at least two values for every hidden number. That a total
is hidden tells something too: so the totals that are hidden must, taken together, leave two values as well.

Decided by going through every way in which the hidden classes can have answered; where that would be too many ways, the
total is hidden. Nothing here looks at the answers themselves.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product
from math import comb, prod

from campaign.common.exact import half_up_fraction

LIMIT = 200_000
"""So many combinations are gone through at most."""
Total = int | None
"""A total in hundredths; None when there is nothing but abstentions."""
Score = Fraction | None
Masks = tuple[int, ...]
"""For each kind of hidden number the values it can have, as a set of bits."""


@dataclass(frozen=True)
class Shape:
    """What the arithmetic needs of a questionnaire: the items' weights, the choices' worths in points."""

    item_weights: tuple[int, ...]
    worths: tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """A hidden class: its weight, and how many ballots it has."""

    weight: int
    ballots: int


class TooMany(Exception):
    """There are more combinations than LIMIT."""


def mean(pairs: Sequence[tuple[Score, int]]) -> Score:
    """Return the mean of scores by their weights, leaving out what has none; None when nothing is left."""
    known = [(score, weight) for score, weight in pairs if score is not None]
    weights = sum(weight for _score, weight in known)
    return sum((score * weight for score, weight in known), Fraction(0)) / weights if weights else None


def rounded(total: Score) -> Total:
    """Return points as hundredths, half up."""
    return None if total is None else half_up_fraction(total * 100)


@lru_cache(maxsize=4096)
def totals_to_show(shape: Shape, hidden: tuple[Group, ...], shown: tuple[tuple[Score, int], ...]) -> frozenset[Total]:
    """Return the totals that may be shown beside the `hidden` classes and the scores and weights of the `shown` ones."""
    try:
        tables = [_scores(shape, group.ballots) for group in hidden]
        _bounded(prod(len(table) for table in tables))
    except TooMany:
        return frozenset()
    possible: dict[Total, list[Masks]] = {}
    for scores in product(*tables):
        pairs = [(score, group.weight) for score, group in zip(scores, hidden, strict=True)]
        total = rounded(mean([*shown, *pairs]))
        masks = [table[score] for table, score in zip(tables, scores, strict=True)]
        known = possible.get(total)
        possible[total] = [_union(a, b) for a, b in zip(known, masks, strict=True)] if known else masks
    good = {total for total, masks in possible.items() if _open(masks)}
    rest = [masks for total, masks in possible.items() if total not in good]
    if rest and not _open([_union(*column) for column in zip(*rest, strict=True)]):
        return frozenset()
    return frozenset(good)


def _bounded(ways: int) -> None:
    if ways > LIMIT:
        raise TooMany


def _open(masks: Sequence[Masks]) -> bool:
    """Tell whether every number keeps at least two values."""
    return all(mask & (mask - 1) for of_class in masks for mask in of_class)


def _union(*masks: Masks) -> Masks:
    result = [0] * len(masks[0])
    for each in masks:
        for place, mask in enumerate(each):
            result[place] |= mask
    return tuple(result)


@lru_cache(maxsize=256)
def _scores(shape: Shape, ballots: int) -> Mapping[Score, Masks]:
    """Return every score that a class of `ballots` can have, with the values its numbers can have then.

    Items of the same weight are alike, so one of each weight stands for all. Raises TooMany.
    """
    answers = _answers(shape.worths, ballots)
    found: dict[Score, list[Masks]] = {}
    kinds = sorted(set(shape.item_weights))
    for kind in kinds:
        others = list(shape.item_weights)
        others.remove(kind)
        rest = _sums(answers, tuple(others))
        _bounded(len(rest) * len(answers))
        for (points, known), (score, masks) in product(rest, answers.items()):
            whole = mean([(points / known if known else None, known), (score, kind)])
            slots = found.setdefault(whole, [(0,) * len(masks)] * len(kinds))
            place = kinds.index(kind)
            slots[place] = _union(slots[place], masks)
    return {score: tuple(mask for masks in slots for mask in masks) for score, slots in found.items()}


def _sums(answers: Mapping[Score, Masks], weights: tuple[int, ...]) -> set[tuple[Fraction, int]]:
    """Return every (Σ weight × score, Σ weight) over items that somebody answered."""
    sums = {(Fraction(0), 0)}
    for weight in weights:
        _bounded(len(sums) * len(answers))
        sums = {
            (points, known) if score is None else (points + score * weight, known + weight)
            for points, known in sums
            for score in answers
        }
    return sums


def _answers(worths: tuple[int, ...], ballots: int) -> dict[Score, Masks]:
    """Return every score that one item can have in a class of `ballots`, with the values of its numbers."""
    _bounded(comb(ballots + len(worths), len(worths)))
    found: dict[Score, Masks] = {}
    for counts in _compositions(ballots, len(worths) + 1):
        score = item_score(counts, worths)
        masks = tuple(1 << count for count in counts)
        found[score] = _union(found[score], masks) if score in found else masks
    return found


def item_score(counts: Sequence[int], worths: Sequence[int]) -> Score:
    """Return Σ votes × worth ÷ votes that are no abstentions (the last of `counts`); None when there are only those."""
    answered = sum(counts[: len(worths)])
    points = sum(count * worth for count, worth in zip(counts, worths, strict=False))
    return Fraction(points, answered) if answered else None


def _compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    if parts == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _compositions(total - first, parts - 1):
            yield (first, *rest)
