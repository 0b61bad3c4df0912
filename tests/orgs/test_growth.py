"""Pages cost the same number of statements for ten organizations with their people as for two thousand."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.common.capabilities import Role
from campaign.filings.models import ImplementationPlan
from orgs.models import (
    ContactPoint,
    ContactVisit,
    Enrolment,
    LeadershipPost,
    Member,
    Organization,
    Position,
    RoleAssignment,
    Transfer,
    User,
    Worker,
)
from orgs.quality import checks
from tests.world import World

pytestmark = pytest.mark.django_db
SIZES = (10, 2_000)
DAY = dt.date(2026, 1, 5)
LONG_AGO = dt.date(2020, 1, 1)


def grown(world: World, campaign: Any, first: int, last: int) -> None:
    """Put branches number `first` … `last` - 1 below the east, each with one of everything; what the checks look for is
    wrong with all of them."""
    east = Organization.objects.get(pk=world.orgs["east"].pk)
    numbers = range(first, last)
    places = Organization.objects.bulk_create(
        Organization(
            path=Organization._get_path(east.path, east.depth + 1, number + 10), depth=east.depth + 1, code=f"G{number}",
            name=f"第{number}党支部", type="branch", term_ends_on=LONG_AGO,
        )
        for number in numbers
    )  # fmt: skip
    Organization.objects.filter(pk=east.pk).update(numchild=east.numchild + len(places))
    members = Member.objects.bulk_create(
        Member(
            personnel_no=f"G{number}", name=f"增员{number // 2}", sex="male", organization=place, kind="probationary",
            joined_on=LONG_AGO, birth_date=LONG_AGO,
        )
        for number, place in zip(numbers, places, strict=True)
    )  # fmt: skip
    Enrolment.objects.bulk_create(Enrolment(member=one, organization_id=one.organization_id) for one in members)
    Position.objects.bulk_create(
        Position(member=one, organization_id=one.organization_id, post="committee_member") for one in members
    )
    LeadershipPost.objects.bulk_create(
        LeadershipPost(organization_id=one.organization_id, function="group_member", member=one, name=one.name)
        for one in members
    )
    points = ContactPoint.objects.bulk_create(
        ContactPoint(leader=one, organization_id=one.organization_id, starts_on=DAY) for one in members[::2]
    )
    ContactVisit.objects.bulk_create(
        ContactVisit(contact_point=point, visited_on=DAY, mode="talk", summary="谈心") for point in points[::2]
    )
    Transfer.objects.bulk_create(
        Transfer(member=one, source_id=one.organization_id, target=world.orgs["west_one"], reason="调动")
        for one in members
    )
    Worker.objects.bulk_create(Worker(organization=place, name="职工") for place in places[::2])
    users = User.objects.bulk_create(
        User(username=one.personnel_no, name=one.name, member=one, organization_id=one.organization_id)
        for one in members
    )
    RoleAssignment.objects.bulk_create(
        RoleAssignment(user=user, role=Role.SECRETARY, organization_id=user.organization_id, starts_on=DAY)
        for user in users[::2]
    )
    ImplementationPlan.objects.bulk_create(
        ImplementationPlan(campaign=campaign, organization=place, receiver=east, title="实施方案")
        for place in places[::2]
    )


def addresses(world: World) -> Iterator[tuple[str, str]]:
    """(account, address) of every list of this part, and of the pages of an organization with all the others below it."""
    east, root = world.orgs["east"].pk, world.orgs["root"].pk
    office = (
        "organization_list", "member_list", "member_probation", "transfer_list", "worker_list", "contact_list",
        "contact_coverage", "quality_list", "quality_doubles", "plan_list", "plan_missing", "import_history",
    )  # fmt: skip
    for name in office:
        yield "office@root", reverse(name)
    yield "office@root", f"{reverse('organization_list')}?missing=secretary"
    for name in ("organization_detail", "organization_children", "leadership_detail"):
        yield "office@root", reverse(name, args=[east])
    yield "office@root", reverse("leadership_list", args=[root])
    for key in ("leaders", "points"):
        yield "office@root", f"{reverse('contact_coverage')}?list={key}"
    for check in checks:
        account = "system_admin@root" if check.key in ("no_role", "never_used") else "office@root"
        yield account, reverse("quality_check", args=[check.key])
    yield "system_admin@root", reverse("user_list")
    yield "system_admin@root", reverse("code_sheet_list")
    for name in ("role_list", "role_vacancies", "role_deputies"):
        yield "security_admin@root", reverse(name)


def test_every_list_costs_the_same_at_two_thousand(world: World) -> None:
    campaign, before, counts = world.campaign(), 0, dict[tuple[str, str], list[int]]()
    clients = dict[str, Client]()
    for size in SIZES:
        grown(world, campaign, before, size)
        before = size
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as the server does by itself once the rows are committed
        for account, address in addresses(world):
            if account not in clients:
                clients[account] = Client()
                clients[account].force_login(world.users[account], backend=settings.AUTHENTICATION_BACKENDS[-1])
                clients[account].get(reverse("home"))
            with CaptureQueriesContext(connection) as queries:
                answer = clients[account].get(address, follow=True)
            assert answer.status_code == 200, address
            counts.setdefault((account, address), []).append(len(queries))
    assert Member.objects.filter(personnel_no__startswith="G").count() == SIZES[-1]
    assert {key: found for key, found in counts.items() if len(set(found)) > 1} == {}
