"""A sheet worked by hand, to the hundredth. Every figure below was computed on paper from docs/scoring.md.

Branch sheet: 承诺兑现 30 proportional to 100 % · 领导点评 20 all or nothing · 群众评议 40 by bands (60 % → 0.6, 90 % → 1), left
out when there is none · 存在问题 10, 1.5 marks off per case, full when never inspected.
Committee sheet: 承诺覆盖 40 proportional to 90 % · 下级平均 60 proportional to 100 marks.
"""

from typing import Any

import pytest

from campaign.scoring.models import PeriodScore
from tests.scoring.conftest import Measured
from tests.scoring.sheets import ready, run, shown
from tests.world import World

pytestmark = pytest.mark.django_db

BRANCHES = {
    # pledge items, reviewed, evaluation, cases → points of the four items (None: left out), base, grade
    "east_one": (((5, 6), (1, 1), (9150, 10_000), (2, 1)), (2500, 2000, 4000, 700), 9200, "优秀"),
    #   30 × 5/6 = 25.00; 20; 40 × 1; 10 − 2 × 1.5 = 7.00; sum 92.00
    "east_two": (((1, 3), (0, 1), (8999, 10_000), (7, 1)), (1000, 0, 2400, 0), 3400, "不合格"),
    #   30 × 1/3 = 10.00; 0; 40 × 0.6 = 24.00; 10 − 10.5 is below 0; sum 34.00
    "west_one": (((2, 3), (1, 1), (0, 0), (0, 1)), (2000, 2000, None, 1000), 8333, "良好"),
    #   20.00 + 20.00 + 10.00 = 50.00 of 60: 折算 50 × 100 / 60 = 83.333… = 83.33
    "west_two": (((0, 0), (0, 0), (0, 0), (0, 0)), (0, 0, None, 1000), 1667, "不合格"),
    #   nothing at all to measure: 0 + 0 + full 10 of 60: 折算 10 × 100 / 60 = 16.666… = 16.67
}
COMMITTEES = {
    # coverage, children's totals → points, base, grade
    "east": ((45, 60), (3333, 3780), 7113, "合格"),
    #   (45/60) / 0.9 = 0.8333…, × 40 = 33.33; children (92.00 + 34.00) / 2 = 63.00, × 0.6 = 37.80; sum 71.13
    "west": ((9, 10), (4000, 3000), 7000, "合格"),
    #   0.9 / 0.9 = 1, 40.00; children (83.33 + 16.67) / 2 = 50.00, × 0.6 = 30.00; sum 70.00
    "root": ((1, 8), (556, 4234), 4790, "不合格"),
    #   0.125 / 0.9 × 40 = 5.5555… = 5.56; children (71.13 + 70.00) / 2 = 70.565, × 0.6 = 42.339 = 42.34; sum 47.90
}


@pytest.fixture
def worked(world: World, measured: Measured) -> World:
    for key, (figures, *_rest) in BRANCHES.items():
        for place, (numerator, denominator) in enumerate(figures):
            if denominator:
                measured.set(f"test.m{place}", world.orgs[key], numerator, denominator)
    for key, (coverage, *_rest) in COMMITTEES.items():
        measured.set("test.m0", world.orgs[key], *coverage)
    return world


def points_of(score: PeriodScore) -> tuple[int | None, ...]:
    return tuple(None if line.state == "skipped" else line.points for line in score.unpacked().values())


def test_the_sheet_worked_by_hand(worked: World) -> None:
    period = ready(worked)
    job = run(period, worked.orgs["root"])
    assert job.state == "succeeded", job.message
    expected: dict[str, Any] = {key: row[-3:] for key, row in {**BRANCHES, **COMMITTEES}.items()}
    found = {
        score.organization.code.lower(): (points_of(score), score.base, score.grade)
        for score in PeriodScore.objects.current().filter(period=period).select_related("organization")
    }
    assert found == expected


def test_nothing_is_seen_before_the_first_run_and_everything_after_it(worked: World) -> None:
    period = ready(worked)
    assert shown(period) == {}
    run(period, worked.orgs["root"])
    assert set(shown(period)) == {key.upper() for key in (*BRANCHES, *COMMITTEES)}
