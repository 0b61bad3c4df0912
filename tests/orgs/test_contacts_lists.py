"""Contact points by workbook: they go out, are changed, ended and added to, and come back whole or not at all."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed
from campaign.lists.models import SentState
from campaign.lists.services import list_send, list_store
from orgs.importers.contacts import CONTACT_LIST
from orgs.models import ContactPoint
from orgs.services.contacts import contact_points_assign, contact_points_write, contact_visit_record
from tests.lists.case import Book, codes, signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
START = dt.date(2026, 1, 1)


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world.user("staff", "east"))


def point(world: World, at: str, leader: int = 1, task: str = "抓班子") -> ContactPoint:
    (made,) = contact_points_assign(
        actor=world.user("staff", "east"), leader=world.members["east_two"][leader], organizations=[world.orgs[at]],
        starts_on=START, task=task,
    )  # fmt: skip
    return made


def visited(world: World, made: ContactPoint, day: dt.date) -> None:
    values = {"mode": "site", "summary": "走访", "problems": "", "follow_up": ""}
    contact_visit_record(actor=world.user("office", "root"), point=made, visited_on=day, **values)  # type: ignore[arg-type]


def test_the_list_goes_out_is_changed_and_comes_back(world: World, staff: Client) -> None:
    kept, ended = point(world, "east_one"), point(world, "east_two", 2)
    visited(world, kept, dt.date(2026, 2, 3))
    place, leader = world.orgs["east_one"], world.members["east_two"][3]
    book = Book(staff, "contact_import", world.orgs["east"].pk)
    assert len(book.rows) == 2
    number = book.row(党组织=place.name)
    assert book.at(number, "最近走访").date() == dt.date(2026, 2, 3)
    book.write(number, 联系任务="每季度走访")
    book.write(book.row(党组织=world.orgs["east_two"].name), 结束日期=dt.date(2026, 5, 31))
    book.add(党组织=place.name, 联系领导=leader.name, 人员编号=leader.personnel_no, 开始日期=START, 联系任务="新任务")
    sent, page = book.send()
    plan = page.context["plan"]
    assert (codes(sent), len(plan.new), len(plan.changed)) == ([], 1, 2)
    assert ContactPoint.objects.count() == 2, "nothing is stored yet"
    book.store(sent)
    kept.refresh_from_db()
    ended.refresh_from_db()
    made = ContactPoint.objects.get(leader=leader)
    assert (kept.task, ended.ends_on, made.task) == ("每季度走访", dt.date(2026, 5, 31), "新任务")
    actions = AuditEntry.objects.filter(action__startswith="contact_").order_by("-pk").values_list("action", flat=True)
    assert set(actions[:3]) == {"contact_assign", "contact_end", "contact_update"}
    visited(world, made, dt.date(2026, 3, 4))
    assert "2" in book.undo(sent).content.decode()
    kept.refresh_from_db()
    ended.refresh_from_db()
    assert (kept.task, ended.ends_on) == ("抓班子", None)
    assert ContactPoint.objects.filter(pk=made.pk).exists(), "it was visited since and stays"


def test_what_is_wrong_is_told_by_cell_and_nothing_is_stored(world: World, staff: Client) -> None:
    mine = point(world, "east_one")
    visited(world, mine, dt.date(2026, 2, 3))
    leader, branch = world.members["east_two"][1], world.orgs["east_one"].name
    book = Book(staff, "contact_import", world.orgs["east"].pk)
    book.write(book.row(党组织=branch), 结束日期=dt.date(2026, 1, 31), 最近走访=dt.date(2026, 2, 4))
    for place, number, begin, end in (
        (branch, leader.personnel_no, START, None), (world.orgs["west_one"].name, leader.personnel_no, START, None),
        (branch, "没有这个人", START, None), (branch, world.members["east_two"][2].personnel_no, None, None),
        (branch, world.members["east_two"][3].personnel_no, START, dt.date(2025, 12, 31)),
    ):  # fmt: skip
        book.add(党组织=place, 人员编号=number, 开始日期=begin, 结束日期=end)
    sent, _page = book.send()
    assert sent.state == SentState.REJECTED
    assert set(codes(sent)) == {"list.read_only", "contact.held", "list.nobody", "list.needed", "contact.span"}
    good = Book(staff, "contact_import", world.orgs["east"].pk)
    good.write(good.row(党组织=branch), 结束日期=dt.date(2026, 1, 31))
    assert codes(good.send()[0]) == ["contact.visited_outside"]
    book.store(sent)
    assert ContactPoint.objects.get().ends_on is None


def test_rules_hold_for_the_service_too(world: World) -> None:
    mine, actor = point(world, "east_one"), world.user("staff", "east")
    visited(world, mine, dt.date(2026, 2, 3))
    leader, place = world.members["east_two"][1], world.orgs["east_one"]
    for values in (
        {"starts_on": START, "ends_on": dt.date(2026, 1, 31), "task": ""},
        {"starts_on": dt.date(2026, 3, 1), "ends_on": None, "task": ""},
        {"starts_on": START, "ends_on": dt.date(2025, 1, 1), "task": ""},
    ):
        with pytest.raises(DomainError):
            contact_points_write(actor=actor, changed=[(ContactPoint.objects.get(), values)])  # type: ignore[list-item]
    new = (leader, place, {"starts_on": START, "ends_on": None, "task": ""})
    with pytest.raises(DomainError, match="已联系"):
        contact_points_write(actor=actor, new=[new])  # type: ignore[list-item]
    with pytest.raises(DomainError):
        contact_points_write(actor=actor, gone=[mine])
    with pytest.raises(NotAllowed):
        contact_points_write(actor=world.user("staff", "west"), gone=[mine])
    assert ContactPoint.objects.get().version == 1


def test_only_who_assigns_contact_points_gets_the_list(world: World) -> None:
    address = reverse("contact_import", args=[world.orgs["east"].pk])
    for role, at, status in (
        ("staff", "east", 200), ("office", "root", 200), ("staff", "west", 404), ("secretary", "east_one", 404),
        ("leader", "east", 404),
    ):  # fmt: skip
        assert signed_in(world.user(role, at)).get(address).status_code == status, (role, at)
    assert address in signed_in(world.user("staff", "east")).get(reverse("contact_list")).content.decode()
    assert (
        "/contacts/lists/"
        not in signed_in(world.user("secretary", "east_one")).get(reverse("contact_list")).content.decode()
    )


def test_storing_costs_the_same_for_one_and_for_three(world: World) -> None:
    actor = world.user("staff", "east")
    assert actor.grants

    def cost(*leaders: int) -> tuple[int, int]:
        branch = world.orgs["east_one"].name
        numbers = [world.members["east_two"][leader].personnel_no for leader in leaders]
        rows = [f"{branch},{number},{clock.today()}" for number in numbers]
        content = "\n".join(["党组织,人员编号,开始日期", *rows]).encode()
        place = world.orgs["east"].pk
        with CaptureQueriesContext(connection) as sending:
            sent = list_send(kind=CONTACT_LIST, place=place, actor=actor, content=content, file_name="x.csv")
        with CaptureQueriesContext(connection) as storing:
            list_store(sent=sent, actor=actor)
        assert len(sent.problems) == 0
        return len(sending), len(storing)

    assert cost(0) == cost(1, 2, 3)
    assert ContactPoint.objects.count() == 4
