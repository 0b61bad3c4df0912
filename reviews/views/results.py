"""What the result pages of evaluation rounds show: plain rows, made from what was stored at sealing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from campaign.ballots import results
from campaign.ballots.models import Ballot, Choice, Item, RaterClass, Result, Subject
from campaign.ballots.results import Answered, ClassResult, Empty, Hidden, ItemSum
from campaign.ballots.selectors import questionnaire
from campaign.common.exact import percent
from campaign.models import Audience


@dataclass(frozen=True)
class ClassRow:
    name: str
    result: ClassResult


@dataclass(frozen=True)
class Row:
    """A line of the summary. `rank` is None for persons and for what has no total to compare."""

    subject: Subject
    result: Result
    classes: list[ClassRow]
    rank: int | None


def ranked(
    audience: str, subjects: Sequence[Subject], totals: Sequence[int], classes: Sequence[RaterClass]
) -> list[Row]:
    """Return organizations by their totals, ranked 1, 2, 2, 4 among `totals` of the whole round; persons in the order of
    the roll, without rank."""
    if audience == Audience.MEMBER:
        return [_row(subject, classes) for subject in subjects]
    first: dict[int, int] = {}
    for place, total in enumerate(sorted(totals, reverse=True), start=1):
        first.setdefault(total, place)
    order = sorted(subjects, key=lambda subject: (subject.result.total is None, -(subject.result.total or 0)))
    return [_row(subject, classes, first.get(subject.result.total or -1)) for subject in order]


def _row(subject: Subject, classes: Sequence[RaterClass], rank: int | None = None) -> Row:
    names = {each.key: each.name for each in classes}
    loaded = [results.load(each) for each in subject.result.classes]
    return Row(subject, subject.result, [ClassRow(names[each.key], each) for each in loaded], rank)


@dataclass(frozen=True)
class ItemRow:
    """One question over all classes shown: for each choice its votes and their share of the valid ballots."""

    item: Item
    choices: list[tuple[Choice, int, str]]
    abstained: int
    valid: int
    satisfaction: str
    score: int | None


def subject_page(ballot: Ballot, subject: Subject) -> dict[str, Any]:
    """Return the context of a subject's result. Three queries."""
    asked = questionnaire(ballot)
    row = _row(subject, asked.classes)
    plain = [each.result for each in row.classes]
    return {
        "subject": subject,
        "result": row.result,
        "choices": asked.choices,
        "items": [_item(item, summed, asked.choices) for item, summed in asked.over_all(plain)],
        "classes": row.classes,
        "some_hidden": any(isinstance(each, Hidden) for each in plain),
        "left_out": [each.name for each in row.classes if isinstance(each.result, Empty)],
        "several_shown": sum(isinstance(each, Answered) for each in plain) > 1,
        "k": ballot.k,
    }


def _item(item: Item, summed: ItemSum, choices: Sequence[Choice]) -> ItemRow:
    return ItemRow(
        item=item,
        choices=[
            (choice, votes, percent(votes, summed.valid)) for choice, votes in zip(choices, summed.counts, strict=False)
        ],
        abstained=summed.counts[-1],
        valid=summed.valid,
        satisfaction=percent(*summed.satisfaction),
        score=summed.score,
    )
