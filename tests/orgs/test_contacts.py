"""Contact points and visits: assigned, visited, ended; lists, coverage, desk, timeline, export."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.desk import tiles_for
from campaign.common.errors import DomainError, EditConflict, NotAllowed, StateConflict
from campaign.jobs.models import Job
from orgs.contacts import coverage_figures, leaders_absent, not_visited_since, quarter_start
from orgs.models import ContactPoint, ContactVisit, Organization
from orgs.services.contacts import (
    contact_point_end,
    contact_point_update,
    contact_points_assign,
    contact_visit_record,
    contact_visit_remove,
    contact_visit_update,
)
from orgs.timeline import member_timeline, organization_timeline
from tests.orgs.test_leadership import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
START = dt.date(2026, 1, 1)
VISIT: dict[str, Any] = {"mode": "site", "summary": "看了班前会", "problems": "记录不全", "follow_up": ""}


def assign(world: World, *keys: str, actor: Any = None, at: str = "east_one", place: int = 1) -> list[ContactPoint]:
    organizations = [world.orgs[key] for key in keys]
    leader = world.members[at][place]
    return contact_points_assign(actor=actor, leader=leader, organizations=organizations, starts_on=START, task="包保")


def visit(point: ContactPoint, day: dt.date | None = None, actor: Any = None, **given: Any) -> ContactVisit:
    values: Any = {**VISIT, "visited_on": day or clock.today(), **given}
    return contact_visit_record(actor=actor, point=point, **values)


# -- services ------------------------------------------------------------------------------------------------------


def test_several_branches_are_assigned_at_once_in_constant_statements(world: World) -> None:
    staff = world.user("staff", "root")
    counts = []
    for place, keys in ((1, ("east_one",)), (2, ("east_one", "east_two", "west_one"))):
        with CaptureQueriesContext(connection) as queries:
            assign(world, *keys, actor=world.user("staff", "root"), place=place)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert ContactPoint.objects.count() == 4
    assert AuditEntry.objects.filter(action="contact_assign", actor=staff).count() == 4


def test_what_cannot_be_assigned(world: World) -> None:
    assign(world, "east_one")
    with pytest.raises(DomainError, match="采掘一区"):
        assign(world, "east_two", "east_one")
    Organization.objects.filter(pk=world.orgs["west_one"].pk).update(is_active=False)
    with pytest.raises(DomainError, match="选矿"):
        assign(world, "west_one")
    with pytest.raises(DomainError):
        assign(world)
    assert ContactPoint.objects.count() == 1
    point = ContactPoint.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactPoint.objects.create(leader=point.leader, organization=point.organization)


@pytest.mark.parametrize(
    ("role", "held", "keys", "leader"),
    [
        ("staff", "east", ("east_one", "west_one"), "east_one"),
        ("staff", "east", ("east_one",), "west_one"),
        ("secretary", "east_one", ("east_one",), "east_one"),
        ("leader", "root", ("east_one",), "east_one"),
    ],
)
def test_nobody_assigns_out_of_reach(world: World, role: str, held: str, keys: tuple[str, ...], leader: str) -> None:
    with pytest.raises(NotAllowed):
        assign(world, *keys, actor=world.user(role, held), at=leader)
    assert not ContactPoint.objects.exists()


def test_a_leader_records_changes_and_nobody_else_does(world: World) -> None:
    (point,) = assign(world, "east_two")
    leader = world.user("member", "east_one")
    made = visit(point, actor=leader)
    assert made.recorded_by == leader
    stranger = world.user("member", "west_one")
    for other in (stranger, world.user("secretary", "east_one"), world.user("staff", "west")):
        with pytest.raises(NotAllowed):
            visit(point, actor=other)
        with pytest.raises(NotAllowed):
            contact_visit_update(actor=other, visit=made, version=1, visited_on=clock.today(), **VISIT)
        with pytest.raises(NotAllowed):
            contact_visit_remove(actor=other, visit=made, reason="误登")
    changed = {**VISIT, "follow_up": "已补记"}
    contact_visit_update(actor=leader, visit=made, version=1, visited_on=clock.today(), **changed)
    with pytest.raises(EditConflict):
        contact_visit_update(actor=leader, visit=made, version=1, visited_on=clock.today(), **VISIT)
    assert ContactVisit.objects.get().follow_up == "已补记"
    with pytest.raises(DomainError):
        contact_visit_remove(actor=leader, visit=made, reason=" ")
    contact_visit_remove(actor=leader, visit=made, reason="误登")
    assert AuditEntry.objects.get(action="contact_visit_remove").changes["summary"] == ["看了班前会", ""]


def test_visits_lie_within_the_contact_point(world: World) -> None:
    (point,) = assign(world, "east_two")
    for day in (START - dt.timedelta(days=1), clock.today() + dt.timedelta(days=1)):
        with pytest.raises(DomainError):
            visit(point, day)
    contact_point_end(actor=None, point=point, ends_on=dt.date(2026, 3, 31))
    with pytest.raises(DomainError):
        visit(point, dt.date(2026, 4, 1))
    visit(point, dt.date(2026, 3, 31))
    with pytest.raises(StateConflict):
        contact_point_end(actor=None, point=point)
    with pytest.raises(DomainError):
        contact_point_update(actor=None, point=point, version=2, task="", starts_on=dt.date(2026, 4, 1))
    contact_point_update(actor=None, point=point, version=2, task="新任务", starts_on=dt.date(2026, 2, 1))
    assert point.task == "新任务"
    (again,) = assign(world, "east_two")  # again, after it ended
    visit(again, dt.date(2026, 5, 8))
    with pytest.raises(DomainError):
        contact_point_end(actor=None, point=again, ends_on=dt.date(2026, 5, 7))
    contact_point_end(actor=None, point=again, ends_on=dt.date(2026, 5, 8))


# -- who was left out ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "start"),
    [((2026, 1, 1), (2026, 1, 1)), ((2026, 6, 30), (2026, 4, 1)), ((2026, 12, 31), (2026, 10, 1))],
)
def test_quarters(day: tuple[int, int, int], start: tuple[int, int, int]) -> None:
    assert quarter_start(dt.date(*day)) == dt.date(*start)


def test_coverage_counts_branches_and_visits_in_sight(world: World) -> None:
    one, two = assign(world, "east_one", "east_two")
    visit(one)
    visit(two, dt.date(2026, 1, 2))
    start = quarter_start(clock.today())
    assert list(not_visited_since(ContactPoint.objects.all(), start)) == [two]
    staff = world.user("staff", "root")
    assert coverage_figures(staff, None, start) == {"branches": 4, "uncovered": 2, "points": 2, "unvisited": 1}
    assert coverage_figures(staff, world.orgs["east"], start)["uncovered"] == 0
    assert list(leaders_absent(staff, start)) == []
    assert [leader.name for leader in leaders_absent(staff, clock.today() + dt.timedelta(days=1))] == [one.leader.name]
    assert list(leaders_absent(world.user("staff", "west"), clock.today() + dt.timedelta(days=1))) == []
    client = signed_in(staff)
    page = client.get(reverse("contact_coverage")).content.decode()
    assert world.orgs["west_one"].name in page
    assert world.orgs["east_one"].name not in page
    tomorrow = (clock.today() + dt.timedelta(days=1)).isoformat()
    page = client.get(f"{reverse('contact_coverage')}?list=leaders&since={tomorrow}").content.decode()
    assert one.leader.name in page


def test_the_desk_names_own_points_without_a_visit(world: World) -> None:
    (point,) = assign(world, "east_two")
    address = reverse("contact_mine")

    def counted(role: str = "member") -> int:
        return sum(tile.count for tile in tiles_for(world.user(role, "east_one")) if tile.url == address)

    assert (counted(), counted("member2") if "member2@east_one" in world.users else 0) == (1, 0)
    visit(point)
    assert counted() == 0


# -- pages ---------------------------------------------------------------------------------------------------------


def test_a_leader_sees_own_points_and_writes_on_the_page(world: World) -> None:
    own, foreign = assign(world, "east_two")[0], assign(world, "west_one", at="west_one")[0]
    client = signed_in(world.user("member", "east_one"))
    for name in ("contact_mine", "contact_list"):
        page = client.get(reverse(name)).content.decode()
        assert own.organization.display_name in page
        assert foreign.organization.display_name not in page
    assert client.get(reverse("contact_detail", args=[foreign.pk])).status_code == 404
    address = reverse("contact_visit", args=[own.pk])
    late = (clock.today() + dt.timedelta(days=1)).isoformat()
    refused = client.post(address, {**VISIT, "visited_on": late})
    assert "看了班前会" in refused.content.decode()
    assert not ContactVisit.objects.exists()
    assert client.post(address, {**VISIT, "visited_on": clock.today().isoformat()}).status_code == 302
    made = ContactVisit.objects.get()
    edit = reverse("contact_visit_edit", args=[made.pk])
    posted = {**VISIT, "visited_on": made.visited_on.isoformat(), "follow_up": "已整改", "version": 1}
    assert client.post(edit, posted).status_code == 302
    stale = client.post(edit, {**posted, "follow_up": "又改"})
    assert "又改" in stale.content.decode()  # what was typed stays
    page = client.get(reverse("contact_detail", args=[own.pk])).content.decode()
    assert "已整改" in page
    assert "又改" not in page


def test_somebody_assigns_several_over_the_page(world: World) -> None:
    client = signed_in(world.user("staff", "east"))
    given = {"leader": world.members["east_one"][1].pk, "starts_on": "2026-01-01"}
    keys = [world.orgs[key].pk for key in ("east_one", "east_two")]
    address = reverse("contact_assign")
    assert client.post(address, {**given, "organizations": [*keys, world.orgs["west_one"].pk]}).status_code == 200
    assert not ContactPoint.objects.exists()
    assert client.post(address, {**given, "organizations": keys}).status_code == 302
    assert ContactPoint.objects.count() == 2


def test_the_list_costs_the_same_for_any_number_and_finds_by_leader(world: World) -> None:
    client, address = signed_in(world.user("staff", "root")), reverse("contact_list")
    counts = []
    for place, keys in ((1, ("east_one",)), (2, ("east_one", "east_two", "west_one"))):
        for point in assign(world, *keys, place=place):
            visit(point)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        counts.append(len(queries))
    assert counts[0] == counts[1]
    client.post(address, {"q": world.members["east_one"][2].name})
    page = client.get(address).content.decode()
    assert page.count("contacts/") < 20
    assert world.members["east_one"][2].name in page
    client.post(address, {"which": "unvisited"})
    assert world.orgs["east_one"].name not in client.get(address).content.decode().partition("<table")[2]


def test_visits_stand_on_both_timelines(world: World) -> None:
    (point,) = assign(world, "east_two")
    visit(point)
    staff = world.user("staff", "east")
    texts = [entry.text for entry in organization_timeline(point.organization, staff)]
    assert any(point.leader.name in text for text in texts)
    assert any(point.organization.display_name in entry.text for entry in member_timeline(point.leader, staff))
    assert not any(point.leader.name in entry.text for entry in organization_timeline(point.organization,
                                                                                    world.user("staff", "west")))  # fmt: skip


def test_the_exported_list_holds_what_is_in_sight(
    world: World, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    assign(world, "east_one", "west_one")
    client: Client = signed_in(world.user("staff", "east"))
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("list_export", args=[world.orgs["east"].pk, "contacts"]))
    assert answer.status_code == 302
    rows = load_workbook(Path(settings.MEDIA_ROOT) / Job.objects.get().file_path).active.values
    texts = [str(cell) for row in rows for cell in row if cell]
    assert world.orgs["east_one"].name in texts
    assert world.orgs["west_one"].name not in texts
