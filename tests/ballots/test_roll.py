"""People join and leave while votes are taken: a new digest, no vote lost, and nobody learns who has voted."""

import pytest

from campaign.ballots import selectors
from campaign.ballots.models import Ballot, Paper, SealedPaper, SealedTally
from campaign.ballots.roll import roll_change
from campaign.ballots.services import NotCounted, PaperPlan, ballot_open, ballot_seal, roll_digest
from campaign.ballots.verification import differences
from campaign.common import clock
from campaign.common.errors import StateConflict
from tests.ballots.making import CLASSES, HOUR, draft, entitle, opened, people, vote
from tests.world import World

pytestmark = pytest.mark.django_db


def subjects(ballot: Ballot) -> tuple[int, ...]:
    return tuple(ballot.subjects.order_by("pk").values_list("pk", flat=True))


def test_who_joins_votes_and_the_digest_is_another(world: World) -> None:
    raters = people(7)
    ballot = opened(world, raters[:5], ("east_one", "east_two"))
    vote(ballot, raters[0], 0)
    before = ballot.roll_digest
    plans = [PaperPlan(rater.pk, "all", subjects(ballot)) for rater in raters[5:]]
    roll_change(ballot=ballot, joining=plans, leaving=[])
    assert ballot.roll_digest == roll_digest(ballot) != before
    for rater in raters[1:]:
        vote(ballot, rater, 1)
    ballot_seal(ballot=ballot)
    assert not list(differences(ballot))
    assert list(SealedTally.objects.filter(ballot=ballot).values_list("entitled", "marked")) == [(7, 7)] * 2


def test_a_class_nobody_was_in_gets_tallies_with_its_first_rater(world: World) -> None:
    raters = people(11)
    ballot = draft(world, classes=CLASSES[:2], leave_out_empty=True)
    ballot.classes.update(weight=5000)
    entitle(ballot, raters[:5], "A")
    ballot_open(ballot=ballot)
    plans = [PaperPlan(rater.pk, "B", subjects(ballot)) for rater in raters[5:]]
    roll_change(ballot=ballot, joining=plans, leaving=[])
    for rater in raters:
        vote(ballot, rater, 0)
    ballot_seal(ballot=ballot)
    assert sorted(SealedTally.objects.values_list("entitled", "marked")) == [(5, 5), (6, 6)]


def test_who_left_cannot_vote_any_more_and_looks_the_same_whether_they_had_or_not(world: World) -> None:
    raters = people(8)
    ballot = opened(world, raters)
    vote(ballot, raters[0], 3)
    told = []
    for rater in raters[:2]:
        roll_change(ballot=ballot, joining=[], leaving=[rater.pk])
        told.append((selectors.entitled(ballot), selectors.turnout(ballot), len(ballot.roll_digest)))
    assert told[0] == told[1]
    assert sum(told[0][0].values()) == 8
    with pytest.raises(NotCounted):
        vote(ballot, raters[1], 0)
    for rater in raters[2:]:
        vote(ballot, rater, 0)
    ballot_seal(ballot=ballot)
    assert not list(differences(ballot))
    assert SealedPaper.objects.filter(marked=True).count() == 7
    assert SealedTally.objects.get().counts[:5] == [6, 0, 0, 1, 0]


def test_who_comes_back_has_the_old_paper(world: World) -> None:
    raters = people(6)
    ballot = opened(world, raters)
    vote(ballot, raters[0], 0)
    both = [rater.pk for rater in raters[:2]]
    roll_change(ballot=ballot, joining=[], leaving=both)
    roll_change(ballot=ballot, joining=[PaperPlan(pk, "all", subjects(ballot)) for pk in both], leaving=[])
    with pytest.raises(NotCounted):
        vote(ballot, raters[0], 0)
    vote(ballot, raters[1], 0)
    assert Paper.objects.filter(ballot=ballot).count() == 6


@pytest.mark.parametrize("state", ["draft", "over", "sealed"])
def test_the_roll_of_what_takes_no_votes_is_not_changed(world: World, state: str) -> None:
    raters = people(6)
    ballot = draft(world)
    entitle(ballot, raters)
    if state != "draft":
        ballot_open(ballot=ballot)
    if state == "sealed":
        ballot_seal(ballot=ballot)
    with clock.at(clock.now() + 2 * HOUR * (state == "over")), pytest.raises(StateConflict):
        roll_change(ballot=ballot, joining=[], leaving=[raters[0].pk])
