"""Moving, merging, splitting organizations, taking them out of use and back: what it does, to whom, and what it leaves."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from orgs.models import (
    ContactPoint,
    Enrolment,
    EnrolmentOrigin,
    HeadCount,
    LeadershipPost,
    Member,
    Organization,
    OrganizationEvent,
    Position,
    RoleAssignment,
    Transfer,
    TransferState,
    User,
    Worker,
)
from orgs.services import (
    organization_activate,
    organization_create,
    organization_deactivate,
    organization_merge,
    organization_move,
    organization_split,
)
from orgs.services.enrolments import enrolments_open
from tests.world import World

pytestmark = pytest.mark.django_db
CLEAN = ([], [], [], [], [])


def told(organization: Organization) -> list[tuple[str, Any]]:
    """Return what happened to an organization: (kind, name of the other one), the first first."""
    events = OrganizationEvent.objects.filter(organization=organization).order_by("pk").select_related("other")
    return [(event.kind, event.other.name if event.other else None) for event in events]


def fresh(organization: Organization) -> Organization:
    return Organization.objects.get(pk=organization.pk)


def enrol(world: World) -> None:
    """Open the enrolments and positions that the world's members would have, if they have none."""
    Enrolment.objects.all().delete()
    Position.objects.all().delete()
    enrolments_open(list(Member.objects.all()), starts_on=dt.date(2020, 1, 1), origin=EnrolmentOrigin.ENTERED)


# -- moving --------------------------------------------------------------------------------------------------------


def test_a_subtree_moves_with_everything_below_it(world: World) -> None:
    cell = organization_create(actor=None, parent=world.orgs["east_one"], name="第一党小组", type="cell")
    moved = organization_move(
        actor=world.user("office", "root"),
        organization=world.orgs["east_one"],
        parent=world.orgs["west"],
        reason="划转",
    )
    assert moved.higher() == world.orgs["west"]
    assert fresh(cell).higher() == moved
    assert Organization.objects.find_problems() == CLEAN
    assert (fresh(world.orgs["east"]).numchild, fresh(world.orgs["west"]).numchild) == (1, 3)
    assert told(moved) == [("moved", "中共华岭集团西河公司委员会")]
    assert told(world.orgs["east"]) == [("released", "东山公司采掘一区党支部")]
    assert told(world.orgs["west"]) == [("received", "东山公司采掘一区党支部")]
    entry = AuditEntry.objects.get(action="organization_move")
    assert entry.changes == {"parent": ["中共华岭集团东山公司委员会", "中共华岭集团西河公司委员会"]}
    assert (entry.reason, Member.objects.filter(organization=moved).count()) == ("划转", 6)


def test_it_moves_deeper_and_back_up(world: World) -> None:
    east, west = world.orgs["east"], world.orgs["west"]
    organization_move(actor=None, organization=east, parent=west)
    assert fresh(world.orgs["east_one"]).depth == 4
    assert Organization.objects.find_problems() == CLEAN
    organization_move(actor=None, organization=east, parent=world.orgs["root"])
    assert fresh(world.orgs["east_one"]).depth == 3
    assert Organization.objects.find_problems() == CLEAN


@pytest.mark.parametrize("into", ["east", "east_one"])
def test_nothing_moves_into_itself(world: World, into: str) -> None:
    with pytest.raises(DomainError):
        organization_move(actor=None, organization=world.orgs["east"], parent=world.orgs[into])
    assert fresh(world.orgs["east"]).path == world.orgs["east"].path
    assert not OrganizationEvent.objects.exists()


def test_two_moves_that_would_tie_a_knot(world: World) -> None:
    """Each was right when its page was opened: the second sees what the first did."""
    east, west = fresh(world.orgs["east"]), fresh(world.orgs["west"])
    organization_move(actor=None, organization=east, parent=west)
    with pytest.raises(DomainError):
        organization_move(actor=None, organization=west, parent=east)
    assert Organization.objects.find_problems() == CLEAN


