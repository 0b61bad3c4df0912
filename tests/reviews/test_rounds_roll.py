"""Changing the roll of an open round: who joined and who left since, with a reason, and without telling who has voted."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.ballots.models import Paper
from campaign.common.desk import tiles_for
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.notices.models import Notice
from orgs.models import Member, User
from reviews.models.rounds import EvaluationRound
from reviews.services.roll import round_roll_change
from tests.reviews.pages import as_, text
from tests.reviews.rounds import planned, running, vote, voters
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_the_stage")]


def newcomer(world: World, at: str = "east_one", number: int = 1) -> User:
    place = world.orgs[at]
    member = Member.objects.create(personnel_no=f"N{number}", name=f"新党员{number}", sex="male", organization=place)
    return User.objects.create(username=f"new{number}", name=member.name, member=member)


def address(found: EvaluationRound) -> str:
    return reverse("round_roll_change", args=[found.pk])


def test_who_joined_and_who_left_are_named_and_entered_with_a_reason(world: World) -> None:
    found = running(world)
    staff, left = as_(world.user("staff", "east")), voters(found)[0]
    assert "没有人员变动" in text(staff.get(address(found)))
    new = newcomer(world)
    User.objects.filter(pk=left.pk).update(is_active=False)
    before = found.ballot.roll_digest
    page = text(staff.get(address(found)))
    assert new.name in page
    assert left.name in page
    given = {"joining": [new.pk], "leaving": [left.pk]}
    assert staff.post(address(found), given).status_code == 200  # no reason
    answer = staff.post(address(found), {**given, "reason": "工作调动"})
    assert answer["Location"] == reverse("round_detail", args=[found.pk])
    found.ballot.refresh_from_db()
    entry = AuditEntry.objects.get(action="round_roll_change")
    assert entry.reason == "工作调动"
    assert entry.changes["roll_digest"] == [before, found.ballot.roll_digest]
    assert new.name in entry.changes["entered"][1]
    assert left.name in entry.changes["struck"][1]
    assert "没有人员变动" in text(staff.get(address(found)))
    assert Notice.objects.filter(rule="rounds.told", user=new).count() == 1
    vote(found, new)


def test_the_pages_are_the_same_whether_who_left_had_voted_or_not(world: World) -> None:
    """What staff can read after striking one who had voted, and one who had not."""
    pages = []
    for at, voted in (("east_one", True), ("east_two", False)):
        found = running(world, subjects=(at,))
        left = voters(found)[0]
        if voted:
            vote(found, left)
        User.objects.filter(pk=left.pk).update(is_active=False)
        staff = world.user("staff", "east")
        round_roll_change(evaluation_round=found, actor=staff, joining=[], leaving=[left.pk], reason="调离")
        page = text(as_(staff).get(reverse("round_detail", args=[found.pk])))
        pages.append(page.split('id="main"')[1].count("应投6"))
    assert pages[0] == pages[1]


def test_who_was_struck_has_nothing_on_the_desk(world: World) -> None:
    found = running(world)
    left = world.user("member", "east_one")
    Member.objects.filter(pk=left.member_id).update(organization=world.orgs["west_one"])
    staff = world.user("staff", "east")
    round_roll_change(evaluation_round=found, actor=staff, joining=[], leaving=[left.pk], reason="调往西河公司")
    client = as_(left)
    assert not [tile for tile in tiles_for(left) if tile.url == reverse("vote_list")]
    assert found.name not in text(client.get(reverse("vote_list")))
    assert client.get(reverse("vote", args=[found.pk]))["Location"] == reverse("vote_list")
    assert client.post(reverse("vote", args=[found.pk]), {}).status_code == 409
    assert not Paper.objects.filter(marked=True).exists()


def test_only_who_is_on_the_lists_can_be_chosen(world: World) -> None:
    found, staff = running(world), world.user("staff", "east")
    stays, elsewhere = voters(found)[0], newcomer(world, "west_one")
    given = {"evaluation_round": found, "actor": staff, "reason": "调动"}
    for joining, leaving in (([elsewhere.pk], []), ([], [stays.pk]), ([], [])):
        with pytest.raises(DomainError):
            round_roll_change(**given, joining=joining, leaving=leaving)
    with pytest.raises(NotAllowed):
        round_roll_change(**{**given, "actor": world.user("staff", "west")}, joining=[], leaving=[stays.pk])
    with pytest.raises(StateConflict):
        round_roll_change(**{**given, "evaluation_round": planned(world)}, joining=[], leaving=[stays.pk])
    assert as_(staff).get(address(planned(world))).status_code == 302


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_takes_a_constant_number_of_statements(world: World, number: int) -> None:
    found = running(world)
    for place in range(number):
        newcomer(world, number=place)
    staff = as_(world.user("staff", "east"))
    with CaptureQueriesContext(connection) as captured:
        assert text(staff.get(address(found))).count("新党员") == number
    assert len(captured) == 14
