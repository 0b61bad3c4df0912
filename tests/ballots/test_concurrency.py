"""Many at once: nothing lost, nothing double, no deadlock. Real threads with connections of their own, on both databases."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DatabaseError, connection

from campaign.ballots.models import Ballot, Paper, Remark, Result, SealedPaper, SealedRemark, SealedTally, Tally
from campaign.ballots.services import BallotRules, NotCounted, ballot_cast, ballot_open, ballot_seal
from campaign.ballots.sheet import by_item
from campaign.ballots.slips import UnknownSlip, batch_codes, batches_add, slip_cast, slip_paper
from campaign.ballots.verification import differences
from orgs.models import User
from tests.ballots.making import draft, filled, opened, paper_of, people, vote
from tests.ballots.test_slips import plan
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
SUBJECTS = ("east_one", "east_two", "west_one", "west_two", "east")
THREADS = 12


@pytest.fixture
def ground(emptied: None) -> World:
    return make_world(members_per_branch=1)


def at_once(tasks: Sequence[Callable[[], Any]], threads: int = THREADS) -> list[Any]:
    """Run all tasks on `threads` threads that start together; returns what each returned or the refusal it met."""
    start = threading.Barrier(threads)
    waiting = threading.local()

    def run(task: Callable[[], Any]) -> Any:
        if not getattr(waiting, "over", False):
            waiting.over = True
            start.wait(timeout=30)
        try:
            return task()
        except NotCounted as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, tasks))


def test_votes_on_the_same_subjects_are_all_counted(ground: World) -> None:
    raters = people(120)
    ballot = opened(ground, raters, SUBJECTS, items=3)
    answers = [place % 4 for place in range(len(raters))]

    def voting(rater: User, choice: int) -> Callable[[], Any]:
        return lambda: vote(ballot, rater, choice)

    outcomes = at_once([voting(rater, choice) for rater, choice in zip(raters, answers, strict=True)])
    assert outcomes == [None] * len(raters)
    assert Paper.objects.filter(marked=True).count() == len(raters)
    sums = [0] * 5
    for counts in Tally.objects.filter(subject=ballot.subjects.order_by("pk")[3]).values_list("counts", flat=True):
        sums = [a + b for a, b in zip(sums, by_item(counts, 4)[1], strict=True)]
    assert sums == [30, 30, 30, 30, 0]
    ballot_seal(ballot=ballot)
    assert not list(differences(ballot))


def test_the_same_paper_at_the_same_moment_counts_once(ground: World) -> None:
    raters = people(5)
    ballot = opened(ground, raters, items=1)
    papers = [paper_of(ballot, raters[0]) for _ in range(THREADS)]
    sent = [(paper, filled(paper, place % 4)) for place, paper in enumerate(papers)]

    def casting(paper: Paper, answers: Any) -> Callable[[], Any]:
        return lambda: ballot_cast(paper=paper, voter=raters[0], answers=answers)

    outcomes = at_once([casting(paper, answers) for paper, answers in sent])
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [NotCounted] * (THREADS - 1)
    assert sum(Tally.objects.get().counts) == 1


CRASH = {
    "sqlite": ["CREATE TRIGGER crash BEFORE UPDATE ON ballots_tally BEGIN SELECT RAISE(ABORT, 'crash'); END"],
    "postgresql": [
        "CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'crash'; END $$",
        "CREATE TRIGGER crash BEFORE UPDATE ON ballots_tally FOR EACH ROW EXECUTE FUNCTION crash()",
    ],
}
MENDED = {
    "sqlite": ["DROP TRIGGER crash"],
    "postgresql": ["DROP TRIGGER crash ON ballots_tally", "DROP FUNCTION crash"],
}


def test_a_crash_of_the_database_between_mark_and_count_leaves_neither(ground: World) -> None:
    """Outside any transaction, as a vote is cast: the paper was marked already when the counts fail."""
    raters = people(5)
    ballot = opened(ground, raters, SUBJECTS, items=1, rules=BallotRules(asks_remarks=True))
    paper = paper_of(ballot, raters[0])
    answers, remarks = filled(paper, 0), {ballot.subjects.order_by("pk")[0].pk: "意见"}
    try:
        with connection.cursor() as cursor:
            for statement in CRASH[connection.vendor]:
                cursor.execute(statement)
        with pytest.raises(DatabaseError, match="crash"):
            ballot_cast(paper=paper, voter=raters[0], answers=answers, remarks=remarks)
    finally:
        with connection.cursor() as cursor:
            for statement in MENDED[connection.vendor]:
                cursor.execute(statement)
    assert not Paper.objects.filter(marked=True).exists()
    assert not Remark.objects.exists()
    ballot_cast(paper=paper, voter=raters[0], answers=answers, remarks=remarks)
    assert {sum(counts) for counts in Tally.objects.values_list("counts", flat=True)} == {1}


def test_votes_that_meet_the_sealing_are_counted_or_told_so(ground: World) -> None:
    raters = people(80)
    ballot = opened(ground, raters, SUBJECTS, items=1)
    again = opened(ground, raters, SUBJECTS, items=1)
    sealed = threading.Event()

    def voting(place: int, rater: User) -> Callable[[], Any]:
        def task() -> Any:
            vote(again, rater, 1)
            if place == 30:
                result = ballot_seal(ballot=Ballot.objects.get(pk=ballot.pk))
                sealed.set()
                return result
            if place > 60:  # some come too late, however long the sealing waits for the others
                assert sealed.wait(timeout=60)
            try:
                return vote(ballot, rater, 0)
            except Paper.DoesNotExist:
                return NotCounted()

        return task

    outcomes = at_once([voting(place, rater) for place, rater in enumerate(raters)])
    counted = sum(outcome is None for outcome in outcomes)
    assert 0 < counted < len(raters) - 1
    assert SealedPaper.objects.filter(ballot=ballot, marked=True).count() == counted
    assert {sum(counts) for counts in SealedTally.objects.filter(ballot=ballot).values_list("counts", flat=True)} == {
        counted
    }
    assert Result.objects.filter(ballot=ballot).count() == len(SUBJECTS)
    # The other ballot went on meanwhile and lost nothing.
    assert Paper.objects.filter(ballot=again, marked=True).count() == len(raters)
    assert {sum(counts) for counts in Tally.objects.filter(ballot=again).values_list("counts", flat=True)} == {
        len(raters)
    }


def test_votes_with_remarks_meet_the_sealing_without_a_deadlock(ground: World) -> None:
    raters = people(60)
    ballot = opened(ground, raters, SUBJECTS, items=1, rules=BallotRules(asks_remarks=True))
    about = ballot.subjects.order_by("pk")[0].pk

    def voting(place: int, rater: User) -> Callable[[], Any]:
        def task() -> Any:
            if place == 30:
                return ballot_seal(ballot=Ballot.objects.get(pk=ballot.pk))
            try:
                paper = paper_of(ballot, rater)
            except Paper.DoesNotExist:
                return NotCounted()
            return ballot_cast(paper=paper, voter=rater, answers=filled(paper, 0), remarks={about: f"意见{place}"})

        return task

    outcomes = at_once([voting(place, rater) for place, rater in enumerate(raters)])
    counted = sum(outcome is None for outcome in outcomes)
    assert SealedPaper.objects.filter(marked=True).count() == SealedRemark.objects.count() == counted > 0


def test_the_same_slip_sent_at_the_same_moment_counts_once(ground: World) -> None:
    ballot = draft(ground, items=1)
    codes = batch_codes(batch=batches_add(ballot=ballot, plans=[plan(ballot, 5)])[0])
    ballot_open(ballot=ballot)
    answers = [filled(slip_paper(code=codes[0]), place % 4) for place in range(THREADS)]

    def casting(given: Any) -> Callable[[], Any]:
        def task() -> Any:
            try:
                return slip_cast(paper=slip_paper(code=codes[0]), answers=given)
            except UnknownSlip:
                return NotCounted()

        return task

    outcomes = at_once([casting(given) for given in answers])
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [NotCounted] * (THREADS - 1)
    assert sum(Tally.objects.get().counts) == 1
    assert Paper.objects.filter(marked=True).count() == 1
