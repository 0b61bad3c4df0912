"""Leading groups and offices by workbook: they go out, pass on, are added to, and come back whole or not at all."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common.errors import DomainError, NotAllowed
from campaign.lists.models import SentState
from campaign.lists.services import list_send, list_store
from orgs.importers.leadership import LEADERSHIP_LIST
from orgs.models import LeadershipFunction, LeadershipPost, Organization
from orgs.services.leadership import leadership_appoint, leadership_posts_write
from tests.lists.case import Book, codes, signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
HEAD, MEMBER = LeadershipFunction.GROUP_HEAD, LeadershipFunction.GROUP_MEMBER
START = dt.date(2026, 1, 1)
LAST = dt.date(2026, 5, 31)


@pytest.fixture
def staff(world: World) -> Client:
    return signed_in(world.user("staff", "east"))


def held(world: World, function: str, name: str, at: str = "east", **given: Any) -> LeadershipPost:
    return leadership_appoint(
        actor=None, organization=world.orgs[at], function=function, name=name, starts_on=START, **given
    )


def test_a_holder_passes_on_and_others_are_added_by_one_workbook(world: World, staff: Client) -> None:
    former, deputy = held(world, HEAD, "钱部长", duty="部长"), held(world, MEMBER, "孙处长")
    held(world, HEAD, "外单位", at="west")
    east, one, follower = world.orgs["east"], world.orgs["east_one"], world.members["east_one"][0]
    book = Book(staff, "leadership_import", east.pk)
    assert len(book.rows) == 2, "nothing of other places"
    head = book.row(姓名="钱部长")
    assert (book.at(head, "职责"), book.at(head, "职务")) == ("领导小组组长", "部长")
    book.write(head, 结束日期=LAST)
    book.write(book.row(姓名="孙处长"), 职务="处长")
    book.add(党组织=east.name, 职责="组长", 人员编号=follower.personnel_no, 开始日期=dt.date(2026, 6, 1))
    book.add(党组织=one.name, 职责="办公室成员", 姓名="不在册", 职务="干事", 开始日期=START)
    sent, page = book.send()
    plan = page.context["plan"]
    assert (codes(sent), len(plan.new), len(plan.changed)) == ([], 2, 2)
    assert LeadershipPost.objects.count() == 3, "nothing is stored yet"
    book.store(sent)
    former.refresh_from_db()
    deputy.refresh_from_db()
    now = LeadershipPost.objects.get(organization=east, function=HEAD, ends_on=None)
    office = LeadershipPost.objects.get(organization=one)
    assert (former.ends_on, former.version, deputy.duty) == (LAST, 2, "处长")
    assert (now.member, now.name, now.duty) == (follower, follower.name, follower.get_party_post_display())
    assert (office.member, office.name, office.duty) == (None, "不在册", "干事")
    actions = (
        AuditEntry.objects.filter(action__startswith="leadership_").order_by("-pk").values_list("action", flat=True)
    )
    assert sorted(actions[:4]) == ["leadership_appoint", "leadership_appoint", "leadership_end", "leadership_update"]
    assert "4" in book.undo(sent).content.decode()
    former.refresh_from_db()
    deputy.refresh_from_db()
    assert (former.ends_on, deputy.duty) == (None, "")
    assert LeadershipPost.objects.count() == 3
    assert AuditEntry.objects.filter(action="leadership_remove").count() == 2


def test_an_unedited_workbook_and_blank_cells_leave_all_and_a_dash_empties(world: World, staff: Client) -> None:
    post = held(world, HEAD, "钱部长", duty="部长")
    book = Book(staff, "leadership_import", world.orgs["east"].pk)
    row = book.row(姓名="钱部长")
    book.write(row, 职务=None, 开始日期=None)
    sent, page = book.send()
    assert (codes(sent), page.context["plan"].lines, page.context["plan"].unchanged) == ([], [], 1)
    book.write(row, 职务="—")
    sent, _page = book.send()
    book.store(sent)
    post.refresh_from_db()
    assert (post.duty, post.starts_on) == ("", START)


def test_what_is_wrong_is_told_by_cell_and_nothing_is_stored(world: World, staff: Client) -> None:
    held(world, HEAD, "钱部长")
    held(world, MEMBER, "孙处长")
    east, member = world.orgs["east"].name, world.members["east_one"][0]
    twin = world.members["east_two"][0]
    type(twin).objects.filter(pk=twin.pk).update(name=member.name)
    book = Book(staff, "leadership_import", world.orgs["east"].pk)
    for place, function, name, number, begin, end in (
        (east, "组长", "李部长", "", START, None),  # the former has no last day
        (east, "领导小组成员", "孙处长", "", START, None),  # holds it already
        (east, "书记", "李部长", "", START, None),
        (east, "副组长", member.name, "", START, None),  # two are called so
        (east, "副组长", "", "没有这个号", START, None),
        (east, "副组长", "", "", START, None),
        (world.orgs["west"].name, "副组长", "李部长", "", START, None),
        (east, "副组长", "李部长", "", None, None),
        (east, "副组长", "周部长", "", START, dt.date(2025, 12, 31)),
    ):
        book.add(党组织=place, 职责=function, 姓名=name, 人员编号=number, 开始日期=begin, 结束日期=end)
    sent, _page = book.send()
    assert sent.state == SentState.REJECTED
    assert set(codes(sent)) == {
        "leadership.other_holder", "leadership.held", "choice.unknown", "leadership.namesakes", "list.nobody",
        "leadership.no_name", "list.needed", "leadership.span",
    }  # fmt: skip
    book.store(sent)
    assert LeadershipPost.objects.count() == 2


def test_rules_hold_for_the_service_too(world: World) -> None:
    mine, actor, east = held(world, HEAD, "钱部长"), world.user("staff", "east"), world.orgs["east"]
    values: Any = {"duty": "", "starts_on": START, "ends_on": None}

    def new(name: str = "李部长", function: str = HEAD, at: Organization = east) -> LeadershipPost:
        return LeadershipPost(organization=at, function=function, name=name)

    twice = [(new("孙处长", MEMBER), values), (new("孙处长", MEMBER), values)]
    idle = world.orgs["east_two"]
    Organization.objects.filter(pk=idle.pk).update(is_active=False)
    for given in (
        {"new": [(new(), values)]},
        {"new": twice},
        {"new": [(new("", MEMBER), values)]},
        {"new": [(new(function=MEMBER, at=idle), values)]},
        {"changed": [(LeadershipPost.objects.get(), {**values, "ends_on": dt.date(2025, 1, 1)})]},
    ):
        with pytest.raises(DomainError):
            leadership_posts_write(actor=actor, **given)
    hidden = LeadershipPost(organization=east, function=MEMBER, member=world.members["west_one"][0])
    with pytest.raises(NotAllowed):
        leadership_posts_write(actor=actor, new=[(hidden, values)])
    with pytest.raises(NotAllowed):
        leadership_posts_write(actor=world.user("staff", "west"), gone=[mine])
    assert LeadershipPost.objects.get().version == 1


def test_only_who_keeps_leading_groups_gets_the_list(world: World) -> None:
    east = world.orgs["east"].pk
    address = reverse("leadership_import", args=[east])
    for role, at, status in (
        ("staff", "east", 200), ("office", "root", 200), ("staff", "west", 404), ("secretary", "east_one", 404),
    ):  # fmt: skip
        assert signed_in(world.user(role, at)).get(address).status_code == status, (role, at)
    for page in ("leadership_detail", "leadership_list"):
        assert address in signed_in(world.user("staff", "east")).get(reverse(page, args=[east])).content.decode()
    own = reverse("leadership_list", args=[east])
    assert address not in signed_in(world.user("leader", "root")).get(own).content.decode()


def test_storing_costs_the_same_for_one_and_for_three(world: World) -> None:
    actor = world.user("staff", "east")
    assert actor.grants

    def cost(*members: int) -> tuple[int, int]:
        branch = world.orgs["east_one"].name
        numbers = [world.members["east_two"][member].personnel_no for member in members]
        rows = [f"{branch},领导小组成员,,{number},2026-01-01" for number in numbers]
        content = "\n".join(["党组织,职责,姓名,人员编号,开始日期", *rows]).encode()
        place = world.orgs["east"].pk
        with CaptureQueriesContext(connection) as sending:
            sent = list_send(kind=LEADERSHIP_LIST, place=place, actor=actor, content=content, file_name="x.csv")
        with CaptureQueriesContext(connection) as storing:
            list_store(sent=sent, actor=actor)
        assert len(sent.problems) == 0
        return len(sending), len(storing)

    assert cost(0) == cost(1, 2, 3)
    assert LeadershipPost.objects.count() == 4