def test_neither_the_top_nor_to_where_it_is_nor_below_what_is_out_of_use(world: World) -> None:
    closed = organization_create(actor=None, parent=world.orgs["west"], name="旧党委", type="committee")
    Organization.objects.filter(pk=closed.pk).update(is_active=False)
    for organization, parent in (("root", "west"), ("east", "root")):
        with pytest.raises(DomainError):
            organization_move(actor=None, organization=world.orgs[organization], parent=world.orgs[parent])
    with pytest.raises(DomainError):
        organization_move(actor=None, organization=world.orgs["east"], parent=closed)


@pytest.mark.parametrize(
    ("role", "at", "what", "to"),
    [
        ("staff", "east", "east_one", "west"),
        ("staff", "west", "east_one", "west"),
        ("staff", "east", "east", "west"),
        ("secretary", "east_one", "east_one", "west"),
        ("leader", "root", "east_one", "west"),
    ],
)
def test_both_ends_must_be_one_s_own(world: World, role: str, at: str, what: str, to: str) -> None:
    with pytest.raises(NotAllowed):
        organization_move(actor=world.user(role, at), organization=world.orgs[what], parent=world.orgs[to])
    assert fresh(world.orgs[what]).path == world.orgs[what].path


def test_who_sees_it_changes_with_its_place(world: World) -> None:
    branch = world.orgs["east_one"]
    organization_move(actor=None, organization=branch, parent=world.orgs["west"])
    assert branch in Organization.objects.visible_to(world.user("staff", "west"))
    assert branch not in Organization.objects.visible_to(world.user("staff", "east"))
    assert branch in Organization.objects.visible_to(world.user("secretary", "east_one"))


def test_a_move_costs_the_same_however_much_hangs_below(world: World) -> None:
    counts = []
    for number in (1, 40):
        above = organization_create(actor=None, parent=world.orgs["east"], name=f"{number}", type="committee")
        for place in range(number):
            organization_create(actor=None, parent=above, name=f"{number}-{place}", type="branch")
        with CaptureQueriesContext(connection) as captured:
            organization_move(actor=None, organization=above, parent=world.orgs["west"])
        counts.append(len(captured))
    assert counts[0] == counts[1]


# -- merging -------------------------------------------------------------------------------------------------------


def test_a_merger_takes_everything_over_and_leaves_the_history(world: World) -> None:
    enrol(world)
    one, two = world.orgs["east_one"], world.orgs["east_two"]
    cell = organization_create(actor=None, parent=one, name="第一党小组", type="cell")
    gone = world.members["east_one"][5]
    Member.objects.filter(pk=gone.pk).update(status="left")
    Worker.objects.create(organization=one, name="甲", personnel_no="1")
    Worker.objects.create(organization=one, name="乙", personnel_no="2")
    Worker.objects.create(organization=two, name="乙", personnel_no="2")
    HeadCount.objects.create(organization=one, workers=30)
    HeadCount.objects.create(organization=two, workers=12)
    LeadershipPost.objects.create(organization=one, function="group_head", name="甲", starts_on=dt.date(2026, 1, 1))
    leader = world.members["west_one"][0]
    ContactPoint.objects.create(organization=one, leader=leader, starts_on=dt.date(2026, 1, 1))
    transfer = Transfer.objects.create(
        member=world.members["west_one"][1], source=world.orgs["west_one"], target=one, reason="调动"
    )
    today = clock.today()
    heir = organization_merge(actor=world.user("staff", "east"), organization=one, into=two, reason="合并设置")
    ended, yesterday = fresh(one), today - dt.timedelta(days=1)
    assert (ended.is_active, ended.merged_into, ended.higher()) == (False, heir, world.orgs["east"])
    assert Member.objects.filter(organization=heir).count() == 11
    assert Member.objects.get(pk=gone.pk).organization == ended
    secretary = Member.objects.get(pk=world.members["east_one"][0].pk)
    assert (secretary.organization, secretary.party_post) == (heir, "")
    spans = Enrolment.objects.filter(member=secretary).order_by("pk").values_list("organization", "ends_on", "origin")
    assert list(spans) == [(one.pk, yesterday, "entered"), (heir.pk, None, "merged")]
    assert not Position.objects.open().filter(organization=one).exists()
    assert Position.objects.open().get(organization=two).member == world.members["east_two"][0]
    assert fresh(cell).higher() == heir
    assert set(Worker.objects.active().filter(organization=heir).values_list("name", flat=True)) == {"甲", "乙"}
    assert HeadCount.objects.get(organization=heir).workers == 42
    assert not RoleAssignment.objects.on(today).filter(organization=one).exists()
    assert LeadershipPost.objects.get(organization=one).ends_on == yesterday
    assert ContactPoint.objects.get(organization=one).ends_on == yesterday
    assert Transfer.objects.get(pk=transfer.pk).state == TransferState.WITHDRAWN
    assert User.objects.get(pk=world.users["secretary@east_one"].pk).organization == heir
    assert told(ended) == [("merged", heir.name)]
    assert told(heir) == [("absorbed", ended.name)]
    assert told(cell) == [("moved", heir.name)]
    moves = AuditEntry.objects.filter(action="member_move").values_list("changes", flat=True)
    assert list(moves) == [{"organization": [ended.name, heir.name]}] * 5
    assert Organization.objects.find_problems() == CLEAN


