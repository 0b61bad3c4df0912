"""What is on a ballot paper, and how its answers become numbers to add."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext_lazy as _

from campaign.common.errors import DomainError

ABSTAIN = -1
"""The answer of somebody who has none; written down explicitly, so that nothing is forgotten by accident."""
Answers = Mapping[int, Sequence[int]]
"""For each subject (its id) one answer per item: the place of the choice, or ABSTAIN."""


class BadBallot(DomainError):
    """The paper is not filled in as its rules ask; nothing was counted."""

    message = _("Please answer every question for everybody on the paper, or choose “abstain”.")


@dataclass(frozen=True)
class Sheet:
    """`subjects` are (id, name) in a fixed order; every subject is asked all `items`, every item offers all `choices`."""

    subjects: tuple[tuple[int, str], ...]
    items: tuple[str, ...]
    choices: tuple[str, ...]
    uniform_refused: bool = False
    best_most: int | None = None
    asks_remarks: bool = False

    def without(self, own: int) -> "Sheet":
        """Return the sheet for the rater who is subject `own`."""
        return replace(self, subjects=tuple(subject for subject in self.subjects if subject[0] != own))

    def places(self, answers: Answers) -> dict[int, list[int]]:
        """Return for each subject the places in its counts that grow by one; raises BadBallot for anything but a full
        answer, and for one that the ballot's own rules hand back."""
        if set(answers) != {pk for pk, _name in self.subjects}:
            raise BadBallot
        places = {pk: self._places(answers[pk]) for pk, _name in self.subjects}
        self._check_rules(answers)
        return places

    def _places(self, given: Sequence[int]) -> list[int]:
        if len(given) != len(self.items) or any(not ABSTAIN <= answer < len(self.choices) for answer in given):
            raise BadBallot
        width = len(self.choices) + 1
        return [item * width + (answer if answer != ABSTAIN else width - 1) for item, answer in enumerate(given)]

    def _check_rules(self, answers: Answers) -> None:
        """Checked while the paper is in hand: what comes back was not counted, and can be filled in anew."""
        given = list(answers.values())
        marks = {answer for row in given for answer in row}
        if self.uniform_refused and sum(map(len, given)) > 1 and len(marks) == 1 and ABSTAIN not in marks:
            raise BadBallot(_("The same answer to everything is not valid in this round. Nothing was counted yet."))
        best = max((sum(answer == 0 for answer in column) for column in zip(*given, strict=True)), default=0)
        if self.best_most is not None and best > self.best_most:
            raise BadBallot(
                _("At most %(most)s may get “%(best)s” in one question. Nothing was counted yet.")
                % {"most": self.best_most, "best": self.choices[0]}
            )


def zeros(items: int, choices: int) -> list[int]:
    """Return the counts before the first vote: one for each choice of each item and one for its abstentions."""
    return [0] * (items * (choices + 1))


def by_item(counts: Sequence[int], choices: int) -> list[list[int]]:
    """Split counts into one list per item: a number for each choice, then that of the abstentions."""
    width = choices + 1
    return [list(counts[start : start + width]) for start in range(0, len(counts), width)]
