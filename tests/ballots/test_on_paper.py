"""Ballots on paper: two people count, each from their own sheet; what they have alike joins the tallies at sealing."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction

from campaign.ballots import selectors
from campaign.ballots.models import Ballot, Channel, PaperCount, Result, SealedTally
from campaign.ballots.on_paper import Count, paper_count_enter, paper_count_withdraw
from campaign.ballots.services import Uncounted, ballot_cancel, ballot_open, ballot_seal
from campaign.ballots.slips import batches_add
from campaign.ballots.verification import differences
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from tests.ballots.making import draft, entitle, people, vote
from tests.ballots.test_slips import plan
from tests.world import World

pytestmark = pytest.mark.django_db


class Counting:
    """A ballot with ten people on paper and six with accounts, and two people who count."""

    def __init__(self, world: World, *, accounts: int = 6) -> None:
        ballot = draft(world, items=2)
        self.raters = people(accounts)
        entitle(ballot, self.raters)
        batches_add(ballot=ballot, plans=[plan(ballot, 10, channel=Channel.PAPER)])
        self.ballot = ballot_open(ballot=ballot)
        self.subject = ballot.subjects.get()
        self.one, self.two = world.user("staff", "east"), world.user("office", "root")
        self.world = world
        rater_class = ballot.classes.get()
        # Two questions: eight valid ballots, one invalid.
        self.count = Count(rater_class.pk, 10, 9, 1, (4, 2, 1, 1, 0, 3, 3, 1, 0, 1))

    def enter(self, counter: object, **changes: object) -> PaperCount:
        overfull = bool(changes.pop("overfull", False))
        return paper_count_enter(
            ballot=self.ballot,
            subject=self.subject,
            counter=counter,
            count=replace(self.count, **changes),
            overfull=overfull,
        )


@pytest.fixture
def counting(world: World) -> Counting:
    return Counting(world)


def test_what_two_have_counted_alike_joins_the_tallies(counting: Counting) -> None:
    for rater in counting.raters:
        vote(counting.ballot, rater, 0, 1)
    counting.enter(counting.one)
    counting.enter(counting.two)
    ballot_seal(ballot=counting.ballot)
    tally = SealedTally.objects.get()
    assert tally.counts == [10, 2, 1, 1, 0, 3, 9, 1, 0, 1]
    assert (tally.entitled, tally.marked, tally.issued, tally.valid, tally.invalid) == (16, 6, 10, 8, 1)
    result = Result.objects.get()
    assert (result.entitled, result.returned, result.verdict) == (16, 15, "valid")
    assert [result.classes[0][name] for name in ("issued", "returned", "invalid")] == [16, 14, 1]
    assert not list(differences(Ballot.objects.get()))
    # One that was sealed before these two were kept stays as it is; a wrong number is found.
    result.classes[0].pop("issued")
    kept = result.classes[0].pop("invalid")
    result.save()
    assert not list(differences(Ballot.objects.get()))
    result.classes[0]["invalid"] = kept + 1
    result.save()
    assert len(list(differences(Ballot.objects.get()))) == 1
    result.classes[0]["invalid"] = kept
    result.save()
    # What was counted stands in the tallies alone; who counted how many stays.
    assert set(PaperCount.objects.values_list("valid", flat=True)) == {8}
    assert all(counts == [] for counts in PaperCount.objects.values_list("counts", flat=True))


def test_nothing_is_sealed_before_two_agree(counting: Counting) -> None:
    for step in (
        lambda: None,
        lambda: counting.enter(counting.one),
        lambda: counting.enter(counting.two, counts=(3, 3, 1, 1, 0, 3, 3, 1, 0, 1)),
    ):
        step()
        assert len(selectors.uncounted(counting.ballot)) == 1
        with pytest.raises(Uncounted):
            ballot_seal(ballot=Ballot.objects.get())
    assert Ballot.objects.get().state == "open"
    assert PaperCount.objects.count() == 2  # neither overwrote the other
    counting.enter(counting.two)
    assert not selectors.uncounted(counting.ballot)
    ballot_seal(ballot=Ballot.objects.get())


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"issued": 11}, "只有10人"),
        ({"returned": 11, "invalid": 3}, "多于发出"),
        ({"returned": 8, "invalid": 9}, "多于收回"),
        ({"invalid": 2}, "与有效票7不符"),
        ({"counts": (5, 2, 1, 1, 0, 3, 3, 1, 0, 1)}, "与有效票8不符"),
    ],
)
def test_sums_are_checked(counting: Counting, changes: dict[str, object], told: str) -> None:
    with pytest.raises(DomainError, match=told):
        counting.enter(counting.one, **changes)
    assert not PaperCount.objects.exists()


def test_more_returned_than_issued_makes_the_result_invalid(counting: Counting) -> None:
    for rater in counting.raters:
        vote(counting.ballot, rater, 0)
    for counter in (counting.one, counting.two):
        counting.enter(counter, issued=8, overfull=True)
    ballot_seal(ballot=counting.ballot)
    result = Result.objects.get()
    assert (result.verdict, result.reason, result.total) == ("invalid", "overfull", None)


def test_the_second_is_somebody_else_and_there_is_no_third(counting: Counting) -> None:
    counting.enter(counting.one)
    counting.enter(counting.one)
    assert PaperCount.objects.count() == 1
    counting.enter(counting.two)
    third = counting.world.user("staff", "root")
    with pytest.raises(DomainError, match="两人"):
        counting.enter(third)
    paper_count_withdraw(ballot=counting.ballot, subject=counting.subject, counter=counting.two)
    counting.enter(third)
    assert not selectors.uncounted(counting.ballot)


def test_nobody_counts_ballots_that_are_not_there(counting: Counting) -> None:
    with pytest.raises(NotAllowed):
        counting.enter(counting.one, rater_class_id=counting.count.rater_class_id + 1)


def test_after_sealing_nothing_is_corrected(counting: Counting) -> None:
    counting.enter(counting.one)
    counting.enter(counting.two)
    ballot_seal(ballot=counting.ballot)
    with pytest.raises(StateConflict):
        counting.enter(counting.one)
    with pytest.raises(StateConflict):
        paper_count_withdraw(ballot=counting.ballot, subject=counting.subject, counter=counting.one)


def test_the_recount_finds_a_changed_number_on_paper(counting: Counting) -> None:
    counting.enter(counting.one)
    counting.enter(counting.two)
    ballot_seal(ballot=counting.ballot)
    SealedTally.objects.update(valid=7, invalid=2)
    assert any("on paper" in told for told in differences(Ballot.objects.get()))


def test_the_database_itself_checks_the_sum(counting: Counting) -> None:
    counting.enter(counting.one)
    with pytest.raises(IntegrityError), transaction.atomic():
        PaperCount.objects.update(invalid=5)


def test_few_beside_paper_are_hidden_from_those_who_counted(world: World) -> None:
    """Who counted the paper could take it off: fewer than k others must not be left."""
    counting = Counting(world, accounts=2)
    for rater in counting.raters:
        vote(counting.ballot, rater, 3)
    counting.enter(counting.one)
    counting.enter(counting.two)
    ballot_seal(ballot=counting.ballot)
    result = Result.objects.get()
    assert [each["kind"] for each in result.classes] == ["hidden"]
    assert (result.total_kind, result.satisfaction_kind, result.returned) == ("hidden", "hidden", None)


def test_cancelling_destroys_the_counts(counting: Counting) -> None:
    counting.enter(counting.one)
    ballot_cancel(ballot=counting.ballot)
    assert not PaperCount.objects.exists()
