"""Remarks: kept without a name, written anew in random order, shown only where there are enough and they tell nothing else."""

from collections.abc import Sequence

import pytest
from django.db import connection

from campaign.ballots.models import Ballot, Paper, Remark, SealedRemark, Subject, Tally
from campaign.ballots.selectors import remarks_shown
from campaign.ballots.services import (
    BallotRules,
    NotCounted,
    ballot_cancel,
    ballot_cast,
    ballot_open,
    ballot_seal,
)
from campaign.ballots.sheet import ABSTAIN, BadBallot
from orgs.models import User
from tests.ballots.making import ALL_IN_ONE, CLASSES, draft, entitle, filled, opened, paper_of, people
from tests.world import World

pytestmark = pytest.mark.django_db
ASKED = BallotRules(asks_remarks=True)


def say(ballot: Ballot, voters: Sequence[User], texts: Sequence[str], choice: int = 0) -> None:
    """Let `voters` vote, each with a remark about the first subject; none where the text is empty."""
    first = ballot.subjects.order_by("pk")[0].pk
    for voter, text in zip(voters, texts, strict=True):
        paper = paper_of(ballot, voter)
        ballot_cast(paper=paper, voter=voter, answers=filled(paper, choice), remarks={first: text})


def shown(ballot: Ballot) -> list[list[str]]:
    subjects = Subject.objects.filter(ballot=ballot).order_by("pk").select_related("result", "ballot")
    found = remarks_shown(subjects)
    return [sorted(found.get(subject.pk, [])) for subject in subjects]


def test_remarks_come_to_light_after_sealing_where_there_are_k(world: World) -> None:
    raters = people(6)
    ballot = opened(world, raters, ("east_one", "east_two"), rules=ASKED)
    say(ballot, raters, ["多下基层", "办事公道", "  联系群众\n还不够 ", "", "", ""])
    assert Remark.objects.count() == 3
    ballot_seal(ballot=ballot)
    assert not Remark.objects.exists()
    assert shown(ballot) == [["办事公道", "多下基层", "联系群众\n还不够"], []]


def test_fewer_than_k_are_not_shown(world: World) -> None:
    raters = people(6)
    ballot = opened(world, raters, rules=ASKED)
    say(ballot, raters, ["多下基层", "办事公道", "", "", "", ""])
    ballot_seal(ballot=ballot)
    assert shown(ballot) == [[]]


def test_nothing_is_shown_of_an_invalid_result(world: World) -> None:
    raters = people(8)
    ballot = opened(world, raters, rules=ASKED)
    say(ballot, raters[:4], ["一", "二", "三", "四"])
    ballot_seal(ballot=ballot)
    assert shown(ballot) == [[]]


def test_the_number_of_remarks_does_not_tell_that_of_a_hidden_class(world: World) -> None:
    """Five of a class that is shown, two of one that is hidden: six or more remarks would tell that the hidden ones voted."""
    for number in (5, 6):
        raters = people(7, start=10 * number)
        ballot = draft(world, classes=CLASSES[:2], rules=ASKED, leave_out_empty=True)
        ballot.classes.update(weight=5000)
        entitle(ballot, raters[:5], "A")
        entitle(ballot, raters[5:], "B")
        ballot_open(ballot=ballot)
        ballot.refresh_from_db()
        say(ballot, raters, [f"意见{place}" if place < number else "" for place in range(7)])
        ballot_seal(ballot=ballot)
        assert len(shown(ballot)[0]) == (5 if number == 5 else 0)


def test_units_counted_together_share_their_remarks(world: World) -> None:
    raters = people(6)
    ballot = draft(world, ("east_one", "east_two"), rules=ASKED)
    first, second = ballot.subjects.order_by("pk")
    Subject.objects.filter(pk=second.pk).update(counted_with=first)
    entitle(ballot, raters)
    ballot_open(ballot=ballot)
    for place, rater in enumerate(raters):
        paper = paper_of(ballot, rater)
        about = (first.pk, second.pk)[place % 2]
        ballot_cast(paper=paper, voter=rater, answers=filled(paper, 0), remarks={about: f"意见{place}"})
    ballot_seal(ballot=ballot)
    assert shown(ballot) == [[f"意见{place}" for place in range(6)]] * 2


def test_a_remark_that_is_not_asked_for_is_refused_and_nothing_counted(world: World) -> None:
    raters = people(6)
    plain, asked = opened(world, raters), opened(world, raters, rules=ASKED)
    foreign = plain.subjects.get().pk
    for ballot in (plain, asked):
        paper = paper_of(ballot, raters[0])
        with pytest.raises(BadBallot):
            ballot_cast(paper=paper, voter=raters[0], answers=filled(paper, 0), remarks={foreign: "话"})
    assert not Paper.objects.filter(marked=True).exists()


def test_a_second_vote_leaves_no_second_remark(world: World) -> None:
    raters = people(6)
    ballot = opened(world, raters, rules=ASKED)
    stale = paper_of(ballot, raters[0])
    say(ballot, raters[:1], ["第一次"])
    with pytest.raises(NotCounted):
        ballot_cast(
            paper=stale, voter=raters[0], answers=filled(stale, 0), remarks={ballot.subjects.get().pk: "第二次"}
        )
    assert [row.text for row in Remark.objects.all()] == ["第一次"]


def test_the_order_after_sealing_is_not_that_of_writing(world: World) -> None:
    """30 in the order in which they were written: by chance as good as never (30! orders)."""
    raters = people(30)
    ballot = opened(world, raters, items=1, rules=ASKED)
    texts = [f"{place:02}" for place in range(30)]
    say(ballot, raters, texts)
    ballot_seal(ballot=ballot)
    hidden = "ctid" if connection.vendor == "postgresql" else "rowid"
    for order in ("id", hidden):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT text FROM ballots_sealedremark ORDER BY {order}")
            assert [text for (text,) in cursor.fetchall()] != texts


def test_cancelling_destroys_remarks(world: World) -> None:
    raters = people(6)
    ballot = opened(world, raters, rules=ASKED)
    say(ballot, raters[:2], ["一", "二"])
    ballot_cancel(ballot=ballot)
    assert not Remark.objects.exists()
    assert not SealedRemark.objects.exists()
    assert not Tally.objects.exists()


# ---- what a ballot's own rules hand back ----


def test_abstaining_from_everything_is_no_uniform_answer(world: World) -> None:
    raters = people(6)
    ballot = opened(world, raters, items=2, classes=ALL_IN_ONE, rules=BallotRules(uniform_refused=True))
    paper = paper_of(ballot, raters[0])
    with pytest.raises(BadBallot, match="同一答案"):
        ballot_cast(paper=paper, voter=raters[0], answers=filled(paper, 1, 1))
    ballot_cast(paper=paper, voter=raters[0], answers=filled(paper, ABSTAIN, ABSTAIN))
    assert Paper.objects.get(marked=True).voter_id == raters[0].pk
