"""From counts to results: pure functions over plain numbers (docs/scoring.md, "Mass evaluation to score").

What is said of a class is one of three types: `Answered`, `Hidden` (fewer than k ballots), `Empty` (none). A hidden class
carries no numbers, so nothing that is given a result can show them.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, ClassVar

from campaign.ballots.disclosure import Group, Score, Shape, item_score, mean, rounded, totals_to_show
from campaign.ballots.sheet import by_item
from campaign.common.exact import half_up, half_up_fraction

WHOLE = 10_000


@dataclass(frozen=True)
class Rules:
    """What a ballot lays down: `satisfied` says of each choice whether it counts as satisfied; `minimum_turnout` is in
    hundredths of a percent and must be exceeded."""

    shape: Shape
    satisfied: tuple[bool, ...]
    k: int
    minimum_turnout: int


@dataclass(frozen=True)
class ClassCount:
    """What was counted of one class for one subject: the papers entitled, the valid ones returned, and their counts; how many
    of those were `on_paper`, how many more were `invalid`, how many were `issued` at all (electronic ones to everybody entitled),
    and whether more came out of a box than were given out (`overfull`).
    """

    key: str
    weight: int
    entitled: int
    returned: int
    counts: tuple[int, ...]
    on_paper: int = 0
    invalid: int = 0
    overfull: bool = False
    issued: int = 0


@dataclass(frozen=True)
class ItemResult:
    """`counts` end with the abstentions; `score` in hundredths, None when everybody abstained."""

    counts: list[int]
    score: int | None


@dataclass(frozen=True)
class Answered:
    """A class that is shown. `score` in hundredths of a point; `returned` are the valid ballots; `issued` and `invalid` are
    None where the ballot was sealed before these numbers were kept."""

    kind: ClassVar[str] = "answered"
    key: str
    weight: int
    entitled: int
    returned: int
    score: int | None
    items: list[ItemResult]
    issued: int | None = None
    invalid: int | None = None


@dataclass(frozen=True)
class Hidden:
    """A class with fewer than k ballots: all there is to know is that it is one."""

    kind: ClassVar[str] = "hidden"
    key: str
    weight: int
    entitled: int


@dataclass(frozen=True)
class Empty:
    """A class from which no ballot came; it is left out of the total."""

    kind: ClassVar[str] = "empty"
    key: str
    weight: int
    entitled: int


ClassResult = Answered | Hidden | Empty


@dataclass(frozen=True)
class Figure:
    """A figure that is shown; in hundredths."""

    value: int


@dataclass(frozen=True)
class HiddenFigure:
    """A figure that would give away what is hidden."""


@dataclass(frozen=True)
class NoFigure:
    """Nobody answered, so there is no figure."""


AnyFigure = Figure | HiddenFigure | NoFigure


@dataclass(frozen=True)
class SubjectResult:
    """The result of a subject. `returned` is None where it would tell how many ballots a hidden class has."""

    valid: bool
    entitled: int
    returned: int | None
    total: AnyFigure
    satisfaction: AnyFigure
    classes: list[ClassResult]
    reason: str = ""


TURNOUT, OVERFULL = "turnout", "overfull"


POOLED = "pooled"
"""The key of the one class of a subject whose classes are counted together."""


def pooled(counted: Sequence[ClassCount]) -> list[ClassCount]:
    """Count all classes as one."""
    columns = zip(*(each.counts for each in counted), strict=True)
    return [
        ClassCount(
            POOLED,
            WHOLE,
            sum(each.entitled for each in counted),
            sum(each.returned for each in counted),
            tuple(sum(column) for column in columns),
            sum(each.on_paper for each in counted),
            sum(each.invalid for each in counted),
            any(each.overfull for each in counted),
            sum(each.issued for each in counted),
        )
    ]


def subject_result(rules: Rules, counted: Sequence[ClassCount]) -> SubjectResult:
    """Compute the result of one subject from the counts of its classes, in exact fractions until the last step.

    Turnout (returned ÷ entitled over all classes) not above the minimum, or more ballots returned on paper than issued:
    invalid, without any figure.
    """
    entitled = sum(each.entitled for each in counted)
    returned = sum(each.returned + each.invalid for each in counted)
    overfull = any(each.overfull for each in counted)
    if overfull or returned * WHOLE <= rules.minimum_turnout * entitled:
        reason = OVERFULL if overfull else TURNOUT
        return SubjectResult(False, entitled, returned, NoFigure(), NoFigure(), [], reason)
    classes = [_class_result(rules, each) for each in counted]
    some_hidden = any(isinstance(each, Hidden) for each in classes)
    return SubjectResult(
        valid=True,
        entitled=entitled,
        returned=None if some_hidden else returned,
        total=_total(rules, counted),
        satisfaction=_satisfaction(rules, classes),
        classes=classes,
    )


def _is_hidden(rules: Rules, counted: ClassCount) -> bool:
    return 0 < counted.returned < rules.k or _is_mixed(rules, counted)


def _is_mixed(rules: Rules, counted: ClassCount) -> bool:
    """Tell whether those who counted the ballots on paper could work out what fewer than k others have cast."""
    return counted.on_paper > 0 and 0 < counted.returned - counted.on_paper < rules.k


def _class_result(rules: Rules, counted: ClassCount) -> ClassResult:
    if not counted.returned:
        return Empty(counted.key, counted.weight, counted.entitled)
    if _is_hidden(rules, counted):
        return Hidden(counted.key, counted.weight, counted.entitled)
    items = [
        ItemResult(counts, rounded(item_score(counts, rules.shape.worths)))
        for counts in by_item(counted.counts, len(rules.shape.worths))
    ]
    score = rounded(class_score(rules.shape, counted.counts))
    return Answered(
        counted.key, counted.weight, counted.entitled, counted.returned, score, items, counted.issued, counted.invalid
    )


def class_score(shape: Shape, counts: Sequence[int]) -> Score:
    """Return the mean of the items' scores by their weights, in points; None when everybody abstained from everything."""
    items = by_item(counts, len(shape.worths))
    return mean(
        [(item_score(item, shape.worths), weight) for item, weight in zip(items, shape.item_weights, strict=True)]
    )


