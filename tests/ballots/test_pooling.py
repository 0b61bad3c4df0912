"""Subjects and classes that are counted together, and what the turnout of an open ballot may tell."""

import datetime as dt
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.ballots import selectors
from campaign.ballots.models import Ballot, Result, Subject
from campaign.ballots.selectors import _tells
from campaign.ballots.services import (
    NotCounted,
    PaperPlan,
    ballot_extend,
    ballot_open,
    ballot_seal,
    papers_add,
    papers_clear,
    turnout_refresh,
)
from campaign.ballots.verification import differences
from campaign.common import clock
from campaign.common.errors import DomainError, StateConflict
from tests.ballots.making import CLASSES, HOUR, draft, entitle, opened, people, vote
from tests.world import World

pytestmark = pytest.mark.django_db
TWO = CLASSES[:2]


def of_units(world: World, sizes: dict[str, dict[str, int]], **options: Any) -> Ballot:
    """Make a ballot on units, each rated by so many people of its own in each class."""
    classes = [type(TWO[0])("A", "领导班子", 4000), type(TWO[0])("B", "党员", 6000)]
    ballot = draft(world, tuple(sizes), classes=classes, items=1, leave_out_empty=True, **options)
    subjects = {subject.organization_id: subject.pk for subject in ballot.subjects.all()}
    raters = iter(people(sum(sum(each.values()) for each in sizes.values())))
    papers_add(
        ballot=ballot,
        papers=[
            PaperPlan(next(raters).pk, key, (subjects[world.orgs[unit].pk],))
            for unit, numbers in sizes.items()
            for key, number in numbers.items()
            for _ in range(number)
        ],
    )
    return ballot


def vote_all(ballot: Ballot, **choices: int) -> None:
    for paper in ballot.papers.select_related("voter", "rater_class"):
        vote(ballot, paper.voter, choices[paper.rater_class.key])


def test_pooled_classes_are_counted_as_one_and_nothing_is_hidden(world: World) -> None:
    ballot = of_units(world, {"east_one": {"A": 3, "B": 6}, "east_two": {"A": 5, "B": 5}}, k=5)
    assert [(each.name, each.rater_class) for each in selectors.small_classes(ballot)] == [
        (world.orgs["east_one"].name, "领导班子")
    ]
    Subject.objects.filter(organization=world.orgs["east_one"]).update(classes_pooled=True)
    assert selectors.small_classes(ballot) == []
    ballot_open(ballot=ballot)
    vote_all(ballot, A=3, B=0)
    ballot_seal(ballot=ballot)
    one, two = Result.objects.order_by("subject_id")
    # Three 不满意 and six 满意 without weights: (3 × 40 + 6 × 100) ÷ 9.
    assert [each["key"] for each in one.classes] == ["pooled"]
    assert (one.total, one.returned, one.entitled) == (8000, 9, 9)
    assert (two.total, [each["key"] for each in two.classes]) == (7600, ["A", "B"])
    assert not list(differences(ballot))


def test_pooled_units_share_one_result(world: World) -> None:
    ballot = of_units(world, {"east_one": {"B": 3}, "east_two": {"B": 4}, "west_one": {"B": 6}}, k=5)
    with pytest.raises(DomainError, match="采掘一区"):
        ballot_open(ballot=ballot)
    first, second = ballot.subjects.filter(organization__in=[world.orgs["east_one"], world.orgs["east_two"]])
    Subject.objects.filter(pk=second.pk).update(counted_with=first)
    assert [len(group) for group in selectors.groups(ballot)] == [2, 1]
    ballot_open(ballot=ballot)
    digest = Ballot.objects.get().roll_digest
    for place, paper in enumerate(ballot.papers.select_related("voter").order_by("pk")):
        vote(ballot, paper.voter, 0 if place < 3 else 1)
    ballot_seal(ballot=ballot)
    one, two, three = Result.objects.order_by("subject_id")
    assert (one.total, one.returned) == (two.total, two.returned) == (8857, 7)
    assert one.classes == two.classes
    assert three.total == 8000
    assert not list(differences(ballot))
    assert digest == Ballot.objects.get().roll_digest


def test_the_roll_is_made_anew_before_opening_only(world: World) -> None:
    ballot = of_units(world, {"east_one": {"B": 6}})
    papers_clear(ballot=ballot)
    assert (ballot.papers.count(), ballot.slates.count()) == (0, 0)
    entitle(ballot, people(6, start=50), "B")
    ballot_open(ballot=ballot)
    with pytest.raises(StateConflict):
        papers_clear(ballot=Ballot.objects.get())


# ---- turnout while open ----


def refreshed(ballot: Ballot) -> list[tuple[str, int | None]]:
    with clock.at(clock.now() + HOUR + dt.timedelta(minutes=1)):
        turnout_refresh()
    return [(each.unit, each.voted) for each in selectors.turnout(Ballot.objects.get(pk=ballot.pk))]


def test_turnout_by_unit_hides_small_numbers_and_what_would_tell_them(world: World) -> None:
    ballot = of_units(world, {"east_one": {"B": 8}, "east_two": {"B": 8}}, k=5, closes_at=clock.now() + 9 * HOUR)
    ballot_open(ballot=ballot)
    voters = [paper.voter for paper in ballot.papers.select_related("voter").order_by("pk")]
    for voter in voters[:9]:
        vote(ballot, voter, 0)
    names = [world.orgs[key].name for key in ("east_one", "east_two")]
    # Eight of the first unit and one of the second: beside the whole the one could be worked out.
    assert refreshed(ballot) == [("", None), (names[0], 8), (names[1], None)]
    for voter in voters[9:13]:
        vote(ballot, voter, 0)
    with clock.at(clock.now() + 2 * HOUR):
        assert refreshed(ballot) == [("", 13), (names[0], 8), (names[1], 5)]


@given(st.integers(3, 6), st.lists(st.tuples(st.integers(1, 7), st.integers(0, 7)), min_size=1, max_size=4))
def test_every_hidden_turnout_keeps_two_values(k: int, drawn: list[tuple[int, int]]) -> None:
    """Among all worlds that look alike from outside, each number that is not told has two values."""
    cells = [(size, min(size, voted)) for size, voted in drawn]

    def seen(world: list[tuple[int, int]]) -> Any:
        whole = sum(voted for _size, voted in world) if _tells(k, world) else None
        return whole, [voted if voted >= k else None for _size, voted in world]

    alike = [
        votes
        for votes in product(*(range(size + 1) for size, _voted in cells))
        if seen([(size, vote) for (size, _old), vote in zip(cells, votes, strict=True)]) == seen(cells)
    ]
    for place, (_size, voted) in enumerate(cells):
        if voted < k:
            assert len({votes[place] for votes in alike}) > 1


# ---- a later end ----


def test_an_open_ballot_can_end_later_but_not_earlier(world: World) -> None:
    raters = people(5)
    ballot = opened(world, raters)
    end = ballot.closes_at
    for wrong in (end, end - HOUR):
        with pytest.raises(DomainError):
            ballot_extend(ballot=ballot, closes_at=wrong)
    ballot_extend(ballot=ballot, closes_at=end + HOUR)
    with clock.at(end + HOUR / 2):
        vote(Ballot.objects.get(), raters[0], 0)
    with clock.at(end + HOUR), pytest.raises(NotCounted):
        vote(Ballot.objects.get(), raters[1], 0)
    ballot_seal(ballot=ballot)
    with pytest.raises(StateConflict):
        ballot_extend(ballot=ballot, closes_at=end + 5 * HOUR)
