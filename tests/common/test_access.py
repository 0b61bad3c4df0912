"""The gate: reach by reach, as query and as decision, and what does not get through."""

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import Http404
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from campaign.common import clock
from campaign.common.access import ALPHABET, _next, ancestors_and_self, gate, holds, reaches, under
from campaign.common.capabilities import Cap, Role
from orgs.models import Member, Organization, RoleAssignment
from tests.world import World

PATHS = st.lists(st.text(ALPHABET, min_size=4, max_size=4), min_size=1, max_size=4).map("".join)


@given(PATHS, PATHS)
def test_the_range_of_a_subtree_is_its_prefix(path: str, other: str) -> None:
    if set(path) == {"Z"}:
        return  # the tree's alphabet ends here: treebeard refuses to go on
    assert (path <= other < _next(path)) == other.startswith(path)


@given(PATHS)
def test_ancestors_are_the_prefixes(path: str) -> None:
    found = ancestors_and_self(path)
    assert found[-1] == path
    assert all(path.startswith(above) and len(above) % 4 == 0 for above in found)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "at", "expected"),
    [
        ("office", "root", {"root", "east", "west", "east_one", "east_two", "west_one", "west_two"}),
        ("staff", "east", {"east", "east_one", "east_two"}),
        ("secretary", "east_one", {"east_one"}),
        ("member", "east_one", {"east_one"}),
        ("audit_admin", "root", set()),
    ],
)
def test_what_of_the_tree_a_role_sees(world: World, role: str, at: str, expected: set[str]) -> None:
    user = world.user(role, at)
    seen = Organization.objects.visible_to(user)
    assert {key for key, o in world.orgs.items() if o in seen} == expected
    if role != "member":  # a member's own branch is UNIT as well, but the record reach of SELF has no place
        assert {key for key, o in world.orgs.items() if reaches(user, Cap.ORG_VIEW, o.path)} == expected


@pytest.mark.django_db
def test_below_leaves_out_the_own_organization_and_upward_goes_to_the_root(world: World) -> None:
    staff = world.user("staff", "east")
    managed = Organization.objects.allowed(staff, Cap.ORG_MANAGE)
    assert {o.code for o in managed} == {"EAST_ONE", "EAST_TWO"}
    announced = Organization.objects.allowed(staff, Cap.CAMPAIGN_VIEW)
    assert {o.code for o in announced} == {"EAST", "ROOT"}
    assert reaches(staff, Cap.CAMPAIGN_VIEW, world.orgs["root"].path)
    assert not reaches(staff, Cap.CAMPAIGN_VIEW, world.orgs["west"].path)


@pytest.mark.django_db
def test_a_member_sees_only_the_own_record(world: World) -> None:
    user = world.user("member", "east_one")
    assert list(Member.objects.visible_to(user)) == [user.member]


@pytest.mark.django_db
def test_a_role_counts_from_its_first_day_to_its_last(world: World) -> None:
    assignment = RoleAssignment.objects.get(role=Role.STAFF, organization=world.orgs["east"])
    RoleAssignment.objects.filter(pk=assignment.pk).update(ends_on=dt.date(2026, 5, 31))
    for day, held in (((2026, 5, 31), True), ((2026, 6, 1), False), ((2019, 12, 31), False)):
        with clock.at(clock.start_of(dt.date(*day))):
            assert holds(world.user("staff", "east"), Cap.ORG_VIEW) is held


@pytest.mark.django_db
def test_a_closed_account_and_a_stranger_hold_nothing(world: World) -> None:
    user = world.user("office", "root")
    user.is_active = False
    for person in (user, AnonymousUser()):
        assert not holds(person, Cap.ORG_VIEW)  # type: ignore[arg-type]
        assert not Organization.objects.visible_to(person).exists()


@pytest.mark.django_db
def test_the_gate_tells_nothing_of_what_lies_outside(world: World) -> None:
    request = RequestFactory().get("/")
    request.user = world.user("staff", "east")
    inside, outside = world.orgs["east_one"], world.orgs["west_one"]
    assert gate(request, Organization.objects, Cap.ORG_VIEW, pk=inside.pk) == inside
    for pk in (outside.pk, 10**9):
        with pytest.raises(Http404):
            gate(request, Organization.objects, Cap.ORG_VIEW, pk=pk)


@pytest.mark.django_db
def test_a_subtree_is_one_index_range(world: World) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")  # seven rows need no index; a million do
    plan = Organization.objects.filter(under(world.orgs["east"].path)).order_by("path").explain()
    assert "index" in plan.lower()
