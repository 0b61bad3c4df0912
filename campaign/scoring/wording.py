"""Rules and figures in words, for pages, prints and the command line."""

from django.utils.translation import gettext as _

from campaign.common.exact import half_up, hundredths, percent
from campaign.scoring.arithmetic import UNIT, AllOrNothing, Banded, Line, Method, PerCase, Proportional

PERCENT = "%"


def bound(value: int, unit: str) -> str:
    """Write a target, threshold or bound (ten-thousandths): 9000 → "90%", or "3 cases" for a figure that is no percentage."""
    return f"{decimal(value, 100)}%" if unit == PERCENT else f"{decimal(value, UNIT)} {unit}".strip()


def decimal(numerator: int, denominator: int) -> str:
    """Write a fraction as a whole number where it is one, else with two decimals, half up."""
    if numerator % denominator == 0:
        return str(numerator // denominator)
    return hundredths(half_up(numerator * 100, denominator))


def raw(numerator: int, denominator: int, unit: str) -> str:
    """Write a raw figure: "83.33% (5/6)"; "—" when there was nothing to measure."""
    if not denominator:
        return "—"
    if unit != PERCENT:
        return f"{decimal(numerator, denominator)} {unit}".strip()
    return f"{percent(numerator, denominator)} ({numerator}/{denominator})"


def rule(method: Method, full: int, unit: str) -> str:
    """Say how the item gives its marks."""
    marks = decimal(full, 100)
    if isinstance(method, Proportional):
        text = _("%(marks)s marks at %(target)s and above, below that in proportion.")
        return text % {"marks": marks, "target": bound(method.target, unit)}
    if isinstance(method, AllOrNothing):
        text = _("%(marks)s marks at %(target)s and above, none below.")
        return text % {"marks": marks, "target": bound(method.threshold, unit)}
    if isinstance(method, PerCase):
        text = _("%(marks)s marks, less %(each)s for each case, down to 0.")
        return text % {"marks": marks, "each": hundredths(method.marks)}
    if isinstance(method, Banded):
        return _bands(method, marks, unit)
    raise TypeError(method)


def _bands(method: Banded, marks: str, unit: str) -> str:
    steps = _("; ").join(
        _("from %(bound)s: %(share)s") % {"bound": bound(low, unit), "share": bound(share, PERCENT)}
        for low, share in reversed(method.bands)
    )
    return _("Part of %(marks)s marks by bands: %(steps)s; below that none.") % {"marks": marks, "steps": steps}


def target(method: Method, unit: str) -> str:
    """Name what earns full marks."""
    if isinstance(method, Proportional):
        return bound(method.target, unit)
    if isinstance(method, AllOrNothing):
        return bound(method.threshold, unit)
    if isinstance(method, Banded):
        return bound(method.bands[-1][0], unit)
    return "0"


def arithmetic(method: Method, full: int, line: Line) -> str:
    """Write the sum that gave the points: "0.8333 × 12.00 = 10.00"; empty when there was nothing to measure."""
    if not line.denominator:
        return ""
    points = hundredths(line.points)
    if isinstance(method, PerCase) and line.points:
        cases = decimal(line.numerator, line.denominator)
        return f"{hundredths(full)} − {cases} × {hundredths(method.marks)} = {points}"
    top, bottom = method.share(line.numerator, line.denominator, full)
    return f"{share(top, bottom)} × {hundredths(full)} = {points}"


def share(numerator: int, denominator: int) -> str:
    """Write a share from 0 to 1 with four decimals, half up: 5/6 → "0.8333"."""
    value = half_up(numerator * UNIT, denominator)
    return f"{value // UNIT}.{value % UNIT:04d}"