def test_what_was_merged_stays_readable_where_it_was(world: World) -> None:
    organization_merge(actor=None, organization=world.orgs["east_one"], into=world.orgs["west_one"])
    assert world.orgs["east_one"] in Organization.objects.visible_to(world.user("staff", "east"))
    assert world.orgs["east_one"] not in Organization.objects.visible_to(world.user("staff", "west"))


def test_an_organization_merges_into_the_one_above(world: World) -> None:
    organization_merge(actor=world.user("office", "root"), organization=world.orgs["east"], into=world.orgs["root"])
    assert fresh(world.orgs["east_one"]).higher() == world.orgs["root"]
    assert Organization.objects.find_problems() == CLEAN


@pytest.mark.parametrize(("what", "into"), [("east", "east_one"), ("east", "east"), ("root", "east")])
def test_what_cannot_take_over(world: World, what: str, into: str) -> None:
    with pytest.raises(DomainError):
        organization_merge(actor=None, organization=world.orgs[what], into=world.orgs[into])
    assert fresh(world.orgs[what]).is_active


def test_nobody_merges_what_is_another_s(world: World) -> None:
    for actor in (world.user("staff", "east"), world.user("staff", "west"), world.user("secretary", "east_one")):
        with pytest.raises(NotAllowed):
            organization_merge(actor=actor, organization=world.orgs["east_one"], into=world.orgs["west_one"])


def test_the_last_administrator_is_not_merged_away(world: World) -> None:
    RoleAssignment.objects.filter(role="system_admin").update(organization=world.orgs["east_one"])
    with pytest.raises(DomainError):
        organization_merge(actor=None, organization=world.orgs["east_one"], into=world.orgs["east_two"])
    assert Member.objects.filter(organization=world.orgs["east_one"]).count() == 6


# -- splitting -----------------------------------------------------------------------------------------------------


def test_a_split_makes_a_new_one_of_those_chosen(world: World) -> None:
    enrol(world)
    old, chosen = world.orgs["east_one"], [member.pk for member in world.members["east_one"][3:]]
    made = organization_split(
        actor=world.user("staff", "east"), organization=old, below=False, members=chosen, name="东山公司采掘三区党支部",
        type="branch", reason="人数过多",
    )  # fmt: skip
    assert (made.higher(), made.established_on) == (world.orgs["east"], clock.today())
    assert set(Member.objects.filter(organization=made).values_list("pk", flat=True)) == set(chosen)
    assert Member.objects.filter(organization=old).count() == 3
    assert set(Enrolment.objects.open().filter(organization=made).values_list("origin", flat=True)) == {"split"}
    assert (told(old), told(made)) == ([("split", made.name)], [("split_off", old.name)])
    assert {"organization_split", "organization_create"} <= set(AuditEntry.objects.values_list("action", flat=True))


