"""What is wrong with a workbook: typed problems that fold, sort, are stored and are told in the reader's language.

A `Mistake` is a kind of problem (a code, a text, what to do about it); a `Problem` is one case of it at a place.
Codes and parameters are stored, never texts, so that everybody reads them in their own language.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, pgettext, pgettext_lazy

from campaign.common.masking import mask
from campaign.common.registry import Registry

MAX_RANGES = 6
MAX_VALUE = 60


class Category(TextChoices):
    FILE = "file", pgettext_lazy("workbook", "File")
    COLUMNS = "columns", pgettext_lazy("workbook", "Columns")
    MISSING = "missing", pgettext_lazy("workbook", "Missing")
    FORMAT = "format", pgettext_lazy("workbook", "Way of writing")
    UNKNOWN = "unknown", pgettext_lazy("workbook", "Not known")
    CONFLICT = "conflict", pgettext_lazy("workbook", "Contradiction")
    DUPLICATE = "duplicate", pgettext_lazy("workbook", "Twice")
    RULE = "rule", pgettext_lazy("workbook", "Rule")


class Severity(TextChoices):
    ERROR = "error", pgettext_lazy("workbook", "Error")
    WARNING = "warning", pgettext_lazy("workbook", "Note")


@dataclass(frozen=True)
class Mistake:
    """A kind of problem. Text and advice may name parameters as `%(name)s`; `value` and `header` are always there."""

    key: str
    text: str | Promise
    advice: str | Promise
    category: Category
    severity: Severity = Severity.ERROR


MISTAKES: Registry[Mistake] = Registry("mistakes")


def mistake(
    key: str,
    text: str | Promise,
    advice: str | Promise,
    category: Category,
    severity: Severity = Severity.ERROR,
) -> Mistake:
    """Declare a kind of problem; importers declare their own beside the ones of this package.

    Raises ValueError when the key is taken by another.
    """
    return MISTAKES.register(Mistake(key, text, advice, category, severity))


Param = str | int


class Place(NamedTuple):
    """Where something stands: `row` counts from 1, `column` is the letter, `header` what the heading says there."""

    sheet: str = ""
    row: int | None = None
    column: str = ""
    header: str = ""


NOWHERE = Place()


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem at one place; `value` is masked where personal."""

    code: str
    sheet: str = ""
    row: int | None = None
    column: str = ""
    header: str = ""
    value: str = ""
    params: tuple[tuple[str, Param], ...] = ()

    @property
    def mistake(self) -> Mistake:
        return MISTAKES.get(self.code)

    @property
    def is_error(self) -> bool:
        return self.mistake.severity == Severity.ERROR

    @property
    def text(self) -> str:
        """What is wrong, in the active language."""
        return str(self.mistake.text) % self._words()

    @property
    def advice(self) -> str:
        """What to do about it, in the active language."""
        return str(self.mistake.advice) % self._words()

    @property
    def said(self) -> str:
        """What is wrong and what to do about it."""
        return pgettext("between sentences", "%(text)s %(advice)s") % {"text": self.text, "advice": self.advice}

    def _words(self) -> dict[str, Param]:
        return {"value": self.value, "header": self.header, "sheet": self.sheet, **dict(self.params)}


