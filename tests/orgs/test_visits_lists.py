"""Visits by workbook: they go out with an empty row for the next one, are changed and added to, and come back whole or not at
all."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed
from campaign.lists.models import SentState
from campaign.lists.services import list_send, list_store
from orgs.contacts import visits_root
from orgs.importers.visits import VISIT_LIST
from orgs.models import ContactPoint, ContactVisit, Member
from orgs.services.contacts import (
    contact_point_end,
    contact_points_assign,
    contact_visit_record,
    contact_visits_write,
)
from tests.lists.case import Book, codes, signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
START, FEBRUARY, MARCH = dt.date(2026, 1, 1), dt.date(2026, 2, 3), dt.date(2026, 3, 4)
VALUES: Any = {"mode": "site", "summary": "看了班前会", "problems": "记录不全", "follow_up": ""}
LEADER = "member@east_one"


def point(world: World, at: str, leader: Member | None = None) -> ContactPoint:
    """A contact point of a member of the cast, unless told."""
    whose = leader or world.users[LEADER].member
    assert whose is not None
    (made,) = contact_points_assign(actor=None, leader=whose, organizations=[world.orgs[at]], starts_on=START)
    return made


def visit(made: ContactPoint, day: dt.date = FEBRUARY) -> ContactVisit:
    return contact_visit_record(actor=None, point=made, **{**VALUES, "visited_on": day})


def test_a_leader_fills_in_the_visits_and_changes_what_became_of_them(world: World) -> None:
    mine = visit(point(world, "east_one"))
    far, other = point(world, "west_one"), point(world, "east_two", world.members["east_two"][2])
    leader = world.users[LEADER]
    book = Book(signed_in(leader), "contact_visit_import", world.orgs["root"].pk)
    assert len(book.rows) == 3, "one visit, and a row for each contact point of one's own"
    row = book.row(联系情况="看了班前会")
    assert (book.at(row, "联系方式"), book.at(row, "联系日期").date()) == ("基层走访", FEBRUARY)
    book.write(row, 办理结果="已补齐", 反映的问题="—")
    empty = book.row(党组织=world.orgs["west_one"].name)
    book.write(empty, 联系日期=MARCH, 联系方式="座谈", 联系情况="谈了班组建设")
    copied = {heading: book.at(empty, heading) for heading in ("党组织", "联系领导", "人员编号", "行标识")}
    book.add(**copied, 联系日期=dt.date(2026, 4, 5), 联系方式="讲党课", 联系情况="讲了一课")
    sent, page = book.send()
    plan = page.context["plan"]
    assert (codes(sent), len(plan.new), len(plan.changed)) == ([], 2, 1)
    assert ContactVisit.objects.count() == 1, "nothing is stored yet"
    book.store(sent)
    mine.refresh_from_db()
    assert (mine.problems, mine.follow_up, mine.version) == ("", "已补齐", 2)
    assert sorted(far.visits.values_list("mode", "recorded_by")) == [("lecture", leader.pk), ("talk", leader.pk)]
    assert not other.visits.exists()
    actions = AuditEntry.objects.filter(actor=leader, action__startswith="contact_visit").values_list(
        "action", flat=True
    )
    assert sorted(actions) == ["contact_visit_record", "contact_visit_record", "contact_visit_update"]
    far.visits.filter(mode="lecture").update(summary="后来改过")
    assert "1" in book.undo(sent).content.decode()
    mine.refresh_from_db()
    assert (mine.problems, mine.follow_up) == ("记录不全", "")
    assert far.visits.get().summary == "后来改过", "somebody went on from it"
    removed = AuditEntry.objects.get(action="contact_visit_remove")
    assert (removed.target_type, bool(removed.reason)) == ("orgs.contactpoint", True)


def test_rows_of_ones_own_find_their_contact_point_and_are_not_recorded_twice(world: World) -> None:
    ended, leader = point(world, "east_one"), world.users[LEADER].member
    assert leader is not None
    contact_point_end(actor=None, point=ended, ends_on=dt.date(2026, 2, 28))
    now = ContactPoint.objects.create(leader=leader, organization=world.orgs["east_one"], starts_on=dt.date(2026, 3, 1))
    client, place = signed_in(world.user("staff", "east")), world.orgs["east_one"].name

    def filled() -> Book:
        book = Book(client, "contact_visit_import", world.orgs["east"].pk)
        for day in (FEBRUARY, MARCH):
            book.add(
                党组织=place, 联系领导=leader.name, 人员编号=leader.personnel_no, 联系日期=day, 联系方式="查阅资料",
                联系情况="看了台账",
            )  # fmt: skip
        return book

    book = filled()
    sent, _page = book.send()
    book.store(sent)
    assert (ended.visits.get().visited_on, now.visits.get().visited_on) == (FEBRUARY, MARCH)
    again, _page = filled().send()
    assert set(codes(again)) == {"visit.recorded"}


def test_what_is_wrong_is_told_by_cell_and_nothing_is_stored(world: World) -> None:
    made = visit(point(world, "east_one"))
    client, leader = signed_in(world.user("staff", "east")), world.members["east_two"][2]
    book = Book(client, "contact_visit_import", world.orgs["east"].pk)
    book.write(book.row(联系情况="看了班前会"), 联系日期=dt.date(2025, 12, 31))
    empty = [row for row in book.rows if not book.at(row, "联系日期")]
    book.write(empty[0], 联系日期=MARCH, 联系方式="座谈")
    for place, number, mode in (
        (world.orgs["east_one"].name, leader.personnel_no, "座谈"),
        (world.orgs["west_one"].name, leader.personnel_no, "座谈"),
        (world.orgs["east_one"].name, leader.personnel_no, "喝茶"),
    ):
        book.add(党组织=place, 人员编号=number, 联系日期=MARCH, 联系方式=mode, 联系情况="谈话")
    sent, _page = book.send()
    assert sent.state == SentState.REJECTED
    assert set(codes(sent)) == {"visit.outside", "list.needed", "list.nobody", "choice.unknown"}
    book.store(sent)
    assert ContactVisit.objects.get().visited_on == made.visited_on
    tomorrow = clock.today() + dt.timedelta(days=1)
    late = Book(client, "contact_visit_import", world.orgs["east"].pk)
    late.write(late.row(联系情况="看了班前会"), 联系日期=tomorrow)
    assert codes(late.send()[0]) == ["date.future"]


def test_rules_hold_for_the_service_too(world: World) -> None:
    made = visit(point(world, "east_one"))
    actor = world.user("staff", "east")
    early: Any = {**VALUES, "visited_on": dt.date(2025, 12, 31)}
    late: Any = {**VALUES, "visited_on": clock.today() + dt.timedelta(days=1)}
    for given in ({"new": [(made.contact_point, early)]}, {"changed": [(made, late)]}):
        with pytest.raises(DomainError):
            contact_visits_write(actor=actor, **given)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed):
        contact_visits_write(actor=world.user("staff", "west"), gone=[made])
    with pytest.raises(NotAllowed):
        contact_visits_write(
            actor=world.user("secretary", "east_two"), new=[(made.contact_point, {**VALUES, "visited_on": MARCH})]
        )
    assert ContactVisit.objects.get().version == 1


def test_each_gets_the_list_of_what_is_theirs_to_record(world: World) -> None:
    point(world, "east_one")
    address = reverse("contact_visit_import", args=[world.orgs["root"].pk])
    for role, at, status in (("member", "east_one", 200), ("office", "root", 200), ("member", "west_one", 404)):
        assert signed_in(world.user(role, at)).get(address).status_code == status, (role, at)
    assert visits_root(world.users[LEADER]) == world.orgs["root"]
    assert visits_root(world.user("staff", "east")) == world.orgs["east"]
    assert visits_root(world.user("member", "west_one")) is None
    assert address in signed_in(world.users[LEADER]).get(reverse("contact_mine")).content.decode()


def test_storing_costs_the_same_for_one_and_for_three(world: World) -> None:
    actor, made = world.user("staff", "east"), point(world, "east_one")
    assert actor.grants

    def cost(*days: int) -> tuple[int, int]:
        row = f"{made.organization.name},{made.leader.personnel_no}"
        rows = [f"{row},2026-05-{day:02},查阅资料,看了台账" for day in days]
        content = "\n".join(["党组织,人员编号,联系日期,联系方式,联系情况", *rows]).encode()
        place = world.orgs["east"].pk
        with CaptureQueriesContext(connection) as sending:
            sent = list_send(kind=VISIT_LIST, place=place, actor=actor, content=content, file_name="x.csv")
        with CaptureQueriesContext(connection) as storing:
            list_store(sent=sent, actor=actor)
        assert len(sent.problems) == 0
        return len(sending), len(storing)

    assert cost(1) == cost(2, 3, 4)
    assert ContactVisit.objects.count() == 4
