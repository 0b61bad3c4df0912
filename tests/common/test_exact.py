"""Half up, to the hundredth, checked against fractions."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.common.exact import MAX, half_up, half_up_fraction, hundredths, percent

NUMERATORS = st.integers(0, 10**15)
DENOMINATORS = st.integers(1, 10**15)


@given(NUMERATORS, DENOMINATORS)
def test_half_up_is_the_floor_of_a_half_more(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    assert half_up(numerator, denominator) == floor(exact + Fraction(1, 2)) == half_up_fraction(exact)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"), [(1, 2, 1), (49, 100, 0), (5, 10, 1), (0, 3, 0), (3, 2, 2)]
)
def test_edges(numerator: int, denominator: int, rounded: int) -> None:
    assert half_up(numerator, denominator) == rounded


def test_what_does_not_fit_is_refused_instead_of_turning_into_a_float() -> None:
    with pytest.raises(OverflowError):
        half_up(MAX, 1)
    for numerator, denominator in ((1, 0), (-1, 2)):
        with pytest.raises(ValueError, match="half_up"):
            half_up(numerator, denominator)
    with pytest.raises(ValueError, match="at least 0"):
        half_up_fraction(Fraction(-1))


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0.00"), (5, "0.05"), (8333, "83.33"), (-50, "-0.50"), (10_000, "100.00")]
)
def test_hundredths_are_written_as_decimals(value: int, text: str) -> None:
    assert hundredths(value) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(1, 3, "33.33%"), (2, 3, "66.67%"), (1, 1, "100.00%"), (0, 0, "—")]
)
def test_percent(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text
