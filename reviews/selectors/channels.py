"""Reads of how people without an account vote: slips, and ballots on paper with their counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from campaign.ballots import selectors as ballots
from campaign.ballots.models import Batch, PaperCount, RaterClass, Subject
from campaign.common.access import actor_ids, ancestors_and_self, own_member_ids
from campaign.common.capabilities import Cap
from orgs.models import Organization
from orgs.selectors import worker_numbers_below
from reviews.models.rounds import EvaluationRound, RoundQuerySet, RoundState


@dataclass(frozen=True)
class Unit:
    """A unit whose workers rate subjects of a round: by list or head count `workers`, of them `representatives`."""

    organization: Organization
    workers: int
    representatives: int


def units_of(evaluation_round: EvaluationRound) -> list[Unit]:
    """Return the units of a round, in the order of the tree: where its subjects are. A worker belongs to the nearest one
    above. Three queries."""
    places = evaluation_round.ballot.subjects.values("organization")
    units = {place.path: place for place in Organization.objects.filter(pk__in=places).order_by("path")}
    workers: Counter[str] = Counter()
    representatives: Counter[str] = Counter()
    for path, numbers in worker_numbers_below(evaluation_round.organization).items():
        above = [place for place in ancestors_and_self(path, Organization.steplen) if place in units]
        if above:
            workers[above[-1]] += numbers.total
            representatives[above[-1]] += numbers.representatives
    return [Unit(place, workers[path], representatives[path]) for path, place in units.items()]


def batches_of(evaluation_round: EvaluationRound) -> Any:
    """Return the batches of a round, without their codes."""
    found = Batch.objects.filter(ballot=evaluation_round.ballot_id).select_related("organization", "rater_class")
    return found.defer("cipher").order_by("organization__path", "rater_class__order", "channel")


def rounds_to_count(user: Any) -> RoundQuerySet:
    """Return the open rounds in which `user` may count ballots on paper."""
    reached = Subject.objects.allowed(user, Cap.ROUND_COUNT).filter(ballot__batches__channel="paper")
    found = EvaluationRound.objects.filter(state=RoundState.OPEN, ballot__in=reached.values("ballot"))
    return found.select_related("ballot", "organization")


@dataclass(frozen=True)
class Sheet:
    """The ballots on paper of one class for one subject: so many `entitled`, and who has counted what."""

    subject: Subject
    rater_class: RaterClass
    entitled: int
    counts: Sequence[PaperCount]

    @property
    def is_agreed(self) -> bool:
        return ballots.agreed(self.counts)

    @property
    def differs(self) -> bool:
        return len(self.counts) == 2 and not self.is_agreed


def sheets_to_count(user: Any, evaluation_round: EvaluationRound) -> list[Sheet]:
    """Return what `user` may count in a round: nothing about themselves. A constant number of queries."""
    return sheets(user, evaluation_round, Subject.objects.allowed(user, Cap.ROUND_COUNT))


def sheets(user: Any, evaluation_round: EvaluationRound, subjects: Any) -> list[Sheet]:
    """Return the sheets of some subjects of a round."""
    ballot = evaluation_round.ballot
    entitled, counted = ballots.entitled_on_paper(ballot), ballots.paper_counts(ballot)
    classes = {each.pk: each for each in ballot.classes.order_by("order")}
    own = own_member_ids(user)
    found = subjects.filter(ballot=ballot).select_related("organization").distinct().order_by("pk")
    return [
        Sheet(subject, classes[key], entitled[subject.pk, key], counted.get((subject.pk, key), []))
        for subject in found
        if subject.member_id not in own
        for key in classes
        if entitled[subject.pk, key]
    ]


def own_count(user: Any, sheet: Sheet) -> PaperCount | None:
    """Return what `user` entered on a sheet."""
    return next((each for each in sheet.counts if each.counter_id == user.pk), None)


def may_count(user: Any, sheet: Sheet) -> bool:
    """Tell whether `user` is one of the two, or can become one."""
    others = [each for each in sheet.counts if each.counter_id != user.pk]
    return len(others) < 2 and not any(each.counter_id in actor_ids(user) for each in others)
