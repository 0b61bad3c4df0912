"""What the result pages of evaluation rounds show: plain rows, made from what was stored at sealing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from campaign.ballots import results
from campaign.ballots.models import Ballot, Choice, Item, RaterClass, Result, Subject
from campaign.ballots.results import POOLED, Answered, ClassResult, Empty, Hidden, ItemSum, Rules, summed
from campaign.ballots.selectors import questionnaire
from campaign.common.exact import half_up, percent, share
from campaign.models import Audience
from reviews.grades import grade_of, ranks
from reviews.models.rounds import EvaluationRound

WHOLE = 10_000
EDGES = (9500, 9000, 8000, 7000, 6000, 0)
"""Where the columns of the distribution of totals begin, in hundredths of a point."""


@dataclass(frozen=True)
class ClassRow:
    """`weighted` is what the class adds to the total, None where that is hidden."""

    name: str
    result: ClassResult
    weighted: int | None

    @property
    def back(self) -> int | None:
        """How many ballots came back, valid or not; None where that is hidden or was not kept."""
        if not isinstance(self.result, Answered) or self.result.invalid is None:
            return None
        return self.result.returned + self.result.invalid


@dataclass(frozen=True)
class Row:
    """A line of the summary. `rank` is None for persons and for what has no total to compare; `before` is the total that the
    subject had in the round compared with."""

    subject: Subject
    result: Result
    classes: list[ClassRow]
    rank: int | None
    grade: str = ""
    before: int | None = None

    @property
    def change(self) -> int | None:
        """How much the total went up, in hundredths; None where one of the two is missing."""
        return None if self.before is None or self.result.total is None else self.result.total - self.before

    @property
    def is_pooled(self) -> bool:
        return any(each.result.key == POOLED for each in self.classes)

    @property
    def says_little(self) -> bool:
        """Whether all answers that are shown are the best one."""
        return all_best([each.result for each in self.classes])


def all_best(classes: Sequence[ClassResult]) -> bool:
    """Tell whether everybody whose answers are shown gave the best one to everything: such a result tells little."""
    shown = [item.counts for each in classes if isinstance(each, Answered) for item in each.items]
    return bool(shown) and all(counts[0] == sum(counts) > 0 for counts in shown)


Before = Mapping[tuple[int, int | None], Result]
"""Former results by (organization, member)."""


def ranked(
    evaluation_round: EvaluationRound,
    subjects: Sequence[Subject],
    totals: Sequence[int],
    classes: Sequence[RaterClass],
    before: Before,
) -> list[Row]:
    """Return organizations by their totals, ranked 1, 2, 2, 4 among `totals` of the whole round; persons in the order of
    the roll, without rank."""
    by_roll = evaluation_round.audience == Audience.MEMBER
    first = {} if by_roll else ranks(totals)
    order = (
        subjects
        if by_roll
        else sorted(subjects, key=lambda subject: (subject.result.total is None, -(subject.result.total or 0)))
    )
    return [_row(evaluation_round, subject, classes, first, before) for subject in order]


def _row(
    evaluation_round: EvaluationRound,
    subject: Subject,
    classes: Sequence[RaterClass],
    first: Mapping[int, int],
    before: Before,
) -> Row:
    total = subject.result.total
    former = before.get(_whose(subject))
    return Row(
        subject,
        subject.result,
        class_rows(subject.result, classes),
        None if total is None else first.get(total),
        grade_of(evaluation_round.bands, total),
        former.total if former else None,
    )


def _whose(subject: Subject) -> tuple[int, int | None]:
    return (0, subject.member_id) if subject.member_id else (subject.organization_id, None)


def by_whom(subjects: Sequence[Subject]) -> Before:
    """Return the results of `subjects` by whose they are: a person's wherever the branch was."""
    return {_whose(subject): subject.result for subject in subjects}


def class_rows(result: Result, classes: Sequence[RaterClass]) -> list[ClassRow]:
    """Return what is said of each class."""
    names = {POOLED: _("All classes together"), **{each.key: each.name for each in classes}}
    loaded = [results.load(each) for each in result.classes]
    return [ClassRow(names[each.key], each, adds) for each, adds in zip(loaded, results.weighted(loaded), strict=True)]


# ---- plots: numbers for SVG, in ten-thousandths of the width ----


@dataclass(frozen=True)
class Bar:
    """A part of a stacked bar, from `x` on and `width` wide; `place` gives its colour."""

    place: int
    label: str
    votes: int
    x: int
    width: int


