"""Exact arithmetic for marks: integers in hundredths, half up, no binary floats.

Source of the rules: `docs/scoring.md`. All numbers here are at least 0 unless said otherwise.
"""

from fractions import Fraction

MAX = 2**63 - 1
"""The largest integer both databases keep exactly; SQLite turns larger ones into floats without a word."""


def half_up(numerator: int, denominator: int) -> int:
    """Return numerator / denominator rounded half up to a whole number.

    Raises ValueError for a denominator below 1 or a negative numerator, OverflowError past 63 bits.
    """
    if denominator < 1 or numerator < 0:
        raise ValueError("half_up needs a numerator of at least 0 and a denominator of at least 1")
    if 2 * numerator + denominator > MAX or 2 * denominator > MAX:
        raise OverflowError("the figure does not fit 63 bits")
    return (2 * numerator + denominator) // (2 * denominator)


def half_up_fraction(value: Fraction) -> int:
    """Return `value` (at least 0) rounded half up to a whole number; arbitrary precision, for Python only."""
    if value < 0:
        raise ValueError("half_up_fraction needs a value of at least 0")
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def hundredths(value: int) -> str:
    """Write an integer of hundredths as a decimal: 8333 → "83.33", -50 → "-0.50"."""
    sign = "-" if value < 0 else ""
    whole, part = divmod(abs(value), 100)
    return f"{sign}{whole}.{part:02d}"


def signed(value: int) -> str:
    """Write a difference of hundredths with its sign: 833 → "+8.33"."""
    return f"+{hundredths(value)}" if value > 0 else hundredths(value)


def share(numerator: int, denominator: int) -> int | None:
    """Return numerator / denominator in hundredths of a percent, half up; None when there is nothing to divide by."""
    return half_up(numerator * 10_000, denominator) if denominator else None


def percent(numerator: int, denominator: int) -> str:
    """Write numerator / denominator as percent with two decimals, half up; "—" when there is nothing to divide by."""
    return f"{hundredths(half_up(numerator * 10_000, denominator))}%" if denominator else "—"
