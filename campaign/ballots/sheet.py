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

    def without(self, own: int) -> "Sheet":
        """Return the sheet for the rater who is subject `own`."""
        return replace(self, subjects=tuple(subject for subject in self.subjects if subject[0] != own))

    def deltas(self, answers: Answers) -> dict[int, list[int]]:
        """Return for each subject the numbers to add to its counts; raises BadBallot for anything but a full answer."""
        if set(answers) != {pk for pk, _name in self.subjects}:
            raise BadBallot
        return {pk: self._delta(answers[pk]) for pk, _name in self.subjects}

    def _delta(self, given: Sequence[int]) -> list[int]:
        if len(given) != len(self.items) or any(not ABSTAIN <= answer < len(self.choices) for answer in given):
            raise BadBallot
        return [int(place == answer) for answer in given for place in (*range(len(self.choices)), ABSTAIN)]


def zeros(items: int, choices: int) -> list[int]:
    """Return the counts before the first vote: one for each choice of each item and one for its abstentions."""
    return [0] * (items * (choices + 1))


def by_item(counts: Sequence[int], choices: int) -> list[list[int]]:
    """Split counts into one list per item: a number for each choice, then that of the abstentions."""
    width = choices + 1
    return [list(counts[start : start + width]) for start in range(0, len(counts), width)]
