"""The recount: that nothing was lost and nothing came in, and that the results are those of the counts."""

from collections.abc import Iterator, Mapping

from campaign.ballots.models import Ballot, PaperCount, Result, SealedPaper, SealedTally, Shown, Verdict
from campaign.ballots.results import (
    AnyFigure,
    ClassCount,
    Figure,
    HiddenFigure,
    Rules,
    SubjectResult,
    dump,
    subject_result,
)
from campaign.ballots.selectors import Cell, cast_electronically, on_the_roll, paper_counts, questionnaire
from campaign.ballots.sheet import by_item, zeros


class Mismatch(Exception):
    """Papers and tallies do not agree. Nothing was changed; operators look into it."""


def _tallies(ballot: Ballot) -> dict[Cell, SealedTally]:
    found = SealedTally.objects.filter(ballot=ballot)
    return {(tally.subject_id, tally.rater_class_id): tally for tally in found}


def counted(ballot: Ballot, rules: Rules) -> Iterator[tuple[int, SubjectResult]]:
    """Yield each subject's id with its result, computed from the sealed tallies."""
    tallies = _tallies(ballot)
    classes = list(ballot.classes.order_by("order"))
    none = SealedTally(counts=zeros(len(rules.shape.item_weights), len(rules.shape.worths)))
    for subject in ballot.subjects.order_by("pk").values_list("pk", flat=True):
        rows = [(each, tallies.get((subject, each.pk), none)) for each in classes]
        cells = [
            ClassCount(
                key=each.key,
                weight=each.weight,
                entitled=row.entitled,
                returned=row.marked + row.valid,
                counts=tuple(row.counts),
                on_paper=row.valid,
                invalid=row.invalid,
                issued=row.issued,
            )
            for each, row in rows
        ]
        yield subject, subject_result(rules, cells)


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
        if found is None:
            yield f"subject {subject}: no result"
        elif wrong := [name for name in names if getattr(found, name) != getattr(right, name)]:
            yield f"subject {subject}: {', '.join(wrong)} of the result differ from the counts"
    yield from (f"subject {subject}: a result of nobody" for subject in stored)
