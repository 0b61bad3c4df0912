"""Transfers between branches: the steps, who may take them, and what goes with the member and what stays."""

import datetime as dt
from typing import Any

import pytest

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from orgs.models import Enrolment, Member, Position, RoleAssignment, Transfer, User
from orgs.selectors import transfers_for, transfers_to_accept, transfers_to_release
from orgs.services import member_update
from orgs.services.positions import position_begin
from orgs.services.transfers import transfer_accept, transfer_request, transfer_step
from pledges.services import pledge_start
from reviews.models.leader import ReviewMode
from reviews.services.leader import leader_review_create
from tests.world import World

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 9, 15)


@pytest.fixture(autouse=True)
def _today() -> Any:
    with clock.at(clock.start_of(TODAY) + dt.timedelta(hours=9)):
        yield


def ask(world: World, place: int = 1, target: str = "west_one") -> Transfer:
    actor = world.user("secretary", "east_one")
    member = world.members["east_one"][place]
    return transfer_request(actor=actor, member=member, target=world.orgs[target], reason="工作调动")


# -- the steps -----------------------------------------------------------------------------------------------------


def test_requested_released_and_accepted(world: World) -> None:
    transfer = ask(world)
    transfer_step(transfer=transfer, step="transfer_release", actor=world.user("secretary", "east_one"))
    transfer_accept(
        transfer=transfer,
        actor=world.user("secretary", "west_one"),
        effective_on=dt.date(2026, 9, 1),
        cell="第二党小组",
    )
    member = Member.objects.get(pk=transfer.member_id)
    assert (member.organization, member.cell, transfer.state) == (world.orgs["west_one"], "第二党小组", "accepted")
    spans = Enrolment.objects.filter(member=member).values_list("organization", "starts_on", "ends_on", "origin")
    assert list(spans) == [
        (world.orgs["west_one"].pk, dt.date(2026, 9, 1), None, "transferred"),
        (world.orgs["east_one"].pk, dt.date(2010, 1, 1), dt.date(2026, 8, 31), "entered"),
    ]
    assert User.objects.get(member=member).organization == world.orgs["west_one"]
    actions = ["transfer_request", "transfer_release", "transfer_accept", "member_transfer"]
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == actions


def test_both_sides_see_the_state_and_nobody_else(world: World) -> None:
    transfer = ask(world)
    for actor in ("secretary@east_one", "secretary@west_one", "member@east_one", "staff@east", "office@root"):
        assert list(transfers_for(world.user(*actor.split("@")))) == [transfer]
    for actor in ("secretary@east_two", "member2@east_one", "secretary@west_two", "leader@root", "system_admin@root"):
        assert not transfers_for(world.user(*actor.split("@")))


def test_each_step_belongs_to_one_side(world: World) -> None:
    transfer, old, new = ask(world), world.user("secretary", "east_one"), world.user("secretary", "west_one")
    assert list(transfers_to_release(old)) == [transfer]
    assert not transfers_to_accept(new)
    with pytest.raises(NotAllowed):
        transfer_step(transfer=transfer, step="transfer_release", actor=new)
    with pytest.raises(NotAllowed):
        transfer_accept(transfer=transfer, actor=new)
    assert Transfer.objects.get().state == "requested"
    transfer.refresh_from_db()
    transfer_step(transfer=transfer, step="transfer_release", actor=old)
    assert list(transfers_to_accept(new)) == [transfer]
    with pytest.raises(NotAllowed):
        transfer_accept(transfer=transfer, actor=old)
    assert Member.objects.get(pk=transfer.member_id).organization == world.orgs["east_one"]


def test_refusing_needs_a_reason_and_both_sides_can(world: World) -> None:
    transfer, old, new = ask(world), world.user("secretary", "east_one"), world.user("secretary", "west_one")
    with pytest.raises(DomainError):
        transfer_step(transfer=transfer, step="transfer_keep", actor=old)
    transfer_step(transfer=transfer, step="transfer_keep", actor=old, reason="任务未完成")
    assert (transfer.state, transfer.note, transfer.closed_by) == ("refused", "任务未完成", old)
    again = ask(world)
    transfer_step(transfer=again, step="transfer_release", actor=old)
    transfer_step(transfer=again, step="transfer_refuse", actor=new, reason="材料不全")
    assert again.state == "refused"
    with pytest.raises(StateConflict):
        transfer_accept(transfer=again, actor=new)


def test_withdrawn_by_the_side_that_asked(world: World) -> None:
    transfer = ask(world)
    with pytest.raises(NotAllowed):
        transfer_step(transfer=transfer, step="transfer_withdraw", actor=world.user("secretary", "west_one"))
    transfer_step(transfer=transfer, step="transfer_withdraw", actor=world.user("secretary", "east_one"))
    assert (transfer.state, ask(world).state) == ("withdrawn", "requested")


def test_who_holds_both_sides_does_it_in_one_go(world: World) -> None:
    office = world.user("office", "root")
    member = world.members["east_one"][1]
    transfer = transfer_request(actor=office, member=member, target=world.orgs["west_one"], reason="工作调动")
    transfer_accept(transfer=transfer, actor=office)
    assert (transfer.state, transfer.released_by, transfer.effective_on) == ("accepted", office, TODAY)
    other = transfer_request(
        actor=office, member=world.members["east_one"][2], target=world.orgs["west_one"], reason="工作调动"
    )
    with pytest.raises(NotAllowed):
        transfer_accept(transfer=other, actor=world.user("secretary", "west_one"))
    assert Transfer.objects.get(pk=other.pk).state == "requested"


