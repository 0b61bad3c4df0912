"""The recount: that nothing was lost and nothing came in, and that the results are those of the counts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from campaign.ballots.models import Ballot, PaperCount, RaterClass, Result, SealedPaper, SealedTally, Shown, Verdict
from campaign.ballots.results import (
    AnyFigure,
    ClassCount,
    Figure,
    HiddenFigure,
    Rules,
    SubjectResult,
    dump,
    pooled,
    subject_result,
)
from campaign.ballots.selectors import (
    Cell,
    cast_electronically,
    entitled_on_paper,
    groups,
    on_the_roll,
    paper_counts,
    questionnaire,
)
from campaign.ballots.sheet import by_item, zeros

KEPT_SINCE = {"issued", "invalid"}
"""Numbers of a class that results sealed by an earlier version do not have. A sealed result is never written anew."""


class Mismatch(Exception):
    """Papers and tallies do not agree. Nothing was changed; operators look into it."""


def _tallies(ballot: Ballot) -> dict[Cell, SealedTally]:
    found = SealedTally.objects.filter(ballot=ballot)
    return {(tally.subject_id, tally.rater_class_id): tally for tally in found}


def counted(ballot: Ballot, rules: Rules) -> Iterator[tuple[int, SubjectResult]]:
    """Yield each subject's id with its result, computed from the sealed tallies; subjects that are counted together share one
    result, and pooled classes are counted as one."""
    tallies, by_hand = _tallies(ballot), entitled_on_paper(ballot)
    classes = list(ballot.classes.order_by("order"))
    none = SealedTally(counts=zeros(len(rules.shape.item_weights), len(rules.shape.worths)))
    for group in groups(ballot):
        keys = [subject.pk for subject in group]
        cells = [
            _of_class(
                each, [tallies.get((key, each.pk), none) for key in keys], sum(by_hand[key, each.pk] for key in keys)
            )
            for each in classes
        ]
        if any(subject.classes_pooled for subject in group):
            cells = pooled(cells)
        result = subject_result(rules, cells)
        yield from ((subject, result) for subject in keys)


def _of_class(rater_class: RaterClass, rows: Sequence[SealedTally], by_hand: int) -> ClassCount:
    """`by_hand`: how many of those entitled vote on paper. Everybody else has an electronic paper from the beginning."""
    entitled = sum(row.entitled for row in rows)
    return ClassCount(
        key=rater_class.key,
        weight=rater_class.weight,
        entitled=entitled,
        issued=entitled - by_hand + sum(row.issued for row in rows),
        returned=sum(row.marked + row.valid for row in rows),
        counts=tuple(sum(column) for column in zip(*(row.counts for row in rows), strict=True)),
        on_paper=sum(row.valid for row in rows),
        invalid=sum(row.invalid for row in rows),
        overfull=any(row.valid + row.invalid > row.issued for row in rows),
    )


def result_row(ballot: Ballot, subject: int, result: SubjectResult) -> Result:
    """Return the result as it is stored."""
    total, total_kind = _figure(result.total)
    satisfaction, satisfaction_kind = _figure(result.satisfaction)
    return Result(
        subject_id=subject,
        ballot=ballot,
        verdict=Verdict.VALID if result.valid else Verdict.INVALID,
        reason=result.reason,
        entitled=result.entitled,
        returned=result.returned,
        total=total,
        total_kind=total_kind,
        satisfaction=satisfaction,
        satisfaction_kind=satisfaction_kind,
        classes=[dump(each) for each in result.classes],
    )


def _figure(figure: AnyFigure) -> tuple[int | None, Shown]:
    if isinstance(figure, Figure):
        return figure.value, Shown.ANSWERED
    return None, Shown.HIDDEN if isinstance(figure, HiddenFigure) else Shown.EMPTY


def differences(ballot: Ballot) -> Iterator[str]:
    """Yield every difference between marked papers, ballots counted on paper, sealed tallies and stored results; nothing
    when all agree. When the marks have been deleted, the numbers kept with the tallies stand for them."""
    rules = questionnaire(ballot).rules
    tallies = _tallies(ballot)
    yield from _wrong_numbers(ballot, tallies)
    for cell, tally in sorted(tallies.items()):
        returned = tally.marked + tally.valid
        sums = {sum(counts) for counts in by_item(tally.counts, len(rules.shape.worths))} or {0}
        if sums != {returned}:
            yield f"{_named(cell)}: {tally.marked} papers marked and {tally.valid} valid on paper, {sorted(sums)} answers counted"
    yield from _wrong_results(ballot, rules)


def _wrong_numbers(ballot: Ballot, tallies: Mapping[Cell, SealedTally]) -> Iterator[str]:
    on_paper = {cell: each[0] for cell, each in paper_counts(ballot).items()}
    for cell in sorted(tallies.keys() | on_paper.keys()):
        tally, sheet = tallies.get(cell, SealedTally()), on_paper.get(cell, PaperCount(issued=0, valid=0, invalid=0))
        if (tally.issued, tally.valid, tally.invalid) != (sheet.issued, sheet.valid, sheet.invalid):
            yield f"{_named(cell)}: the numbers of ballots on paper differ from what was counted"
    if ballot.marks_deleted_at is not None:
        return
    marked, roll = cast_electronically(ballot), on_the_roll(ballot, SealedPaper)
    for cell in sorted(roll.keys() | tallies.keys()):
        tally = tallies.get(cell, SealedTally())
        if tally.marked != marked[cell]:
            yield f"{_named(cell)}: {marked[cell]} papers marked, {tally.marked} noted at sealing"
        if tally.entitled != roll[cell]:
            yield f"{_named(cell)}: {roll[cell]} papers, {tally.entitled} noted at sealing"


def _named(cell: Cell) -> str:
    return f"subject {cell[0]}, class {cell[1]}"


def _wrong_results(ballot: Ballot, rules: Rules) -> Iterator[str]:
    stored = {result.subject_id: result for result in Result.objects.filter(ballot=ballot)}
    for subject, result in counted(ballot, rules):
        right, found = result_row(ballot, subject, result), stored.pop(subject, None)
        names = [field.attname for field in Result._meta.concrete_fields]
        if found is not None and len(found.classes) == len(right.classes):
            right.classes = [_as_kept(*each) for each in zip(right.classes, found.classes, strict=True)]
        if found is None:
            yield f"subject {subject}: no result"
        elif wrong := [name for name in names if getattr(found, name) != getattr(right, name)]:
            yield f"subject {subject}: {', '.join(wrong)} of the result differ from the counts"
    yield from (f"subject {subject}: a result of nobody" for subject in stored)


def _as_kept(right: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Leave out the numbers that were not kept yet when the ballot was sealed."""
    return {name: value for name, value in right.items() if name in found or name not in KEPT_SINCE}