def stacked(labels: Sequence[str], counts: Sequence[int]) -> list[Bar]:
    """Return the parts of a bar that is as wide as all `counts` together."""
    whole, bars, done = sum(counts), [], 0
    for place, (label, votes) in enumerate(zip(labels, counts, strict=True)):
        start = half_up(done * WHOLE, whole) if whole else 0
        done += votes
        end = half_up(done * WHOLE, whole) if whole else 0
        bars.append(Bar(place, label, votes, start, end - start))
    return bars


@dataclass(frozen=True)
class Column:
    """How many totals lie from `edge` on, below the next edge; `height` of 100, drawn from `y` down."""

    edge: int
    number: int
    x: int
    y: int
    height: int


def distribution(totals: Sequence[int]) -> list[Column]:
    """Return how the totals are spread, the lowest column first."""
    numbers = [0] * len(EDGES)
    for total in totals:
        numbers[next(place for place, edge in enumerate(EDGES) if total >= edge)] += 1
    most = max(numbers) or 1
    heights = [half_up(number * 100, most) for number in numbers]
    rows = list(zip(EDGES, numbers, heights, strict=True))[::-1]
    return [
        Column(edge, number, place * 100, 120 - height, height) for place, (edge, number, height) in enumerate(rows)
    ]


# ---- one subject ----


@dataclass(frozen=True)
class ItemRow:
    """One question over all classes shown: for each choice its votes and their share of the valid ballots; `before` is the
    score that the same question had in the round compared with."""

    item: Item
    choices: list[tuple[Choice, int, str]]
    abstained: int
    valid: int
    satisfaction: str
    score: int | None
    bars: list[Bar]
    before: int | None = None

    @property
    def change(self) -> int | None:
        return None if self.before is None or self.score is None else self.score - self.before


def subject_page(evaluation_round: EvaluationRound, subject: Subject, before: Result | None) -> dict[str, Any]:
    """Return the context of a subject's result. Four queries, eight where there is a former one."""
    ballot = evaluation_round.ballot
    asked = questionnaire(ballot)
    row = _row(evaluation_round, subject, asked.classes, {}, {_whose(subject): before} if before else {})
    plain = [each.result for each in row.classes]
    former = _scores(before) if before else {}
    return {
        "subject": subject,
        "row": row,
        "result": row.result,
        "choices": asked.choices,
        "items": [_item(item, found, asked.choices, former) for item, found in asked.over_all(plain)],
        "classes": row.classes,
        "weights": sum(each.weight for each in plain),
        "sums": results.ballot_sums(plain),
        "turnout": None if row.result.returned is None else share(row.result.returned, row.result.entitled),
        "some_hidden": any(isinstance(each, Hidden) for each in plain),
        "left_out": [each.name for each in row.classes if isinstance(each.result, Empty)],
        "several_shown": sum(isinstance(each, Answered) for each in plain) > 1,
        "k": ballot.k,
    }


def _scores(before: Result) -> dict[str, int | None]:
    """Return the scores of a former result by the text of the question."""
    asked = questionnaire(Ballot.objects.get(pk=before.ballot_id))
    return {item.text: found.score for item, found in asked.over_all([results.load(each) for each in before.classes])}


def _item(item: Item, found: ItemSum, choices: Sequence[Choice], former: Mapping[str, int | None]) -> ItemRow:
    labels = [*(choice.label for choice in choices), _("Abstentions")]
    return ItemRow(
        item=item,
        choices=[
            (choice, votes, percent(votes, found.valid)) for choice, votes in zip(choices, found.counts, strict=False)
        ],
        abstained=found.counts[-1],
        valid=found.valid,
        satisfaction=percent(*found.satisfaction),
        score=found.score,
        bars=stacked(labels, found.counts),
        before=former.get(item.text),
    )


# ---- all subjects together ----


def over_subjects(rules: Rules, items: Sequence[Item], choices: Sequence[Choice], rows: Sequence[Row]) -> list[ItemRow]:
    """Return each question over all subjects and the classes that are shown of them; those that are counted together once.
    What is hidden is in none of these numbers, so they tell nothing of it."""
    shown = {row.subject.group: [each.result for each in row.classes] for row in rows}
    sums = summed(rules, [each for classes in shown.values() for each in classes])
    return [_item(item, found, choices, {}) for item, found in zip(items, sums, strict=False)]