def test_organizations_below_split_off_with_it(world: World) -> None:
    made = organization_split(
        actor=world.user("office", "root"), organization=world.orgs["east"], below=True,
        children=[world.orgs["east_two"].pk], name="采掘党总支", type="general_branch",
    )  # fmt: skip
    assert made.higher() == world.orgs["east"]
    assert fresh(world.orgs["east_two"]).higher() == made
    assert Organization.objects.find_problems() == CLEAN


def test_what_cannot_be_split(world: World) -> None:
    old, values = world.orgs["east_one"], {"name": "新支部", "type": "branch"}
    stranger, own = world.members["west_one"][0].pk, world.members["east_one"][1].pk
    for members in ([], [stranger], [own, stranger]):
        with pytest.raises(DomainError):
            organization_split(actor=None, organization=old, below=False, members=members, **values)
    with pytest.raises(DomainError):
        organization_split(actor=None, organization=old, below=False, members=[own], code="WEST", **values)
    with pytest.raises(NotAllowed):
        organization_split(
            actor=world.user("secretary", "east_one"), organization=old, below=True, members=[own], **values
        )
    with pytest.raises(DomainError):  # the system administrator keeps organizations, not people
        organization_split(
            actor=world.user("system_admin", "root"), organization=old, below=False, members=[own], **values
        )
    assert not Organization.objects.filter(name="新支部").exists()


# -- out of use and back ---------------------------------------------------------------------------------------------


def test_only_an_empty_organization_goes_out_of_use_and_roles_in_it_end(world: World) -> None:
    staff, branch = world.user("staff", "root"), world.orgs["east_one"]
    for key in ("east", "east_one"):
        with pytest.raises(DomainError):
            organization_deactivate(actor=staff, organization=world.orgs[key])
    Member.objects.filter(organization=branch).update(status="left")
    closed = organization_deactivate(actor=staff, organization=branch, reason="撤销")
    assert not closed.is_active
    assert not RoleAssignment.objects.on(clock.today()).filter(organization=branch).exists()
    assert AuditEntry.objects.get(action="organization_deactivate").reason == "撤销"
    with pytest.raises(StateConflict):
        organization_deactivate(actor=staff, organization=closed)
    assert organization_activate(actor=staff, organization=closed).is_active
    assert told(branch) == [("deactivated", None), ("activated", None)]


def test_what_was_merged_comes_back_empty(world: World) -> None:
    one, two = world.orgs["east_one"], world.orgs["east_two"]
    organization_merge(actor=None, organization=one, into=two)
    back = organization_activate(actor=world.user("staff", "east"), organization=one)
    assert (back.is_active, back.merged_into) == (True, None)
    assert not Member.objects.filter(organization=back).exists()


def test_nobody_closes_the_organization_one_works_in(world: World) -> None:
    with pytest.raises(NotAllowed):
        organization_deactivate(actor=world.user("staff", "east"), organization=world.orgs["east"])


def test_no_merger_ends_the_roles_of_the_last_two_administrators_together(world: World) -> None:
    other = User.objects.create(username="second", name="第二安全员", organization=world.orgs["west"])
    RoleAssignment.objects.create(user=other, role="security_admin", organization=world.orgs["west"])
    first = RoleAssignment.objects.filter(user=world.users["security_admin@root"])
    first.update(organization=world.orgs["west"])
    with pytest.raises(DomainError):
        organization_merge(actor=None, organization=world.orgs["west"], into=world.orgs["east"])
    first.update(organization=world.orgs["root"])
    organization_merge(actor=None, organization=world.orgs["west"], into=world.orgs["east"])
    assert [role.has_ended for role in first] == [False]
