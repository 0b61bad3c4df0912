"""Branches, positions and accounts stay in step with the members, whichever way somebody comes, goes or returns."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from campaign.common import clock
from campaign.common.errors import DomainError
from orgs.models import Delegation, Enrolment, Member, Organization, PartyPost, Position
from orgs.quality import no_role
from orgs.services import member_create, member_update, organization_merge, organization_move, role_end
from orgs.services.positions import position_begin, position_change
from orgs.services.undoing import import_dependants, import_undo
from tests.orgs.books import MEMBER_HEADINGS, book, roster
from tests.orgs.deputies import handed
from tests.orgs.test_import_members import ONE, TWO, plan, store
from tests.orgs.test_import_undo import applied
from tests.orgs.test_organizations import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
HEADINGS = [*MEMBER_HEADINGS, "人员编号"]
WITHOUT_POSTS = [heading for heading in HEADINGS if heading != "党内职务"]


def out_of_step() -> Iterator[str]:
    """Say what contradicts the invariants of `orgs.services.enrolments`."""
    for member in Member.objects.select_related("user", "organization"):
        places = list(Enrolment.objects.filter(member=member, ends_on=None).values_list("organization", flat=True))
        if places != ([member.organization_id] if member.is_present else []):
            yield f"{member}: enrolled in {places}"
        held = Position.objects.filter(member=member, organization=member.organization_id, ends_on=None)
        posts = set(held.values_list("post", flat=True))
        if member.party_post != next((post for post in PartyPost.values if post in posts), ""):
            yield f"{member}: {member.party_post} but {posts}"
        account = getattr(member, "user", None)
        if account is not None and account.organization_id != member.organization_id:
            yield f"{member}: the account is at {account.organization}"


@pytest.fixture(autouse=True)
def in_step(world: World) -> Iterator[None]:
    assert list(out_of_step()) == []
    yield
    assert list(out_of_step()) == []
    assert Organization.objects.find_problems() == ([], [], [], [], [])


def placed(member: Member, place: str, **more: Any) -> dict[str, Any]:
    """Return the row of a roster that puts a known member there."""
    return {
        "姓 名": member.name, "性别": member.get_sex_display(), "人员编号": member.personnel_no, "所在党组织": place, **more
    }  # fmt: skip


def test_a_position_held_in_the_organization_that_takes_over_counts_from_then_on(world: World) -> None:
    member = world.members["east_one"][1]
    position_begin(actor=None, member=member, organization=world.orgs["east"], post=PartyPost.COMMITTEE_MEMBER)
    organization_merge(actor=None, organization=world.orgs["east_one"], into=world.orgs["east"])
    member.refresh_from_db()
    assert member.party_post == PartyPost.COMMITTEE_MEMBER


def test_a_corrected_branch_counts_the_higher_position_held_there(world: World) -> None:
    member = world.members["east_one"][1]
    position_begin(actor=None, member=member, organization=world.orgs["east_two"], post=PartyPost.DEPUTY_SECRETARY)
    member.refresh_from_db()
    given = {"organization": world.orgs["east_two"], "party_post": PartyPost.GROUP_LEADER}
    assert (
        member_update(actor=None, member=member, version=member.version, **given).party_post
        == PartyPost.DEPUTY_SECRETARY
    )


def test_a_roster_that_moves_a_secretary_makes_no_secretary_elsewhere(world: World) -> None:
    member = world.members["east_one"][0]
    found = store(roster(placed(member, TWO), headings=WITHOUT_POSTS))
    assert found.changed[0].changes["party_post"] == (PartyPost.SECRETARY, "")  # and it is said before
    member.refresh_from_db()
    assert (member.organization, member.party_post) == (world.orgs["east_two"], "")


def test_a_roster_that_moves_keeps_what_was_held_there_and_can_be_undone(world: World) -> None:
    member = world.members["east_one"][1]
    position_begin(actor=None, member=member, organization=world.orgs["east_two"], post=PartyPost.DEPUTY_SECRETARY)
    staff = world.user("staff", "east")
    batch = applied(signed_in(staff), world, roster(placed(member, TWO), headings=WITHOUT_POSTS))
    member.refresh_from_db()
    assert (member.party_post, member.user.organization) == (PartyPost.DEPUTY_SECRETARY, world.orgs["east_two"])
    assert list(out_of_step()) == []
    import_undo(batch=batch, actor=staff)
    member.refresh_from_db()
    assert (member.party_post, member.organization) == ("", world.orgs["east_one"])


def test_who_has_left_is_given_no_position(world: World) -> None:
    given: dict[str, Any] = {"organization": world.orgs["east_one"], "name": "钱同志", "sex": "male", "status": "left"}
    with pytest.raises(DomainError):
        member_create(actor=None, party_post=PartyPost.SECRETARY, **given)
    gone = member_create(actor=None, **given)
    with pytest.raises(DomainError):
        member_update(actor=None, member=gone, version=gone.version, party_post=PartyPost.SECRETARY)
    source = roster(placed(gone, ONE, 党内职务="书记"), headings=HEADINGS)
    assert [fold.problem.code for fold in plan(source).problems.folded()] == ["member.has_left"]
    assert store(source).changed == []


def test_who_leaves_and_returns_elsewhere_takes_the_account_along(world: World) -> None:
    member = world.members["east_one"][0]
    member.refresh_from_db()
    member_update(actor=None, member=member, version=member.version, status="left")
    place = world.orgs["west_one"]
    member_update(actor=None, member=member, version=member.version, status="normal", organization=place)
    assert world.user("secretary", "east_one").organization == place


def test_an_import_is_not_undone_over_a_position_that_was_corrected_since(world: World) -> None:
    member, first = world.members["east_one"][0], dt.date(2010, 1, 1)
    headings = ["序号", "姓名", "人员编号", "任职党组织", "党内职务", "任职时间", "免职时间"]
    row = {"姓名": member.name, "人员编号": member.personnel_no, "任职党组织": ONE, "党内职务": "书记"}
    source = book(headings, [{**row, "任职时间": first.isoformat(), "免职时间": "2026-01-01"}], "党内任职")
    staff = world.user("staff", "east")
    client: Client = signed_in(staff)
    batch = applied(client, world, source, "positions")
    assert import_dependants(batch) == []
    held = Position.objects.get(member=member)
    position_change(actor=None, position=held, starts_on=first, ends_on=dt.date(2025, 6, 1), is_acting=False)
    assert [one.number for one in import_dependants(batch)] == [1]
    with pytest.raises(DomainError):
        import_undo(batch=batch, actor=staff)
    held.refresh_from_db()
    assert held.ends_on == dt.date(2025, 6, 1)


def test_an_import_is_not_undone_in_what_hangs_below_others_by_now(world: World) -> None:
    staff, member = world.user("staff", "east"), world.members["east_one"][1]
    batch = applied(signed_in(staff), world, roster(placed(member, ONE, 岗位="调度员"), headings=WITHOUT_POSTS))
    organization_move(actor=None, organization=world.orgs["east_one"], parent=world.orgs["west"])
    assert import_dependants(batch) == []
    with pytest.raises(DomainError):
        import_undo(batch=batch, actor=staff)
    member.refresh_from_db()
    assert member.job == "调度员"
    organization_move(actor=None, organization=world.orgs["east_one"], parent=world.orgs["east"])
    import_undo(batch=batch, actor=staff)
    member.refresh_from_db()
    assert member.job == ""


# -- roles and accounts ------------------------------------------------------------------------------------------------


def test_who_leaves_leads_the_branch_no_longer_and_other_roles_are_told(world: World) -> None:
    holder, security = world.user("secretary", "east_one"), world.user("security_admin", "root")
    later = clock.today() + dt.timedelta(days=9)
    holder.assignments.create(role="leader", organization=world.orgs["east_one"], starts_on=later)
    holder.assignments.create(role="staff", organization=world.orgs["east"])
    handed(world, "secretary@east_one", "member@east_one")
    member = world.members["east_one"][0]
    member_update(actor=None, member=member, version=member.version, status="left")
    fresh = world.user("secretary", "east_one")
    assert [(grant.role, grant.organization_id) for grant in fresh.grants] == [("staff", world.orgs["east"].pk)]
    assert not Delegation.objects.in_force(clock.today()).exists()
    assert not fresh.assignments.filter(role="leader").exists()
    # A role elsewhere is not the branch's to end: who granted it is told.
    client = signed_in(security)
    assert "已离开党组织人员的角色" in client.get(reverse("home")).content.decode()
    client.post(reverse("role_list"), {"when": "left"})
    listed = client.get(reverse("role_list")).content.decode()
    assert (fresh.name in listed, world.user("staff", "west").name in listed) == (True, False)
    # Without any role the account opens nothing, and the system administrator finds it.
    assert fresh not in no_role(world.user("system_admin", "root"))
    role_end(actor=security, assignment=fresh.assignments.get(role="staff", ends_on=None), reason="已退党")
    assert fresh in no_role(world.user("system_admin", "root"))


def test_a_suspended_member_keeps_the_roles(world: World) -> None:
    member = world.members["east_one"][0]
    member_update(actor=None, member=member, version=member.version, status="suspended")
    assert [grant.role for grant in world.user("secretary", "east_one").grants] == ["secretary", "member"]
