"""Reminders of roles that end and of roles handed over."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaign.common import clock
from campaign.notices.models import Notice
from campaign.notices.roles import ending_roles, handed_over
from campaign.notices.services import reminders_sweep
from orgs.models import RoleAssignment
from orgs.services import delegation_end
from tests.orgs.deputies import handed, role_of
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("days", "told"), [(0, True), (14, True), (15, False), (-1, False)])
def test_a_role_that_ends_within_two_weeks_is_called_to_mind(world: World, days: int, told: bool) -> None:
    today = clock.today()
    RoleAssignment.objects.filter(pk=role_of(world, "staff@east").pk).update(ends_on=today + dt.timedelta(days=days))
    due = list(ending_roles(today))
    wanted = {world.users["staff@east"].pk, world.users["security_admin@root"].pk} if told else set()
    assert {each.user_id for each in due} == wanted
    assert all("east staff" in each.text for each in due)


def test_a_sweep_tells_once_and_again_when_the_end_was_moved(world: World) -> None:
    today = clock.today()
    for days in (3, 3, 5):
        RoleAssignment.objects.filter(pk=role_of(world, "staff@east").pk).update(
            ends_on=today + dt.timedelta(days=days)
        )
        reminders_sweep(day=today)
    assert Notice.objects.filter(user=world.users["staff@east"], rule="roles.ending").count() == 2


def test_the_deputy_is_told_as_long_as_it_stands(world: World) -> None:
    delegation = handed(world, "staff@east", "secretary@east_one")
    (due,) = handed_over(clock.today())
    assert due.user_id == delegation.deputy_id
    assert "east staff" in due.text
    delegation_end(actor=world.user("staff", "east"), delegation=delegation)
    assert list(handed_over(clock.today())) == []


def test_the_rules_ask_in_a_constant_number_of_statements(world: World) -> None:
    counts = []
    for number in range(3):
        roles = RoleAssignment.objects.filter(role="leader").order_by("pk").values("pk")[: number + 1]
        RoleAssignment.objects.filter(pk__in=list(roles.values_list("pk", flat=True))).update(ends_on=clock.today())
        with CaptureQueriesContext(connection) as queries:
            assert len(list(ending_roles(clock.today()))) == 2 * (number + 1)
        counts.append(len(queries))
    assert counts == [2, 2, 2]
