"""Reminders of contact points without a visit: to the leader before and after the quarter ends, to the office once."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaign.notices.contacts import offices_due, visits_due
from campaign.notices.models import Notice
from campaign.notices.services import reminders_sweep
from orgs.models import ContactPoint, ContactVisit, Organization
from orgs.services.contacts import contact_points_assign
from tests.world import World

pytestmark = pytest.mark.django_db
SECOND = dt.date(2026, 4, 1)


@pytest.fixture
def point(world: World) -> ContactPoint:
    leader = world.users["member@east_one"].member
    (made,) = contact_points_assign(
        actor=None, leader=leader, organizations=[world.orgs["east_two"]], starts_on=dt.date(2026, 1, 5)
    )
    return made


def visited(point: ContactPoint, day: dt.date) -> None:
    ContactVisit.objects.create(contact_point=point, visited_on=day, mode="talk", summary="谈心")


@pytest.mark.parametrize(
    ("day", "subjects"),
    [
        (dt.date(2026, 6, 15), set()),
        (dt.date(2026, 6, 16), {"2026Q2"}),
        (dt.date(2026, 6, 30), {"2026Q2"}),
        (dt.date(2026, 7, 1), {"2026Q2!"}),
        (dt.date(2026, 7, 30), {"2026Q2!"}),
        (dt.date(2026, 7, 31), set()),
        (dt.date(2026, 4, 10), set()),  # it did not stand on the first day of the first quarter
    ],
)
def test_the_leader_is_reminded_around_the_end_of_a_quarter(
    world: World, point: ContactPoint, day: dt.date, subjects: set[str]
) -> None:
    due = list(visits_due(day))
    assert {each.subject for each in due} == subjects
    assert {each.user_id for each in due} <= {world.users["member@east_one"].pk}


def test_a_visit_settles_the_quarter(world: World, point: ContactPoint) -> None:
    visited(point, dt.date(2026, 3, 31))
    assert list(visits_due(dt.date(2026, 6, 20)))
    visited(point, SECOND)
    assert list(visits_due(dt.date(2026, 6, 20))) == []
    assert list(visits_due(dt.date(2026, 7, 1))) == []
    assert list(offices_due(dt.date(2026, 7, 1))) == []


def test_the_office_gets_a_list_once_a_quarter(world: World, point: ContactPoint) -> None:
    day = dt.date(2026, 7, 2)
    due = list(offices_due(day))
    wanted = {world.users[key].pk for key in ("office@root", "staff@root", "staff@east")}
    assert {each.user_id for each in due} == wanted  # not the staff of the west
    for _sweep in range(2):
        reminders_sweep(day=day)
    office = world.users["office@root"]
    (notice,) = Notice.objects.filter(user=office, rule="orgs.visits_office")
    client = Client()
    client.force_login(office, backend="orgs.authentication.AccountBackend")
    page = client.get(notice.url)
    assert [row.record.pk for row in page.context["table"].page.object_list] == [point.pk]
    assert list(offices_due(dt.date(2026, 7, 31))) == []


def test_a_branch_out_of_use_and_an_ended_point_count_no_more(world: World, point: ContactPoint) -> None:
    day = dt.date(2026, 7, 2)
    Organization.objects.filter(pk=point.organization_id).update(is_active=False)
    assert not list(visits_due(day)) + list(offices_due(day))
    Organization.objects.filter(pk=point.organization_id).update(is_active=True)
    ContactPoint.objects.update(ends_on=dt.date(2026, 6, 1))
    assert not list(visits_due(day)) + list(offices_due(day))


def test_the_rules_ask_in_a_constant_number_of_statements(world: World) -> None:
    leader, counts = world.users["member@east_one"].member, []
    for key in ("east_one", "east_two", "west_one"):
        contact_points_assign(actor=None, leader=leader, organizations=[world.orgs[key]], starts_on=SECOND)
        with CaptureQueriesContext(connection) as queries:
            (due,) = visits_due(dt.date(2026, 7, 1))
            assert list(offices_due(dt.date(2026, 7, 1)))
        counts.append(len(queries))
    assert counts == [3, 3, 3]
    assert due.text.startswith("您有3个")
