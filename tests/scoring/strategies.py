"""Random sheets, figures and entries."""

from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

BIG = 10**6


@st.composite
def banded(draw: Any) -> dict[str, Any]:
    bounds = draw(st.lists(st.integers(0, 20_000), min_size=1, max_size=5, unique=True))
    shares = draw(st.lists(st.integers(1, 10_000), min_size=len(bounds), max_size=len(bounds), unique=True))
    return {"bands": [list(pair) for pair in zip(sorted(bounds), sorted(shares), strict=True)]}


METHODS = {
    "proportional": st.fixed_dictionaries({"target": st.integers(1, 30_000)}),
    "banded": banded(),
    "per_case": st.fixed_dictionaries({"marks": st.integers(1, 2_000)}),
    "all_or_nothing": st.fixed_dictionaries({"threshold": st.integers(1, 30_000)}),
}


@st.composite
def items(draw: Any, full: int) -> dict[str, Any]:
    method = draw(st.sampled_from(sorted(METHODS)))
    return {
        "full": full,
        "method": method,
        "parameters": draw(METHODS[method]),
        "when_nothing": draw(st.sampled_from(["zero", "skip", "full"])),
    }


@st.composite
def sheets(draw: Any, *, whole_marks: bool = False) -> dict[str, Any]:
    """A sheet of one to six items whose full marks add up to 100."""
    unit = 100 if whole_marks else 1
    cuts = sorted(draw(st.sets(st.integers(1, 10_000 // unit - 1), max_size=5)))
    bounds = [0, *(cut * unit for cut in cuts), 10_000]
    chosen = [draw(items(high - low)) for low, high in pairwise(bounds)]
    lows = sorted(draw(st.sets(st.integers(1, 11_000), max_size=4)), reverse=True)
    return {
        "items": chosen,
        "grades": [(low, f"第{place}等") for place, low in enumerate([*lows, 0], start=1)],
        "bonus_cap": draw(st.integers(0, 2_000)),
    }


figures = st.one_of(
    st.just((0, 0)),
    st.tuples(st.integers(0, 40), st.integers(0, 40)),
    st.tuples(st.integers(0, BIG), st.integers(0, BIG)),
)


@st.composite
def cases(draw: Any) -> tuple[dict[str, Any], list[tuple[int, int]], dict[str, Any]]:
    """A sheet, the figures of one subject, and what people entered for it."""
    sheet = draw(sheets())
    names = [name for _low, name in sheet["grades"]]
    entries = {
        "bonuses": draw(st.lists(st.tuples(st.sampled_from("甲乙丙"), st.integers(0, 600)), max_size=5)),
        "deductions": draw(st.lists(st.integers(0, 3_000), max_size=4)),
        "vetoes": draw(st.lists(st.one_of(st.none(), st.sampled_from(names)), max_size=2)),
    }
    return sheet, [draw(figures) for _item in sheet["items"]], entries
