"""One vote each: counted and marked, or neither."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum

from campaign.ballots import selectors
from campaign.ballots.models import Ballot, BallotState, Paper, SealedTally, Tally
from campaign.ballots.services import (
    NotCounted,
    ballot_cancel,
    ballot_cast,
    ballot_open,
    ballot_seal,
    papers_add,
    roll_digest,
    subjects_add,
    turnout_refresh,
)
from campaign.ballots.sheet import ABSTAIN, BadBallot
from campaign.ballots.verification import Mismatch
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from tests.ballots.making import CLASSES, HOUR, draft, entitle, filled, opened, paper_of, people, vote
from tests.world import World

pytestmark = pytest.mark.django_db


def counts(ballot: Ballot) -> list[list[int]]:
    """Read the tallies as a test may, and no page."""
    return [list(row) for row in Tally.objects.filter(ballot=ballot).order_by("pk").values_list("counts", flat=True)]


def test_a_vote_marks_the_paper_and_adds_to_the_tallies(world: World) -> None:
    raters = people(5)
    ballot = opened(world, raters, items=2)
    vote(ballot, raters[0], 0, 3)
    vote(ballot, raters[1], 1, ABSTAIN)
    assert counts(ballot) == [[1, 1, 0, 0, 0, 0, 0, 0, 1, 1]]
    assert Paper.objects.filter(marked=True).count() == 2


def test_every_subject_of_the_paper_gets_its_own_answers(world: World) -> None:
    raters = people(5)
    ballot = opened(world, raters, ("east_one", "east_two", "west_one"), items=1)
    paper = paper_of(ballot, raters[0])
    ballot_cast(
        paper=paper,
        voter=raters[0],
        answers={pk: [place] for place, (pk, _name) in enumerate(paper.sheet.subjects)},
    )
    rows = Tally.objects.filter(ballot=ballot).order_by("subject_id").values_list("counts", flat=True)
    assert list(rows) == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0]]


def test_a_second_vote_is_refused_and_counts_nothing(world: World) -> None:
    raters = people(5)
    ballot = opened(world, raters)
    stale = paper_of(ballot, raters[0])
    vote(ballot, raters[0], 0)
    before = counts(ballot)
    with pytest.raises(NotCounted):
        ballot_cast(paper=stale, voter=raters[0], answers=filled(stale, 1))
    assert counts(ballot) == before


def test_nobody_votes_with_anothers_paper(world: World) -> None:
    raters = people(5)
    ballot = opened(world, raters)
    paper = paper_of(ballot, raters[0])
    with pytest.raises(NotAllowed):
        ballot_cast(paper=paper, voter=raters[1], answers=filled(paper, 0))
    assert not Paper.objects.filter(marked=True).exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _answers: {},
        lambda answers: {pk: given[:-1] for pk, given in answers.items()},
        lambda answers: {pk: [*given[:-1], 4] for pk, given in answers.items()},
        lambda answers: {pk: [*given[:-1], -2] for pk, given in answers.items()},
        lambda answers: {**answers, 0: next(iter(answers.values()))},
    ],
)
def test_a_paper_not_filled_in_by_the_rules_is_handed_back(world: World, spoil: Any) -> None:
    raters = people(5)
    ballot = opened(world, raters)
    paper = paper_of(ballot, raters[0])
    with pytest.raises(BadBallot):
        ballot_cast(paper=paper, voter=raters[0], answers=spoil(filled(paper, 0)))
    assert not Paper.objects.filter(marked=True).exists()
    vote(ballot, raters[0], 0)


def test_votes_are_taken_between_opening_and_closing_only(world: World) -> None:
    raters = people(5)
    ballot = opened(world, raters)
    for moment, counted in ((-2 * HOUR, False), (HOUR * 0, True), (HOUR, False)):
        with clock.at(clock.now() + moment):
            if counted:
                vote(ballot, raters[0], 0)
            else:
                with pytest.raises(NotCounted):
                    vote(ballot, raters[1], 0)
    assert Paper.objects.filter(marked=True).count() == 1


def test_a_crash_between_the_two_writes_undoes_the_first(world: World) -> None:
    """The tally is gone, so the second write fails: the paper must not stay marked."""
    raters = people(5)
    ballot = opened(world, raters, ("east_one", "east_two"))
    paper = paper_of(ballot, raters[0])
    answers = filled(paper, 0)
    lost = Tally.objects.filter(ballot=ballot).order_by("pk").first()
    assert lost is not None
    kept = {**lost.__dict__}
    lost.delete()
    with pytest.raises(Mismatch):
        ballot_cast(paper=paper, voter=raters[0], answers=answers)
    assert not Paper.objects.filter(marked=True).exists()
    assert all(set(row) == {0} for row in counts(ballot))
    Tally.objects.create(**{name: value for name, value in kept.items() if not name.startswith("_")})
    ballot_cast(paper=paper, voter=raters[0], answers=answers)
    assert Paper.objects.get(marked=True).voter_id == raters[0].pk


def test_casting_takes_a_constant_number_of_statements(world: World, django_assert_num_queries: Any) -> None:
    raters = people(5)
    one = opened(world, raters, ("east_one",))
    three = opened(world, raters, ("east_one", "east_two", "west_one"))
    for ballot in (one, three):
        paper = paper_of(ballot, raters[0])
        answers = filled(paper, 0)
        # PostgreSQL does all in one statement, SQLite marks the paper, then adds, within a savepoint.
        with django_assert_num_queries(1 if connection.vendor == "postgresql" else 4):
            ballot_cast(paper=paper, voter=raters[0], answers=answers)


def test_slots_are_merged_when_sealing(world: World) -> None:
    raters = people(200)
    ballot = opened(world, raters, items=1)
    assert ballot.slots == 3
    for place, rater in enumerate(raters[:200]):
        vote(ballot, rater, place % 4)
    assert len([row for row in counts(ballot) if sum(row)]) == 3
    ballot_seal(ballot=ballot)
    assert SealedTally.objects.get(ballot=ballot).counts == [50, 50, 50, 50, 0]


# ---- before opening ----


def test_opening_names_what_stands_in_the_way(world: World) -> None:
    ballot = draft(world, classes=CLASSES[:2], items=0, k=5)
    entitle(ballot, people(4), "A")
    told = "\n".join(selectors.blockers(ballot))
    assert len(selectors.blockers(ballot)) == 4
    assert world.orgs["east_one"].name in told
    assert "党员" in told
    with pytest.raises(DomainError):
        ballot_open(ballot=ballot)
    assert Ballot.objects.get().state == BallotState.DRAFT


def test_nothing_to_rate_and_a_past_end_stand_in_the_way(world: World) -> None:
    ballot = draft(world, (), closes_at=clock.now())
    assert len(selectors.blockers(ballot)) == 2
    with pytest.raises(DomainError):
        draft(world, closes_at=clock.now() - HOUR)


def test_a_class_without_raters_is_left_out_by_decision_only(world: World) -> None:
    for confirmed in (False, True):
        ballot = draft(world, classes=CLASSES, leave_out_empty=confirmed)
        everybody = people(10, start=10 * confirmed)
        entitle(ballot, everybody[:5], "A")
        entitle(ballot, everybody[5:], "B")
        assert bool(selectors.blockers(ballot)) is not confirmed
    assert ballot_open(ballot=ballot).state == BallotState.OPEN


def test_classes_that_would_be_hidden_are_shown_before_opening(world: World) -> None:
    ballot = draft(world, classes=CLASSES[:2], k=5)
    everybody = people(9)
    entitle(ballot, everybody[:4], "A")
    entitle(ballot, everybody[4:], "B")
    small = selectors.small_classes(ballot)
    assert [(each.name, each.rater_class) for each in small] == [(world.orgs["east_one"].name, "领导班子")]


def test_the_roll_is_fixed_at_opening(world: World) -> None:
    raters = people(6)
    ballot = opened(world, raters[:5])
    assert len(ballot.roll_digest) == 64
    assert roll_digest(ballot) == ballot.roll_digest
    with pytest.raises(StateConflict):
        papers_add(ballot=ballot, papers=[])
    with pytest.raises(StateConflict):
        subjects_add(ballot=ballot, audience="organization", subjects=[])
    with pytest.raises(StateConflict):
        ballot_open(ballot=ballot)
    Paper.objects.filter(voter=raters[0]).delete()
    assert roll_digest(ballot) != ballot.roll_digest


def test_papers_are_made_in_a_constant_number_of_statements(world: World) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from campaign.ballots.services import PaperPlan

    found = []
    for size in (5, 50):
        ballot = draft(world)
        subjects = tuple(ballot.subjects.values_list("pk", flat=True))
        raters = people(size, start=size * 10)
        plans = [PaperPlan(rater.pk, "all", subjects) for rater in raters]
        with CaptureQueriesContext(connection) as captured:
            papers_add(ballot=ballot, papers=plans)
        found.append(len(captured))
    assert found[0] == found[1] <= 7


# ---- turnout ----


def test_turnout_is_counted_hourly_and_never_below_k(world: World) -> None:
    raters = people(8)
    ballot = opened(world, raters, closes_at=clock.now() + 10 * HOUR)

    def voted() -> int | None:
        return selectors.turnout(Ballot.objects.get())[0].voted

    for rater in raters[:3]:
        vote(ballot, rater, 0)
    assert turnout_refresh() == 0
    assert voted() is None
    with clock.at(clock.now() + HOUR):
        assert turnout_refresh() == 1
        assert voted() == 3
        vote(ballot, raters[3], 0)
        assert turnout_refresh() == 0
        assert voted() == 3


def test_turnout_below_k_is_not_told(world: World) -> None:
    raters = people(8)
    ballot = opened(world, raters, closes_at=clock.now() + 10 * HOUR)
    vote(ballot, raters[0], 0)
    vote(ballot, raters[1], 0)
    with clock.at(clock.now() + HOUR):
        assert turnout_refresh() == 1
    assert selectors.turnout(Ballot.objects.get())[0].voted is None


def test_a_cancelled_ballot_takes_no_votes(world: World) -> None:
    raters = people(5)
    ballot = opened(world, raters)
    paper = paper_of(ballot, raters[1])
    answers = filled(paper, 0)
    vote(ballot, raters[0], 0)
    ballot_cancel(ballot=ballot)
    with pytest.raises(NotCounted):
        ballot_cast(paper=paper, voter=raters[1], answers=answers)
    assert not Paper.objects.exists()
    assert not Tally.objects.aggregate(Sum("slot"))["slot__sum"]
    with pytest.raises(StateConflict):
        ballot_seal(ballot=ballot)