def _total(rules: Rules, counted: Sequence[ClassCount]) -> AnyFigure:
    present = [each for each in counted if each.returned]
    scores = {each.key: class_score(rules.shape, each.counts) for each in present}
    total = rounded(mean([(scores[each.key], each.weight) for each in present]))
    hidden = [each for each in present if _is_hidden(rules, each)]
    if any(_is_mixed(rules, each) for each in hidden):
        return HiddenFigure()
    if hidden:
        shown = [(scores[each.key], each.weight) for each in present if not _is_hidden(rules, each)]
        groups = tuple(Group(each.weight, each.returned) for each in hidden)
        if total not in totals_to_show(rules.shape, groups, tuple(shown)):
            return HiddenFigure()
    return NoFigure() if total is None else Figure(total)


def _satisfaction(rules: Rules, classes: Sequence[ClassResult]) -> AnyFigure:
    """Satisfied votes ÷ votes that are no abstentions, over the classes that are shown: it tells nothing of the others."""
    shown = [item.counts[:-1] for each in classes if isinstance(each, Answered) for item in each.items]
    answered = sum(sum(counts) for counts in shown)
    if answered:
        pleased = sum(sum(n for n, good in zip(counts, rules.satisfied, strict=True) if good) for counts in shown)
        return Figure(half_up_fraction(Fraction(pleased * WHOLE, answered)))
    return HiddenFigure() if any(isinstance(each, Hidden) for each in classes) else NoFigure()


def weighted(classes: Sequence[ClassResult]) -> list[int | None]:
    """Return what each class adds to the total by its weight among those from which ballots came; None where hidden."""
    counted = sum(each.weight for each in classes if not isinstance(each, Empty)) or 1
    scores = [each.score if isinstance(each, Answered) else None for each in classes]
    return [
        None if score is None else half_up(score * each.weight, counted)
        for score, each in zip(scores, classes, strict=True)
    ]


@dataclass(frozen=True)
class BallotSums:
    """How many ballots of all classes were given out, valid and invalid."""

    issued: int
    valid: int
    invalid: int


def ballot_sums(classes: Sequence[ClassResult]) -> BallotSums | None:
    """Add up the ballots of all classes; None where one of them is not shown or its numbers were not kept."""
    issued = valid = invalid = 0
    for each in classes:
        if not isinstance(each, Answered) or each.issued is None or each.invalid is None:
            return None
        issued, valid, invalid = issued + each.issued, valid + each.returned, invalid + each.invalid
    return BallotSums(issued, valid, invalid) if classes else None


def dump(result: ClassResult) -> dict[str, Any]:
    """Return the result of a class as it is stored."""
    return {"kind": result.kind, **asdict(result)}


def load(stored: dict[str, Any]) -> ClassResult:
    """Return what `dump` was given."""
    fields = {name: value for name, value in stored.items() if name != "kind"}
    if stored["kind"] == Answered.kind:
        items = [ItemResult(**item) for item in fields.pop("items")]
        return Answered(items=items, **fields)
    return Hidden(**fields) if stored["kind"] == Hidden.kind else Empty(**fields)


@dataclass(frozen=True)
class ItemSum:
    """One item over all classes that are shown."""

    counts: list[int]
    valid: int
    score: int | None
    satisfaction: tuple[int, int]


def summed(rules: Rules, classes: Sequence[ClassResult]) -> list[ItemSum]:
    """Return each item's counts over the shown classes (form d.5); `score` is the plain mean of these votes and
    `satisfaction` (satisfied, answered)."""
    shown = [each for each in classes if isinstance(each, Answered)]
    places = range(len(rules.shape.item_weights)) if shown else ()
    return [_item_sum(rules, [each.items[place].counts for each in shown]) for place in places]


def _item_sum(rules: Rules, columns: Sequence[Sequence[int]]) -> ItemSum:
    counts = [sum(column) for column in zip(*columns, strict=True)]
    pleased = sum(n for n, good in zip(counts, rules.satisfied, strict=False) if good)
    return ItemSum(counts, sum(counts), rounded(item_score(counts, rules.shape.worths)), (pleased, sum(counts[:-1])))
