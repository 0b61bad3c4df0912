"""How the people of an open round have changed since its roll was fixed."""

from collections.abc import Collection
from dataclasses import dataclass

from campaign.ballots.models import Paper
from orgs.models import User
from reviews.electorate import Rater, raters
from reviews.models.rounds import EvaluationRound, RoundState

LISTED = 200


@dataclass(frozen=True)
class RollDifference:
    """Who would rate if the roll were made now and has no paper, and who has one and would have none. Whoever moved from one unit
    to another within the round keeps the paper that they have."""

    joining: list[Rater]
    leaving: list[int]

    def people(self) -> dict[int, str]:
        """Return how these accounts are named: name and unit; the first LISTED of either kind."""
        wanted = [*(rater.user_id for rater in self.joining[:LISTED]), *self.leaving[:LISTED]]
        return named(wanted)


def named(accounts: Collection[int]) -> dict[int, str]:
    """Return name and unit of accounts, in the order of the units."""
    rows = User.objects.filter(pk__in=accounts).order_by("member__organization__path", "name", "pk")
    found = rows.values_list("pk", "name", "member__organization__name")
    return {pk: f"{name} · {place}" if place else name for pk, name, place in found}


def roll_can_change(evaluation_round: EvaluationRound) -> bool:
    """Tell whether people can join and leave: while it is open, and where the round itself says who rates."""
    return (
        evaluation_round.state == RoundState.OPEN
        and bool(evaluation_round.electorate)
        and not evaluation_round.is_of_appraisal
    )


def roll_difference(evaluation_round: EvaluationRound) -> RollDifference:
    """Compare the roll with the members and accounts of today. Seven queries."""
    ballot = evaluation_round.ballot
    rows = Paper.objects.filter(ballot=ballot, voter__isnull=False).order_by("voter_id")
    struck = dict(rows.values_list("voter_id", "struck"))
    subjects = list(ballot.subjects.order_by("pk"))
    present = {
        rater.user_id: rater
        for rater in raters(
            evaluation_round.audience, evaluation_round.organization, subjects, evaluation_round.electorate
        )
    }
    return RollDifference(
        [rater for user, rater in sorted(present.items()) if struck.get(user, True)],
        [user for user, out in struck.items() if not out and user not in present],
    )
