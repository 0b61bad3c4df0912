"""No small groups: whatever is shown, every hidden number keeps at least two values (docs/ballots.md).

The reader of these tests knows everything but the hidden answers: the rules, the program, the tables shown, and how many
ballots each class has.
"""

from collections import defaultdict
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.ballots.disclosure import Group, Shape, totals_to_show
from campaign.ballots.results import ClassCount, Figure, Hidden, HiddenFigure, Rules, SubjectResult, subject_result

Table = tuple[tuple[int, ...], ...]


def tables(ballots: int, items: int, choices: int) -> list[Table]:
    """Return every way in which a class of so many ballots can have answered."""
    return list(product(compositions(ballots, choices + 1), repeat=items))


def compositions(total: int, parts: int) -> list[tuple[int, ...]]:
    if parts == 1:
        return [(total,)]
    return [(first, *rest) for first in range(total + 1) for rest in compositions(total - first, parts - 1)]


def publish(rules: Rules, weights: tuple[int, ...], world: tuple[Table, ...]) -> SubjectResult:
    counted = [
        ClassCount(str(place), weight, sum(table[0]), sum(table[0]), tuple(n for item in table for n in item))
        for place, (weight, table) in enumerate(zip(weights, world, strict=True))
    ]
    return subject_result(rules, counted)


def check(rules: Rules, weights: tuple[int, ...], shown: tuple[Table, ...], sizes: tuple[int, ...]) -> set[type]:
    """Go through every world that differs only in the hidden classes, group the worlds by what is published, and see that
    no group lets a hidden number be known. Returns how totals were published."""
    items, choices = len(rules.shape.item_weights), len(rules.shape.worths)
    groups: dict[str, list[tuple[Table, ...]]] = defaultdict(list)
    kinds = set()
    for hidden in product(*(tables(size, items, choices) for size in sizes)):
        result = publish(rules, weights, (*shown, *hidden))
        assert [type(each) for each in result.classes[len(shown) :]] == [Hidden] * len(sizes)
        kinds.add(type(result.total))
        groups[repr(result)].append(hidden)
    for worlds in groups.values():
        for place in range(len(sizes)):
            for item, choice in product(range(items), range(choices + 1)):
                values = {world[place][item][choice] for world in worlds}
                assert len(values) >= 2, f"class {place}, item {item}, choice {choice} is known to be {values}"
    return kinds


worths = st.lists(st.integers(0, 100), min_size=2, max_size=3, unique=True).map(
    lambda w: tuple(sorted(w, reverse=True))
)


@st.composite
def situations(draw: Any) -> tuple[Rules, tuple[int, ...], tuple[Table, ...], tuple[int, ...]]:
    points = draw(worths)
    items = draw(st.integers(1, 2))
    sizes = tuple(draw(st.lists(st.integers(1, 2), min_size=1, max_size=2)))
    if items == 2 and len(points) == 3 and len(sizes) == 2:
        sizes = sizes[:1]
    shape = Shape(tuple(draw(st.lists(st.integers(1, 3), min_size=items, max_size=items))), points)
    rules = Rules(shape, tuple(place < len(points) - 1 for place in range(len(points))), 3, 0)
    row = st.lists(st.integers(0, 6), min_size=len(points), max_size=len(points)).map(tuple)
    shown = tuple(
        tuple((*item, 30 - sum(item)) for item in draw(st.lists(row, min_size=items, max_size=items)))
        for _ in range(draw(st.integers(0, 1)))
    )
    weights = tuple(draw(st.integers(1, 9)) for _ in range(len(shown) + len(sizes)))
    return rules, weights, shown, sizes


@settings(max_examples=120, deadline=None)
@given(situations())
def test_every_hidden_number_keeps_two_values(
    situation: tuple[Rules, tuple[int, ...], tuple[Table, ...], tuple[int, ...]],
) -> None:
    check(*situation)


def test_totals_are_shown_where_they_tell_too_little() -> None:
    """The rule is not kept by hiding everything: three leaders, three items, four choices, beside a shown class."""
    rules = Rules(Shape((1, 1, 1), (100, 80, 60, 40)), (True, True, True, False), 5, 0)
    assert check(rules, (6, 4), (((20, 5, 3, 2, 0),) * 3,), (2,)) == {Figure, HiddenFigure}


@pytest.mark.parametrize(
    ("score", "shown"), [(100, False), (98, False), (94, True), (80, True), (60, True), (41, False), (40, False)]
)
def test_near_unanimity_is_what_gets_hidden(score: int, shown: bool) -> None:
    """Four leaders (weight 40) beside members at 90 (weight 60), five items."""
    total = (score * 40 + 90 * 60) // 1
    totals = totals_to_show(Shape((1,) * 5, (100, 80, 60, 40)), (Group(4000, 4),), ((90, 6000),))
    assert (total in totals) is shown


def test_too_many_ways_hide_the_total() -> None:
    shape = Shape(tuple(range(1, 9)), (100, 83, 61, 37, 11))
    assert totals_to_show(shape, (Group(1, 40), Group(1, 40), Group(1, 40)), ()) == frozenset()


def test_one_question_tells_its_answer_so_no_total_is_shown() -> None:
    assert totals_to_show(Shape((1,), (100, 0)), (Group(5000, 1),), ((50, 5000),)) == frozenset()
