"""One record of two is kept: what belongs to the person goes over, what was done stays, and the page says so before."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.capabilities import Role
from campaign.common.errors import DomainError
from orgs.models import (
    ContactPoint,
    ContactVisit,
    LeadershipPost,
    Member,
    Position,
    ResolvedDouble,
    RoleAssignment,
    Transfer,
    User,
)
from orgs.services import member_create
from orgs.services.contacts import contact_points_assign
from orgs.services.doubles import double_resolve
from orgs.services.leadership import leadership_appoint
from orgs.services.positions import position_begin
from orgs.services.transfers import transfer_request
from orgs.takeover import takeover_of
from reviews.services.rounds import round_close
from tests.orgs.test_leadership import signed_in
from tests.reviews.rounds import STAGE, running, vote, voters
from tests.world import World

pytestmark = pytest.mark.django_db
BORN = dt.date(1985, 3, 7)
DAY = dt.date(2026, 1, 5)
NUMBER = "11010519491231002X"


def record(world: World, at: str, **given: Any) -> Member:
    return member_create(
        actor=None, organization=world.orgs[at], **{"name": "双重人", "sex": "male", "birth_date": BORN, **given}
    )


def account(member: Member, **given: Any) -> User:
    return User.objects.create(
        username=f"a{member.pk}", name=member.name, member=member, organization=member.organization, **given
    )


def resolved(world: World, keep: Member, drop: Member, actor: User | None = None) -> ResolvedDouble:
    keep.refresh_from_db()
    drop.refresh_from_db()
    return double_resolve(
        actor=actor or world.user("staff", "east"),
        keep=keep,
        drop=drop,
        version=drop.version,
        keep_version=keep.version,
        reason="重复录入",
    )


def test_what_belongs_to_the_person_goes_over(world: World) -> None:
    keep = record(world, "east_one", birth_date=None, phone="13800001111", sex="female")
    drop = record(
        world, "east_two", sex="female", birth_date=dt.date(1949, 12, 31), phone="13800001111", id_number=NUMBER,
        education="本科", joined_on=dt.date(1975, 1, 1), party_post="deputy_secretary",
    )  # fmt: skip
    position_begin(actor=None, member=drop, organization=world.orgs["east"], post="committee_member", starts_on=DAY)
    post = leadership_appoint(
        actor=None, organization=world.orgs["east"], function="office_director", member=drop, starts_on=DAY
    )
    (point,) = contact_points_assign(actor=None, leader=drop, organizations=[world.orgs["east_two"]], starts_on=DAY)
    visit = ContactVisit.objects.create(contact_point=point, visited_on=DAY, mode="talk", summary="谈心")
    user = account(drop)
    transfer = transfer_request(actor=None, member=drop, target=world.orgs["west_one"], reason="调动")

    resolved(world, keep, drop)

    for one in (keep, drop, post, point, user, transfer):
        one.refresh_from_db()
    assert (keep.education, keep.birth_date, keep.joined_on) == ("本科", dt.date(1949, 12, 31), dt.date(1975, 1, 1))
    assert (keep.id_number, drop.id_number, drop.id_number_digest) == (NUMBER, "", None)
    assert (keep.organization, drop.status) == (world.orgs["east_one"], "left")
    held = Position.objects.filter(ends_on=None)
    assert set(held.filter(member=keep).values_list("post", flat=True)) == {"deputy_secretary", "committee_member"}
    assert not held.filter(member=drop).exists()
    assert (post.member, point.leader) == (keep, keep)
    assert ContactVisit.objects.get(pk=visit.pk).contact_point.leader == keep
    assert (user.member, user.organization, user.is_active) == (keep, keep.organization, True)
    assert transfer.state == "withdrawn"
    assert AuditEntry.objects.of(drop).filter(action="double_resolve", reason="重复录入").exists()
    assert AuditEntry.objects.of(keep).filter(action="double_take_over").exists()
    for action in ("user_hand_over", "leadership_update", "contact_update", "position_change", "transfer_overtaken"):
        assert AuditEntry.objects.filter(action=action).exists(), action


def test_what_the_kept_record_has_itself_is_not_doubled(world: World) -> None:
    keep = record(world, "east_one", education="硕士", id_number=NUMBER, birth_date=dt.date(1949, 12, 31), sex="female")
    drop = record(world, "east_two", education="本科", birth_date=dt.date(1949, 12, 31), sex="female")
    for one in (keep, drop):
        position_begin(actor=None, member=one, organization=world.orgs["east"], post="committee_member")
        leadership_appoint(
            actor=None, organization=world.orgs["east"], function="group_member", member=one, starts_on=DAY
        )
        contact_points_assign(actor=None, leader=one, organizations=[world.orgs["east_two"]], starts_on=DAY)
        account(one)
    resolved(world, keep, drop)
    keep.refresh_from_db()
    assert (keep.education, keep.id_number) == ("硕士", NUMBER)
    for model, person in ((Position, "member"), (LeadershipPost, "member"), (ContactPoint, "leader")):
        ended, goes_on = (model.objects.get(**{person: one}).ends_on for one in (drop, keep))
        assert (ended is None, goes_on) == (False, None), model
    assert not User.objects.get(member=drop).is_active
    assert User.objects.get(member=keep).is_active


def test_an_account_with_a_role_is_not_closed_by_the_branch(world: World) -> None:
    keep, drop = record(world, "east_one"), record(world, "east_two")
    account(keep)
    admin = account(drop)
    RoleAssignment.objects.create(user=admin, role=Role.SYSTEM_ADMIN, organization=world.orgs["east"], starts_on=DAY)
    goes = takeover_of(keep, drop)
    assert (goes.account_moves, goes.account_closes) == (False, False)
    resolved(world, keep, drop)
    admin.refresh_from_db()
    assert (admin.is_active, admin.member) == (True, drop)


def test_values_that_would_contradict_stay_where_they_are(world: World) -> None:
    keep = record(world, "east_one", joined_on=dt.date(2010, 1, 1), education="")
    drop = record(world, "east_two", full_member_on=dt.date(2009, 1, 1), education="本科")
    resolved(world, keep, drop)
    keep.refresh_from_db()
    assert (keep.education, keep.full_member_on) == ("本科", None)


def test_nobody_decides_on_the_own_record(world: World) -> None:
    staff = world.user("staff", "east")
    keep, drop = record(world, "east_one"), record(world, "east_two")
    User.objects.filter(pk=staff.pk).update(member=keep)
    with pytest.raises(DomainError):
        resolved(world, keep, drop, actor=User.objects.get(pk=staff.pk))
    assert not ResolvedDouble.objects.exists()
    assert resolved(world, keep, drop, actor=world.user("office", "root")).kept == keep


def test_nothing_is_half_done(world: World) -> None:
    """The last step fails: account, positions and membership are as before."""
    keep, drop = record(world, "east_one"), record(world, "east_two", party_post="secretary")
    user = account(drop)
    ResolvedDouble.objects.create(kept=keep, dropped=drop, reason="占位")  # only one such row can stand
    with pytest.raises(IntegrityError), transaction.atomic():
        resolved(world, keep, drop)
    user.refresh_from_db()
    drop.refresh_from_db()
    assert (user.member, drop.status, drop.party_post) == (drop, "normal", "secretary")


def test_the_page_says_before_what_goes_over_and_the_records_lead_to_each_other(world: World) -> None:
    keep = record(world, "east_one", phone="")
    drop = record(world, "east_two", phone="13900002222", native_place="华岭", party_post="secretary")
    account(drop)
    transfer_request(actor=None, member=drop, target=world.orgs["west_one"], reason="调动")
    client = signed_in(world.user("staff", "east"))
    address = reverse("double_resolve", args=[keep.pk, drop.pk])
    page = client.get(address).content.decode()
    assert "籍贯：华岭" in page
    assert "13900002222" not in page
    assert f"a{drop.pk}" in page
    shown = page[page.index("<main") :]
    assert "撤回：" in shown, shown[shown.index("<dl") :][:3000]
    assert f"若保留{keep.personnel_no}" in page
    keep.refresh_from_db()
    drop.refresh_from_db()
    versions = {f"version_{one.pk}": one.version for one in (keep, drop)}
    assert client.post(address, {"keep": keep.pk, "reason": "重复录入", **versions}).status_code == 302
    assert not Transfer.objects.open().exists()
    for one, other in ((keep, drop), (drop, keep)):
        shown = client.get(reverse("member_detail", args=[one.pk])).content.decode()
        assert reverse("member_detail", args=[other.pk]) in shown
    branch = signed_in(world.user("secretary", "east_one"))
    assert (
        reverse("member_detail", args=[drop.pk])
        not in branch.get(reverse("member_detail", args=[keep.pk])).content.decode()
    )  # out of sight
    Member.objects.filter(pk=drop.pk).update(status="normal", status_since=clock.today())
    again = client.get(reverse("member_detail", args=[keep.pk])).content.decode()
    assert reverse("member_detail", args=[drop.pk]) not in again


def test_not_while_both_are_voted_on_at_once(world: World) -> None:
    """The account would go over to the kept record, and its paper would still have that record on it."""
    with clock.at(STAGE):
        keep, drop = record(world, "east_one"), record(world, "east_one")
        account(drop)
        found = running(world, template="member")
        assert set(found.ballot.subjects.values_list("member", flat=True)) >= {keep.pk, drop.pk}
        page = signed_in(world.user("staff", "east")).get(reverse("double_resolve", args=[keep.pk, drop.pk]))
        assert f"“{found.name}”" in page.content.decode()
        with pytest.raises(DomainError, match="封存"):
            resolved(world, keep, drop)
        for voter in voters(found):
            vote(found, voter)
        round_close(evaluation_round=found, actor=world.user("staff", "east"), reason="已投完")
        assert resolved(world, keep, drop).kept == keep
