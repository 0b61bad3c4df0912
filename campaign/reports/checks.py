"""Cross-checks 勾稽 (2-domain d.20): what does not add up, said before a report is exported, with the way to mend it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from campaign.common.excel.sheet import Filled, Subtotal, Value, key_of


class Severity(Enum):
    """How bad it is: figures that contradict each other, or something to look at."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Discrepancy:
    """One thing that does not add up: words for the reader, and the page that mends it. Neither holds personal values."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Line:
    """A row of a sheet as a check reads it: the key of the row, and its values by heading (groups in front)."""

    key: str
    values: Mapping[str, Value]

    def number(self, heading: str) -> int:
        """Return a figure; an empty cell counts nothing."""
        value = self.values[heading]
        return value if isinstance(value, int) else 0


class Tables:
    """The sheets of a report, read once for all its checks and only when one asks."""

    def __init__(self, sheets: Callable[[], list[Filled]]) -> None:
        self._make = sheets

    @cached_property
    def _sheets(self) -> dict[str, list[Line]]:
        return {sheet.name: list(_lines(sheet.columns, rows)) for sheet, rows in self._make()}

    def __call__(self, name: str) -> Sequence[Line]:
        """Return the rows of the sheet with this name, without subtotals; none when the report has no such sheet."""
        return self._sheets.get(name, [])


def _lines(columns: Sequence[object], rows: Iterable[object]) -> Iterator[Line]:
    headings = [getattr(column, "heading", "") for column in columns]
    for row in rows:
        if not isinstance(row, Subtotal):
            yield Line(key_of(row), dict(zip(headings, row, strict=True)))  # type: ignore[arg-type, call-overload]


@dataclass(frozen=True)
class Check:
    """`key` is the number of the rule (d.20.8). `run(request, tables)` gives what does not hold: from queries that start at
    the person's scope, or from the rows, `tables("公开承诺统计表")`."""

    key: str
    label: str | Promise
    run: Callable[..., Iterable[Discrepancy]]
    severity: Severity = Severity.ERROR


@dataclass(frozen=True)
class Checked:
    """What one check found; more than `SHOWN` are counted only."""

    check: Check
    found: list[Discrepancy] = field(default_factory=list)
    more: int = 0


SHOWN = 20


def outcome(check: Check, request: object, tables: Tables) -> Checked:
    """Run one check."""
    found = list(check.run(request, tables))
    return Checked(check, found[:SHOWN], max(0, len(found) - SHOWN))


def adds_up(
    key: str,
    label: str | Promise,
    *,
    sheet: str,
    whole: str,
    parts: Sequence[str],
    mend: Callable[[str], str],
    name: str = "单位",
) -> Check:
    """Return the check that in every row of a sheet the figure `whole` is the sum of `parts`; `name` heads the row, `mend` gives
    for its key the page where to look."""

    def run(request: object, tables: Tables) -> Iterator[Discrepancy]:
        for line in tables(sheet):
            total, sum_ = line.number(whole), sum(line.number(part) for part in parts)
            if total != sum_:
                yield Discrepancy(
                    _("%(name)s: %(whole)s is %(total)d, its parts make %(sum)d.")
                    % {"name": line.values[name], "whole": whole, "total": total, "sum": sum_},
                    mend(line.key),
                )

    return Check(key, label, run)
