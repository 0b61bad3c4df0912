"""The recount: that nothing was lost and nothing came in, and that the results are those of the counts."""

from collections.abc import Iterator, Sequence

from campaign.ballots.models import Ballot, Result, SealedTally, Shown, Verdict
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
from campaign.ballots.selectors import entitled, groups, questionnaire, returned
from campaign.ballots.sheet import by_item, zeros


class Mismatch(Exception):
    """Papers and tallies do not agree. Nothing was changed; operators look into it."""


def _tallies(ballot: Ballot) -> dict[tuple[int, int], list[int]]:
    rows = SealedTally.objects.filter(ballot=ballot).values_list("subject_id", "rater_class_id", "counts")
    return {(subject, rater_class): counts for subject, rater_class, counts in rows}


def counted(ballot: Ballot, rules: Rules) -> Iterator[tuple[int, SubjectResult]]:
    """Yield each subject's id with its result, computed from the sealed papers and tallies; subjects that are counted together
    share one result, and pooled classes are counted as one."""
    papers, marked, tallies = entitled(ballot), returned(ballot), _tallies(ballot)
    classes = list(ballot.classes.order_by("order"))
    none = zeros(len(rules.shape.item_weights), len(rules.shape.worths))
    for group in groups(ballot):
        keys = [subject.pk for subject in group]
        cells = [
            ClassCount(
                key=each.key,
                weight=each.weight,
                entitled=sum(papers[subject, each.pk] for subject in keys),
                returned=sum(marked[subject, each.pk] for subject in keys),
                counts=_sum([tallies.get((subject, each.pk), none) for subject in keys]),
            )
            for each in classes
        ]
        if any(subject.classes_pooled for subject in group):
            cells = pooled(cells)
        result = subject_result(rules, cells)
        yield from ((subject, result) for subject in keys)


def _sum(counts: Sequence[Sequence[int]]) -> tuple[int, ...]:
    return tuple(sum(column) for column in zip(*counts, strict=True))


def result_row(ballot: Ballot, subject: int, result: SubjectResult) -> Result:
    """Return the result as it is stored."""
    total, total_kind = _figure(result.total)
    satisfaction, satisfaction_kind = _figure(result.satisfaction)
    return Result(
        subject_id=subject,
        ballot=ballot,
        verdict=Verdict.VALID if result.valid else Verdict.INVALID,
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
    """Yield every difference between marked papers, sealed tallies and stored results; nothing when all agree."""
    rules = questionnaire(ballot).rules
    marked = returned(ballot)
    tallies = _tallies(ballot)
    for cell in sorted(marked.keys() | tallies.keys()):
        items = by_item(tallies.get(cell, []), len(rules.shape.worths))
        sums = {sum(counts) for counts in items} or {0}
        if sums != {marked[cell]}:
            yield f"subject {cell[0]}, class {cell[1]}: {marked[cell]} papers marked, {sorted(sums)} answers counted"
    yield from _wrong_results(ballot, rules)


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