# -- what is refused -----------------------------------------------------------------------------------------------


def test_a_member_under_way_is_not_asked_for_twice_nor_moved_by_hand(world: World) -> None:
    transfer = ask(world)
    with pytest.raises(DomainError):
        ask(world, target="west_two")
    with pytest.raises(DomainError):
        member_update(actor=None, member=transfer.member, version=1, organization=world.orgs["east_two"])
    assert Transfer.objects.count() == 1


def test_what_cannot_be_asked_for(world: World) -> None:
    member, office = world.members["east_one"][1], world.user("office", "root")
    for target in ("east_one", "root"):
        with pytest.raises(DomainError):
            transfer_request(actor=office, member=member, target=world.orgs[target], reason="工作调动")
    with pytest.raises(DomainError):
        transfer_request(actor=office, member=member, target=world.orgs["west_one"], reason=" ")
    for actor in (world.user("secretary", "west_one"), world.user("member", "east_one"), world.user("leader", "root")):
        with pytest.raises(NotAllowed):
            transfer_request(actor=actor, member=member, target=world.orgs["west_one"], reason="工作调动")
    member_update(actor=None, member=member, version=1, status="left")
    with pytest.raises(DomainError):
        transfer_request(actor=office, member=member, target=world.orgs["west_one"], reason="工作调动")
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("day", [dt.date(2026, 9, 16), dt.date(2010, 1, 1), dt.date(2009, 1, 1)])
def test_the_day_lies_within_the_time_in_the_old_branch(world: World, day: dt.date) -> None:
    transfer, office = ask(world), world.user("office", "root")
    with pytest.raises(DomainError):
        transfer_accept(transfer=transfer, actor=office, effective_on=day)
    assert (Transfer.objects.get().state, Enrolment.objects.filter(member=transfer.member).count()) == ("requested", 1)


def test_a_member_who_leaves_or_is_moved_meanwhile_takes_the_transfer_along(world: World) -> None:
    transfer = ask(world)
    member_update(actor=None, member=transfer.member, version=1, status="left")
    transfer.refresh_from_db()
    assert transfer.state == "withdrawn"
    assert AuditEntry.objects.filter(action="transfer_overtaken").count() == 1
    with pytest.raises(StateConflict):
        transfer_accept(transfer=transfer, actor=world.user("office", "root"))


# -- what goes along and what stays --------------------------------------------------------------------------------


def test_positions_and_roles_in_the_old_branch_end_and_others_go_on(world: World) -> None:
    secretary, office = world.members["east_one"][0], world.user("office", "root")
    position_begin(actor=office, member=secretary, organization=world.orgs["east"], post="committee_member")
    transfer = transfer_request(actor=office, member=secretary, target=world.orgs["west_one"], reason="工作调动")
    transfer_accept(transfer=transfer, actor=office)
    held = Position.objects.filter(member=secretary).order_by("pk").values_list("organization", "post", "ends_on")
    assert list(held) == [
        (world.orgs["east_one"].pk, "secretary", TODAY - dt.timedelta(days=1)),
        (world.orgs["east"].pk, "committee_member", None),
    ]
    secretary.refresh_from_db()
    assert secretary.party_post == ""
    assert not RoleAssignment.objects.on(TODAY).filter(user__member=secretary).exists()
    paths = {grant.path for grant in world.user("secretary", "east_one").grants}
    assert paths == {world.orgs["west_one"].path}


def test_a_position_held_in_the_new_branch_before_goes_on(world: World) -> None:
    member, office = world.members["east_one"][1], world.user("office", "root")
    position_begin(actor=office, member=member, organization=world.orgs["west_one"], post="deputy_secretary")
    assert Member.objects.get(pk=member.pk).party_post == ""
    transfer = transfer_request(actor=office, member=member, target=world.orgs["west_one"], reason="工作调动")
    transfer_accept(transfer=transfer, actor=office)
    assert Member.objects.get(pk=member.pk).party_post == "deputy_secretary"
    assert Position.objects.filter(member=member, ends_on=None).count() == 1


def test_records_made_in_the_old_branch_stay_there(world: World) -> None:
    member, secretary = world.members["east_one"][1], world.user("secretary", "east_one")
    with clock.at(clock.start_of(dt.date(2026, 3, 10)) + dt.timedelta(hours=9)):
        campaign = world.campaign()
        pledge = pledge_start(campaign=campaign, actor=world.user("member", "east_one"), member=member)
        review = leader_review_create(
            actor=secretary, campaign=campaign, subject=member, mode=ReviewMode.ONSITE, held_on=dt.date(2026, 3, 10)
        )
    transfer_accept(transfer=ask(world), actor=world.user("office", "root"))
    pledge.refresh_from_db()
    review.refresh_from_db()
    assert Member.objects.get(pk=member.pk).organization == world.orgs["west_one"]
    assert (pledge.organization, pledge.organization_name) == (world.orgs["east_one"], "东山公司采掘一区党支部")
    assert review.organization == world.orgs["east_one"]
