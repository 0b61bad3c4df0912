"""The arithmetic of results, against sheets worked by hand and against a plain recomputation."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.ballots.disclosure import Shape
from campaign.ballots.results import (
    Answered,
    ClassCount,
    Empty,
    Figure,
    Hidden,
    HiddenFigure,
    NoFigure,
    Rules,
    dump,
    load,
    subject_result,
    summed,
)
from campaign.ballots.sheet import by_item

WORTHS = (100, 80, 60, 40)


def rules(items: int = 2, k: int = 5, minimum: int = 5000, weights: tuple[int, ...] = ()) -> Rules:
    return Rules(Shape(weights or (1,) * items, WORTHS), (True, True, True, False), k, minimum)


def count(key: str, weight: int, entitled: int, *items: tuple[int, ...]) -> ClassCount:
    return ClassCount(key, weight, entitled, sum(items[0]), tuple(n for item in items for n in item))


def test_a_sheet_worked_by_hand() -> None:
    """Class A: item 1 (3·100 + 2·80) ÷ 5 = 92, item 2 (4·100 + 1·40) ÷ 5 = 88, one abstained; mean 90.
    Class B: item 1 (10·100 + 5·80 + 4·60 + 1·40) ÷ 20 = 84, item 2 (7·100 + 7·80 + 6·60) ÷ 20 = 81; mean 82.5.
    Total (90·40 + 82.5·30) ÷ 70 = 86.7857… → 86.79; class C, without ballots, is left out."""
    a = count("A", 4000, 7, (3, 2, 0, 0, 1), (4, 0, 0, 1, 1))
    b = count("B", 3000, 30, (10, 5, 4, 1, 0), (7, 7, 6, 0, 0))
    result = subject_result(rules(), [a, b, count("C", 3000, 0, (0,) * 5, (0,) * 5)])
    assert result.valid
    assert (result.entitled, result.returned) == (37, 26)
    assert result.total == Figure(8679)
    # Not satisfied: one in A's item 2, one in B's item 1; 10 + 40 votes that are no abstentions: 48 ÷ 50.
    assert result.satisfaction == Figure(9600)
    first, second, third = result.classes
    assert isinstance(first, Answered)
    assert isinstance(second, Answered)
    assert [item.score for item in first.items] == [9200, 8800]
    assert (first.score, second.score) == (9000, 8250)
    assert third == Empty("C", 3000, 0)


def test_the_weights_of_items_count() -> None:
    one = count("all", 10_000, 5, (5, 0, 0, 0, 0), (0, 0, 0, 5, 0))
    assert subject_result(rules(weights=(3, 1)), [one]).total == Figure(8500)


def test_an_item_from_which_all_abstained_has_no_score_and_does_not_count() -> None:
    one = count("all", 10_000, 5, (5, 0, 0, 0, 0), (0, 0, 0, 0, 5))
    result = subject_result(rules(), [one])
    assert result.total == Figure(10_000)
    assert isinstance(result.classes[0], Answered)
    assert [item.score for item in result.classes[0].items] == [10_000, None]


def test_only_abstentions_give_no_total_which_is_not_zero() -> None:
    result = subject_result(rules(), [count("all", 10_000, 5, (0, 0, 0, 0, 5), (0, 0, 0, 0, 5))])
    assert (result.total, result.satisfaction) == (NoFigure(), NoFigure())


@pytest.mark.parametrize(("entitled", "valid"), [(12, False), (11, True)])
def test_turnout_must_be_more_than_half(entitled: int, valid: bool) -> None:
    result = subject_result(rules(), [count("all", 10_000, entitled, (6, 0, 0, 0, 0), (6, 0, 0, 0, 0))])
    assert result.valid is valid
    assert isinstance(result.total, Figure) is valid
    assert bool(result.classes) is valid


@pytest.mark.parametrize(("ballots", "kind"), [(0, Empty), (1, Hidden), (4, Hidden), (5, Answered)])
def test_a_class_below_k_is_hidden(ballots: int, kind: type) -> None:
    a = count("A", 4000, 6, (ballots, 0, 0, 0, 0), (ballots, 0, 0, 0, 0))
    b = count("B", 6000, 10, (9, 1, 0, 0, 0), (9, 0, 1, 0, 0))
    result = subject_result(rules(), [a, b])
    assert type(result.classes[0]) is kind
    assert type(result.classes[1]) is Answered


def test_a_hidden_class_takes_along_what_would_tell_it() -> None:
    a = count("A", 4000, 4, (4, 0, 0, 0, 0), (4, 0, 0, 0, 0))
    b = count("B", 6000, 10, (9, 1, 0, 0, 0), (9, 0, 1, 0, 0))
    result = subject_result(rules(), [a, b])
    # All of A answered 满意: with B's table beside it, the total would say so.
    assert result.total == HiddenFigure()
    assert result.returned is None
    # Over B alone, and so telling nothing of A.
    assert result.satisfaction == Figure(10_000)
    assert [item.counts for item in summed(rules(), result.classes)] == [[9, 1, 0, 0, 0], [9, 0, 1, 0, 0]]
    assert dump(result.classes[0]) == {"kind": "hidden", "key": "A", "weight": 4000, "entitled": 4}


def test_a_hidden_class_of_mixed_answers_leaves_the_total() -> None:
    a = count("A", 4000, 4, (1, 1, 1, 1, 0), (2, 0, 2, 0, 0), (1, 2, 1, 0, 0))
    b = count("B", 6000, 10, (9, 1, 0, 0, 0), (9, 0, 1, 0, 0), (10, 0, 0, 0, 0))
    result = subject_result(rules(items=3), [a, b])
    # A: 70, 80, 80 → 76.67 (230 ÷ 3); B: 98, 96, 100 → 98; (230÷3·40 + 98·60) ÷ 100 = 89.4667
    assert result.total == Figure(8947)


counts = st.lists(st.tuples(*[st.integers(0, 12)] * 5), min_size=1, max_size=4)


@given(counts, st.integers(1, 4))
def test_one_class_equals_a_plain_recomputation(drawn: list[tuple[int, ...]], seed: int) -> None:
    votes = sum(drawn[0])
    items = [(*item[:4], 0) for item in drawn]
    size = max(votes, *(sum(item) for item in items), 5)
    items = [(*item[:4], size - sum(item)) for item in items]
    weights = tuple((place * seed) % 5 + 1 for place in range(len(items)))
    result = subject_result(rules(weights=weights), [count("all", 10_000, size, *items)])
    points, weight_sum = Fraction(0), 0
    for item, weight in zip(items, weights, strict=True):
        ballots = [worth for n, worth in zip(item[:4], WORTHS, strict=True) for _ in range(n)]
        if ballots:
            points += Fraction(sum(ballots), len(ballots)) * weight
            weight_sum += weight
    if weight_sum:
        exact = points / weight_sum * 100
        assert isinstance(result.total, Figure)
        assert abs(Fraction(result.total.value) - exact) <= Fraction(1, 2)
    else:
        assert result.total == NoFigure()


@given(counts)
def test_what_is_stored_comes_back(drawn: list[tuple[int, ...]]) -> None:
    size = max(sum(item) for item in drawn) + 5
    items = [(*item[:4], item[4] + size - sum(item)) for item in drawn]
    result = subject_result(rules(items=len(items)), [count("A", 10_000, size, *items), count("B", 1, 3, (0,) * 5)])
    assert [load(dump(each)) for each in result.classes] == result.classes
    assert [tuple(item) for item in by_item([n for item in items for n in item], 4)] == items
