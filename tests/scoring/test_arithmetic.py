"""The arithmetic of scores: rounding edges by hand, everything else against the slow scorer on random sheets."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.common.exact import MAX
from campaign.scoring.arithmetic import (
    AllOrNothing,
    Banded,
    Bonus,
    Ceiling,
    Entries,
    Grade,
    Item,
    Line,
    PerCase,
    Proportional,
    Rules,
    grade_of,
    item_line,
    method_of,
    places,
    score_of,
)
from campaign.scoring.choices import LineState, WhenNothing
from tests.scoring import slow
from tests.scoring.strategies import METHODS, cases, figures, items

pytestmark = pytest.mark.one_database
GRADES = (Grade(90_00, "优秀"), Grade(80_00, "良好"), Grade(60_00, "合格"), Grade(0, "不合格"))


def rules_from(sheet: dict[str, Any]) -> Rules:
    return Rules(
        items=tuple(
            Item(item["full"], method_of(item["method"], item["parameters"]), WhenNothing(item["when_nothing"]))
            for item in sheet["items"]
        ),
        grades=tuple(Grade(low, name) for low, name in sheet["grades"]),
        bonus_cap=sheet["bonus_cap"],
    )


def entries_from(given_entries: dict[str, Any]) -> Entries:
    return Entries(
        bonuses=tuple(Bonus(work, points) for work, points in given_entries["bonuses"]),
        deductions=tuple(given_entries["deductions"]),
        ceilings=tuple(Ceiling(grade) for grade in given_entries["vetoes"]),
    )


@settings(max_examples=500, deadline=None)
@given(cases())
def test_the_engine_and_the_slow_scorer_agree_line_by_line(case: tuple[Any, Any, Any]) -> None:
    sheet, raw, entries = case
    found, wanted = score_of(rules_from(sheet), raw, entries_from(entries)), slow.score(sheet, raw, entries)
    assert [{"points": line.points, "state": line.state.value} for line in found.lines] == wanted["lines"]
    assert (found.base, found.total, found.grade) == (wanted["base"], wanted["total"], wanted["grade"])
    if wanted["total"] is not None:
        assert (found.bonus, found.deductions) == (wanted["bonus"], wanted["deductions"])


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_points_lie_between_0_and_the_full_marks(data: Any) -> None:
    item = data.draw(items(data.draw(st.integers(1, 10_000))))
    line = item_line(Item(item["full"], method_of(item["method"], item["parameters"])), data.draw(figures))
    assert 0 <= line.points <= item["full"]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_the_goal_earns_a_higher_share_and_no_goal_means_full_marks(data: Any) -> None:
    method = data.draw(st.sampled_from(sorted(METHODS)))
    made = method_of(method, data.draw(METHODS[method]))
    numerator, denominator = data.draw(st.integers(0, 500)), data.draw(st.integers(1, 500))
    now, goal = made.share(numerator, denominator, 3000), made.goal(numerator, denominator)
    if goal is None:
        top = made.bands[-1][1] if isinstance(made, Banded) else 1
        assert now[0] * (10_000 if isinstance(made, Banded) else 1) == top * now[1]
    else:
        then = made.share(goal, denominator, 3000)
        assert then[0] * now[1] > now[0] * then[1]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=12))
def test_places(totals: list[int]) -> None:
    found = places(Counter(totals))
    assert [found[total] for total in totals] == slow.ranks(totals)


def test_places_leave_a_gap_after_a_tie() -> None:
    assert places({80_00: 1, 95_00: 1, 90_00: 2}) == {95_00: 1, 90_00: 2, 80_00: 4}


@pytest.mark.parametrize(
    ("method", "full", "figure", "points"),
    [
        (Proportional(10_000), 12_00, (5, 6), 10_00),
        (Proportional(10_000), 10_00, (1, 3), 3_33),
        (Proportional(10_000), 10_00, (2, 3), 6_67),
        (Proportional(10_000), 1_00, (1, 200), 1),  # 0.005 marks: half goes up
        (Proportional(10_000), 1_00, (999, 200_000), 0),  # 0.004995 marks
        (Proportional(10_000), 10_00, (7, 6), 10_00),
        (Proportional(9_000), 10_00, (9, 10), 10_00),
        (Proportional(30_000), 6_00, (2, 1), 4_00),
        (Proportional(10_000), 10_00, (0, 5), 0),
        (Banded(((6000, 5000), (9000, 10_000))), 20_00, (59_99, 100_00), 0),
        (Banded(((6000, 5000), (9000, 10_000))), 20_00, (60_00, 100_00), 10_00),
        (Banded(((6000, 5000), (9000, 10_000))), 20_00, (89_99, 100_00), 10_00),
        (Banded(((6000, 5000), (9000, 10_000))), 20_00, (90_00, 100_00), 20_00),
        (Banded(((0, 3333),)), 10_00, (0, 7), 3_33),
        (PerCase(50), 2_00, (0, 1), 2_00),
        (PerCase(50), 2_00, (3, 1), 50),
        (PerCase(50), 2_00, (4, 1), 0),
        (PerCase(50), 2_00, (99, 1), 0),
        (AllOrNothing(10_000), 10_00, (1, 1), 10_00),
        (AllOrNothing(10_000), 10_00, (0, 1), 0),
        (AllOrNothing(5_000), 10_00, (1, 2), 10_00),
        (AllOrNothing(5_000), 10_00, (49, 99), 0),
    ],
)
def test_points_by_hand(method: Any, full: int, figure: tuple[int, int], points: int) -> None:
    assert item_line(Item(full, method), figure) == Line(*figure, points, LineState.ANSWERED)


@pytest.mark.parametrize(
    ("choice", "points", "state"), [("zero", 0, "nothing"), ("full", 700, "nothing"), ("skip", 0, "skipped")]
)
def test_nothing_to_measure(choice: str, points: int, state: str) -> None:
    line = item_line(Item(7_00, Proportional(10_000), WhenNothing(choice)), (0, 0))
    assert (line.points, line.state) == (points, state)


def two_items(first: WhenNothing, second: WhenNothing) -> Rules:
    return Rules((Item(60_00, Proportional(10_000), first), Item(40_00, Proportional(10_000), second)), GRADES)


def test_a_skipped_item_folds_the_rest_to_100() -> None:
    score = score_of(two_items(WhenNothing.ZERO, WhenNothing.SKIP), [(2, 3), (0, 0)])
    assert (score.folded, score.base, score.grade) == ((40_00, 60_00), 66_67, "合格")


def test_with_every_item_skipped_there_is_no_score() -> None:
    entries = Entries(bonuses=(Bonus("甲", 5_00),), ceilings=(Ceiling(),))
    score = score_of(two_items(WhenNothing.SKIP, WhenNothing.SKIP), [(0, 0), (0, 0)], entries)
    assert (score.base, score.total, score.grade, score.vetoed) == (None, None, "", False)


def test_bonus_counts_a_work_once_and_stops_at_the_cap() -> None:
    entries = Entries(bonuses=(Bonus("品牌", 1_00), Bonus("品牌", 2_00), Bonus("标杆", 9_50)), deductions=(3_00,))
    score = score_of(two_items(WhenNothing.ZERO, WhenNothing.ZERO), [(1, 2), (1, 2)], entries)
    assert (score.bonus_entered, score.bonus, score.total) == (11_50, 10_00, 57_00)


def test_a_total_is_never_below_0() -> None:
    score = score_of(two_items(WhenNothing.ZERO, WhenNothing.ZERO), [(0, 1), (0, 1)], Entries(deductions=(5_00,)))
    assert (score.base, score.total, score.grade) == (0, 0, "不合格")


@pytest.mark.parametrize(
    ("total", "ceilings", "grade", "vetoed"),
    [
        (90_00, (), "优秀", False),
        (89_99, (), "良好", False),
        (60_00, (), "合格", False),
        (59_99, (), "不合格", False),
        (95_00, (Ceiling("合格"),), "合格", False),
        (55_00, (Ceiling("合格"),), "不合格", False),
        (95_00, (Ceiling("良好"), Ceiling("合格")), "合格", False),
        (95_00, (Ceiling("良好"), Ceiling()), "不合格", True),
    ],
)
def test_grades(total: int, ceilings: tuple[Ceiling, ...], grade: str, vetoed: bool) -> None:
    assert grade_of(total, GRADES, ceilings) == (grade, vetoed)


def test_figures_that_no_database_keeps_exactly_are_refused() -> None:
    item = Item(10_00, Proportional(10_000))
    with pytest.raises(OverflowError):
        item_line(item, (MAX + 1, 1))
    with pytest.raises(OverflowError):
        item_line(item, (2**60 - 1, 2**61 - 1))
    with pytest.raises(ValueError, match="negative"):
        item_line(item, (-1, 1))
    assert item_line(item, (MAX, MAX)).points == 10_00


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("proportional", {"target": 0}),
        ("proportional", {"target": 1.5}),
        ("proportional", {"target": True}),
        ("proportional", {}),
        ("proportional", {"target": 1, "more": 2}),
        ("per_case", {"marks": -1}),
        ("all_or_nothing", {"threshold": "1"}),
        ("banded", {"bands": []}),
        ("banded", {"bands": [[9000, 5000], [6000, 10_000]]}),
        ("banded", {"bands": [[6000, 5000], [9000, 5000]]}),
        ("banded", {"bands": [[6000, 0]]}),
        ("banded", {"bands": [[6000, 10_001]]}),
        ("banded", {"bands": [[-1, 5000]]}),
        ("guessed", {"target": 1}),
    ],
)
def test_parameters_that_make_no_sense_are_refused(kind: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must|bands|band|takes|method"):
        method_of(kind, parameters)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_method_survives_being_stored(data: Any) -> None:
    kind = data.draw(st.sampled_from(sorted(METHODS)))
    parameters = data.draw(METHODS[kind])
    assert method_of(kind, parameters).parameters() == parameters


@pytest.mark.parametrize("bounds", [(), (90_00, 60_00), (60_00, 90_00, 0), (60_00, 60_00, 0)])
def test_grades_must_go_down_to_0(bounds: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="grades"):
        Rules((), tuple(Grade(bound, str(place)) for place, bound in enumerate(bounds)))
