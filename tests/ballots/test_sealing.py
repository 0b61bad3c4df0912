"""Sealing: all or nothing, recounted, and nothing of it in the storage of open ballots."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from campaign.ballots.models import Ballot, Paper, Result, SealedPaper, SealedTally, Tally
from campaign.ballots.services import (
    NotCounted,
    PaperPlan,
    ballot_cast,
    ballot_open,
    ballot_seal,
    papers_add,
)
from campaign.ballots.verification import Mismatch, differences
from campaign.common.errors import StateConflict
from campaign.models import Audience
from tests.ballots.making import CLASSES, draft, entitle, filled, opened, paper_of, people, vote
from tests.world import World

pytestmark = pytest.mark.django_db


def test_sealing_moves_everything_and_computes_results(world: World) -> None:
    raters = people(8)
    ballot = opened(world, raters, items=1)
    other = opened(world, raters, items=1)
    vote(other, raters[0], 3)
    for place, rater in enumerate(raters[:6]):
        vote(ballot, rater, place % 2)
    ballot_seal(ballot=ballot)
    assert not Paper.objects.filter(ballot=ballot).exists()
    assert not Tally.objects.filter(ballot=ballot).exists()
    assert SealedPaper.objects.filter(ballot=ballot, marked=True).count() == 6
    assert SealedPaper.objects.filter(ballot=ballot).count() == 8
    result = Result.objects.get(ballot=ballot)
    assert (result.entitled, result.returned, result.total, result.satisfaction) == (8, 6, 9000, 10_000)
    # What is still open stays as it was, and goes on.
    vote(other, raters[1], 2)
    assert list(Tally.objects.values_list("counts", flat=True)) == [[0, 0, 1, 1, 0]]
    with pytest.raises(NotCounted):
        vote(other, raters[0], 0)


def test_after_sealing_nothing_is_counted_and_it_happens_once(world: World) -> None:
    raters = people(5)
    ballot = opened(world, raters)
    paper = paper_of(ballot, raters[0])
    answers = filled(paper, 0)
    ballot_seal(ballot=ballot)
    with pytest.raises(NotCounted):
        ballot_cast(paper=paper, voter=raters[0], answers=answers)
    with pytest.raises(StateConflict):
        ballot_seal(ballot=Ballot.objects.get(pk=ballot.pk))
    assert Result.objects.get().verdict == "invalid"


def test_sealing_with_a_lost_vote_is_refused_and_changes_nothing(world: World) -> None:
    raters = people(5)
    ballot = opened(world, raters)
    for rater in raters:
        vote(ballot, rater, 0)
    Tally.objects.filter(ballot=ballot).update(counts=[4, 0, 0, 0, 0] * 5)
    with pytest.raises(Mismatch, match="5 papers marked"):
        ballot_seal(ballot=Ballot.objects.get(pk=ballot.pk))
    assert Ballot.objects.get().state == "open"
    assert Paper.objects.count() == 5
    assert not Result.objects.exists()


def test_nobody_rates_themselves(world: World) -> None:
    """Members rate each other: papers differ, and each subject has its own electorate."""
    from campaign.ballots.services import SubjectPlan, subjects_add

    ballot = draft(world, (), items=1)
    members = world.members["east_one"]
    users = [member.user for member in members]
    subjects = subjects_add(
        ballot=ballot,
        audience=Audience.MEMBER,
        subjects=[SubjectPlan(member.organization_id, member.name, member.pk) for member in members],
    )
    ids = tuple(subject.pk for subject in subjects)
    plans = [PaperPlan(user.pk, "all", ids, own=own) for user, own in zip(users, ids, strict=True)]
    papers_add(ballot=ballot, papers=plans)
    ballot_open(ballot=ballot)
    paper = paper_of(ballot, users[0])
    assert [pk for pk, _name in paper.sheet.subjects] == list(ids[1:])
    for user in users[:5]:
        vote(ballot, user, 1)
    ballot_seal(ballot=ballot)
    returned = dict(Result.objects.values_list("subject_id", "returned"))
    assert [returned[pk] for pk in ids] == [4, 4, 4, 4, 4, 5]
    assert set(Result.objects.values_list("entitled", flat=True)) == {5}
    assert not list(differences(ballot))


def test_hidden_classes_are_in_no_stored_result(world: World) -> None:
    ballot = draft(world, classes=CLASSES[:2], items=2, k=5)
    raters = people(12)
    entitle(ballot, raters[:4], "A")
    entitle(ballot, raters[4:], "B")
    Ballot.objects.filter(pk=ballot.pk).update(leave_out_empty=True)
    ballot.classes.filter(key="B").update(weight=6000)
    ballot_open(ballot=ballot)
    for rater in raters[:4]:
        vote(ballot, rater, 3, 0)
    for rater in raters[4:]:
        vote(ballot, rater, 0, 1)
    ballot_seal(ballot=ballot)
    hidden, shown = Result.objects.get().classes
    assert hidden == {"kind": "hidden", "key": "A", "weight": 4000, "entitled": 4}
    assert shown["items"][0]["counts"] == [8, 0, 0, 0, 0]
    assert Result.objects.get().returned is None


def verify(ballot: Ballot) -> str:
    out = StringIO()
    call_command("verify_round", ballot.pk, stdout=out)
    return out.getvalue()


def test_the_recount_agrees_and_finds_what_was_changed(world: World) -> None:
    raters = people(6)
    ballot = opened(world, raters)
    for rater in raters:
        vote(ballot, rater, 0)
    with pytest.raises(CommandError, match="Only a sealed round"):
        verify(ballot)
    ballot_seal(ballot=ballot)
    assert "agree" in verify(ballot)
    Result.objects.update(total=9999)
    with pytest.raises(CommandError, match="total of the result differ"):
        verify(ballot)
    Result.objects.update(total=10_000)
    SealedTally.objects.update(counts=[5, 0, 0, 0, 0] * 5)
    with pytest.raises(CommandError, match="6 papers marked"):
        verify(ballot)
    with pytest.raises(CommandError, match="no such round"):
        call_command("verify_round", 0)


def test_sealing_takes_a_constant_number_of_statements(world: World, django_assert_num_queries: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    found = []
    for subjects, size in ((("east_one",), 4), (("east_one", "east_two", "west_one"), 40)):
        raters = people(size, start=size * 10)
        ballot = opened(world, raters, subjects)
        for rater in raters:
            vote(ballot, rater, 0)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            ballot_seal(ballot=ballot)
        found.append(len(captured))
    assert found[0] == found[1]