@dataclass(frozen=True, slots=True)
class Fold:
    """The same problem in one row or in many: one message with the list of its rows."""

    problem: Problem
    rows: tuple[int, ...]

    @property
    def rows_text(self) -> str:
        """The rows as ranges, e.g. "21–30"; the rest as a number when there are many."""
        ranges = list(_ranges(self.rows))
        shown = pgettext("between rows", ", ").join(
            str(first) if first == last else f"{first}–{last}" for first, last in ranges[:MAX_RANGES]
        )
        hidden = sum(last - first + 1 for first, last in ranges[MAX_RANGES:])
        if not hidden:
            return shown
        return ngettext("%(rows)s and %(count)s other", "%(rows)s and %(count)s others", hidden) % {
            "rows": shown,
            "count": hidden,
        }

    @property
    def where(self) -> str:
        """The place in words: sheet, rows, column, value; whatever of it is known."""
        problem = self.problem
        parts = []
        if problem.sheet:
            parts.append(gettext("sheet “%(sheet)s”") % {"sheet": problem.sheet})
        if self.rows:
            parts.append(ngettext("row %(rows)s", "rows %(rows)s", len(self.rows)) % {"rows": self.rows_text})
        if problem.column:
            parts.append(
                gettext("column %(column)s “%(header)s”") % {"column": problem.column, "header": problem.header}
            )
        if problem.value:
            parts.append(gettext("value “%(value)s”") % {"value": problem.value})
        return pgettext("between places", ", ").join(parts)

    def __str__(self) -> str:
        where, said = self.where, self.problem.said
        return pgettext("place and problem", "%(where)s: %(said)s") % {"where": where, "said": said} if where else said

    def as_json(self) -> dict[str, Any]:
        """Plain data for a stored result; holds codes, no texts."""
        problem = self.problem
        return {
            "code": problem.code,
            "sheet": problem.sheet,
            "rows": list(self.rows),
            "column": problem.column,
            "header": problem.header,
            "value": problem.value,
            "params": dict(problem.params),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Fold":
        """Return what `as_json` was made from."""
        rows = tuple(data["rows"])
        fields = {name: data[name] for name in ("code", "sheet", "column", "header", "value")}
        params = tuple(sorted(data["params"].items()))
        return cls(Problem(**fields, row=rows[0] if rows else None, params=params), rows)


class ProblemList:
    """All problems found in one reading, in the order of the file. True when there is any."""

    def __init__(self, problems: Iterable[Problem] = ()) -> None:
        self._problems: list[Problem] = list(problems)

    def add(
        self,
        kind: Mistake,
        place: Place = NOWHERE,
        *,
        value: object = "",
        personal: bool = False,
        params: Mapping[str, Param] | None = None,
    ) -> Problem:
        """Add one problem and return it; a personal value is masked before it is kept, `params` hold none."""
        shown = plain(value)
        if personal:
            shown = mask(shown)
        elif len(shown) > MAX_VALUE:
            shown = shown[:MAX_VALUE] + "…"
        problem = Problem(kind.key, *place, shown, tuple(sorted((params or {}).items())))
        self._problems.append(problem)
        return problem

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._problems)

    def __len__(self) -> int:
        return len(self._problems)

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self._problems if problem.is_error]

    @property
    def warnings(self) -> list[Problem]:
        return [problem for problem in self._problems if not problem.is_error]

    def by_category(self) -> dict[Category, int]:
        """How many errors (cells, not messages) of each category, most first."""
        counts = Counter(problem.mistake.category for problem in self.errors)
        return dict(counts.most_common())

    def folded(self) -> list[Fold]:
        """One entry per repeated problem: errors before notes, then by sheet, first row and column."""
        rows: defaultdict[Problem, list[int]] = defaultdict(list)
        for problem in self._problems:
            group = rows[replace(problem, row=None)]
            if problem.row is not None:
                group.append(problem.row)
        sheets = {name: place for place, name in enumerate(dict.fromkeys(p.sheet for p in self._problems))}
        folds = [
            Fold(replace(key, row=min(found, default=None)), tuple(sorted(set(found)))) for key, found in rows.items()
        ]
        return sorted(folds, key=lambda fold: _order(fold, sheets))

    def as_json(self, limit: int = 1000) -> list[dict[str, Any]]:
        """The first `limit` folded problems as plain data for a stored result."""
        return [fold.as_json() for fold in self.folded()[:limit]]


def plain(value: object) -> str:
    """Write a cell's value as a person typed it: no ".0" behind whole numbers, one line."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def _order(fold: Fold, sheets: Mapping[str, int]) -> tuple[bool, int, int, int, str, str]:
    problem = fold.problem
    return (
        not problem.is_error,
        sheets[problem.sheet],
        problem.row or 0,
        len(problem.column),
        problem.column,
        problem.code,
    )


def _ranges(rows: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for row in rows:
        if first is None or last is None:
            first = last = row
        elif row == last + 1:
            last = row
        else:
            yield first, last
            first = last = row
    if first is not None and last is not None:
        yield first, last
