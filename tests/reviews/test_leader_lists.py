"""Leader reviews by workbook: out, edited, back; previewed, stored whole or not at all, taken back."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.lists.models import SentList, SentState
from campaign.lists.services import list_send, list_store, lists_expire
from campaign.models import Campaign
from reviews.importers.leader import REVIEWS
from reviews.models import LeaderReview, ReviewState
from reviews.services import leader_review_discard, leader_review_submit, leader_review_update
from tests.lists.case import Book, codes, signed_in
from tests.reviews.leader_case import DAY, NOON, draft, reviewed
from tests.world import World

TEXTS = {"肯定成绩": "安全生产四百天\n无一差错", "存在问题": "学习记录不全", "努力方向": "六月底前补齐"}
FULL = {"点评方式": "现场点评", "点评日期": DAY, **TEXTS}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def campaign(world: World) -> Campaign:
    return world.campaign()


@pytest.fixture
def secretary(world: World, campaign: Campaign) -> Client:
    return signed_in(world.user("secretary", "east_one"))


def taken_out(client: Client, world: World, place: str = "east_one") -> Book:
    return Book(client, "review_import", world.orgs[place].pk)


def test_it_goes_out_is_filled_in_and_becomes_drafts(world: World, campaign: Campaign, secretary: Client) -> None:
    me = world.user("secretary", "east_one")
    handed_over, begun, free = world.members["east_one"][1:4]
    reviewed(me, campaign, handed_over)
    mine = draft(me, campaign, begun, achievements="第一段\n第二段", problems="=1+1")
    book = taken_out(secretary, world)
    names = [book.at(number, "姓名") for number in book.rows]
    assert begun.name in names
    assert free.name in names
    assert handed_over.name not in names, "reviewed in this half-year already"
    assert world.members["east_one"][0].name not in names, "nobody reviews oneself"
    assert book.at(book.row(姓名=begun.name), "存在问题") == "=1+1"
    assert book.sheet.cell(book.row(姓名=begun.name), book.columns["存在问题"]).data_type == "s"

    book.write(book.row(姓名=free.name), **FULL)
    book.write(book.row(姓名=begun.name), 努力方向="—", 存在问题="台账不全")
    sent, page = book.send()
    shown = page.content.decode()
    assert (sent.state, len(page.context["plan"].new), len(page.context["plan"].changed)) == (SentState.CHECKED, 1, 1)
    assert "学习记录不全" in shown
    assert "<del>=1+1</del>" in shown
    assert LeaderReview.objects.count() == 2, "nothing is stored yet"

    assert "2" in book.store(sent).content.decode()
    mine.refresh_from_db()
    assert (mine.achievements, mine.problems, mine.direction) == ("第一段\n第二段", "台账不全", "")
    assert mine.version == 2
    made = LeaderReview.objects.get(member=free)
    assert (made.state, made.held_on, made.achievements) == (ReviewState.DRAFT, DAY, TEXTS["肯定成绩"])
    assert (made.reviewer, made.reviewing_organization, made.period.code) == (me, world.orgs["east_one"], "2026H1")
    assert list(
        AuditEntry.objects.filter(action__startswith="leader_review", target_id__in=[str(made.pk), str(mine.pk)])
        .order_by("pk")
        .values_list("action", flat=True)
    ) == ["leader_review_create", "leader_review_create", "leader_review_update"]
    assert leader_review_submit(review=made, actor=me).state == ReviewState.SUBMITTED


def test_a_workbook_that_nobody_edited_changes_nothing(world: World, campaign: Campaign, secretary: Client) -> None:
    """Two hundred odd texts go out and come back; what was written meanwhile stands."""
    me = world.user("secretary", "east_one")
    odd = (
        "同上",
        " 前后有空 ",
        "—",
        "行一\r\n行二\n\n行四",
        "0012",
        "1e5",
        "2026-01-02",
        "'引号",
        "注：不是注",
        "合计",
        "\t制表",
    )
    mine = [
        draft(me, campaign, member, achievements=text, problems=text)
        for member, text in zip(world.members["east_one"][1:], odd, strict=False)
    ]
    book = taken_out(secretary, world)
    leader_review_update(
        review=mine[0],
        version=1,
        actor=me,
        mode=mine[0].mode,
        held_on=DAY,
        achievements="后来写的",
        problems="",
        direction="",
    )
    sent, page = book.send()
    assert (codes(sent), page.context["plan"].lines) == ([], [])
    assert page.context["plan"].unchanged == len(mine)
    mine[0].refresh_from_db()
    assert mine[0].achievements == "后来写的"


def test_a_leader_reviews_organizations(world: World, campaign: Campaign) -> None:
    client = signed_in(world.user("leader", "east"))
    book = taken_out(client, world, "east")
    number = book.row(党组织=world.orgs["east_one"].name)
    assert not book.at(number, "姓名")
    book.write(number, **FULL)
    sent, _page = book.send()
    book.store(sent)
    made = LeaderReview.objects.get()
    assert (made.organization, made.member) == (world.orgs["east_one"], None)
    assert "review_choose" not in client.get(reverse("review_choose")).content.decode()
    assert (
        reverse("review_import", args=[world.orgs["east"].pk]) in client.get(reverse("review_choose")).content.decode()
    )


def test_mistakes_are_told_by_cell_and_nothing_is_stored(world: World, campaign: Campaign, secretary: Client) -> None:
    one, two, three, four = world.members["east_one"][1:5]
    foreign = world.members["east_two"][1]
    book = taken_out(secretary, world)
    book.write(book.row(姓名=one.name), **FULL)
    book.write(book.row(姓名=two.name), **{**FULL, "点评方式": "电话", "肯定成绩": "长" * 2001})
    book.write(book.row(姓名=three.name), **{**FULL, "点评日期": dt.date(2025, 12, 31)})
    book.write(book.row(姓名=four.name), 肯定成绩="没有方式和日期")
    book.add(党组织=foreign.organization.name, 姓名=foreign.name, **FULL)
    sent, page = book.send()
    assert sent.state == SentState.REJECTED
    assert sorted(codes(sent)) == sorted(
        ["choice.unknown", "text.too_long", "review.outside_the_campaign", "list.needed", "list.needed", "list.nobody"]
    )
    shown = page.content.decode()
    assert "点评方式" in shown
    assert "一行也没有入库" in shown
    answer: Any = secretary.get(reverse("review_import_annotated", args=[sent.pk]))
    assert b"".join(answer.streaming_content).startswith(b"PK")
    assert "人" in book.store(sent).content.decode()
    assert not LeaderReview.objects.exists()


def test_rows_of_others_are_refused_whatever_their_mark_says(
    world: World, campaign: Campaign, secretary: Client
) -> None:
    other = taken_out(signed_in(world.user("secretary", "east_two")), world, "east_two")
    foreign = world.members["east_two"][1]
    mark = other.at(other.row(姓名=foreign.name), "行标识")
    book = taken_out(secretary, world)
    one, two = world.members["east_one"][1:3]
    book.write(book.row(姓名=one.name), 行标识=mark, **FULL)
    book.write(book.row(姓名=two.name), 行标识="m1:nothing", **FULL)
    sent, _page = book.send()
    assert sorted(codes(sent)) == ["list.mark_unknown", "list.not_of_the_list"]
    slipped = taken_out(secretary, world)
    slipped.write(slipped.row(姓名=one.name), 行标识=slipped.at(slipped.row(姓名=two.name), "行标识"), **FULL)
    assert sorted(codes(slipped.send()[0])) == ["list.other_row", "list.twice"] or "list.other_row" in codes(
        slipped.send()[0]
    )


def test_what_was_changed_since_is_never_written_over(world: World, campaign: Campaign, secretary: Client) -> None:
    me = world.user("secretary", "east_one")
    mine = draft(me, campaign, world.members["east_one"][1])
    book = taken_out(secretary, world)
    book.write(book.row(姓名=mine.subject_name), 存在问题="表里写的")
    leader_review_update(
        review=mine,
        version=1,
        actor=me,
        mode=mine.mode,
        held_on=DAY,
        achievements="a",
        problems="页面上写的",
        direction="",
    )
    sent, _page = book.send()
    assert codes(sent) == ["list.changed_since"]
    unmarked = taken_out(secretary, world)
    unmarked.write(unmarked.row(姓名=mine.subject_name), 存在问题="表里写的", 行标识="")
    assert codes(unmarked.send()[0]) == ["list.mark_missing"]
    mine.refresh_from_db()
    assert mine.problems == "页面上写的"


def test_what_changes_between_looking_and_storing_is_looked_at_again(
    world: World, campaign: Campaign, secretary: Client
) -> None:
    me = world.user("secretary", "east_one")
    member = world.members["east_one"][1]
    book = taken_out(secretary, world)
    book.write(book.row(姓名=member.name), **FULL)
    sent, _page = book.send()
    mine = draft(me, campaign, member, achievements="同时写的")
    with pytest.raises(DomainError):
        list_store(sent=sent, actor=me)
    sent.refresh_from_db()
    assert (sent.state, codes(sent)) == (SentState.REJECTED, ["list.changed_since"])
    mine.refresh_from_db()
    assert mine.achievements == "同时写的"


def test_the_undo_takes_back_what_nobody_went_on_from(world: World, campaign: Campaign, secretary: Client) -> None:
    me = world.user("secretary", "east_one")
    begun, new, used = world.members["east_one"][1:4]
    mine = draft(me, campaign, begun, achievements="原来的\n两行")
    book = taken_out(secretary, world)
    book.write(book.row(姓名=begun.name), 肯定成绩="表里的", 点评方式="集中点评")
    for member in (new, used):
        book.write(book.row(姓名=member.name), **FULL)
    sent, _page = book.send()
    book.store(sent)
    leader_review_submit(review=LeaderReview.objects.get(member=used), actor=me)
    assert "1" in book.undo(sent).content.decode()
    mine.refresh_from_db()
    assert (mine.achievements, mine.mode, mine.held_on) == ("原来的\n两行", "onsite", DAY)
    assert not LeaderReview.objects.filter(member=new).exists()
    assert LeaderReview.objects.get(member=used).state == ReviewState.SUBMITTED
    sent.refresh_from_db()
    assert sent.state == SentState.UNDONE
    assert "<h1" in book.undo(sent).content.decode()


def test_storing_costs_the_same_for_one_and_for_three(world: World, campaign: Campaign, secretary: Client) -> None:
    me = world.user("secretary", "east_one")
    assert me.grants
    assert me.member

    def cost(count: int) -> tuple[int, int]:
        book = taken_out(secretary, world)
        for member in world.members["east_one"][1 : count + 1]:
            book.write(book.row(姓名=member.name), **FULL)
        with CaptureQueriesContext(connection) as sending:
            sent = list_send(
                kind=REVIEWS, place=world.orgs["east_one"].pk, actor=me, content=book.file().read(), file_name="x.xlsx"
            )
        with CaptureQueriesContext(connection) as storing:
            list_store(sent=sent, actor=me)
        for review in LeaderReview.objects.all():
            leader_review_discard(review=review, actor=me)
        return len(sending), len(storing)

    assert cost(1) == cost(3)


def test_only_who_writes_there_sends_and_only_who_sent_stores(
    world: World, campaign: Campaign, secretary: Client
) -> None:
    book = taken_out(secretary, world)
    book.write(book.row(姓名=world.members["east_one"][1].name), **FULL)
    sent, _page = book.send()
    for stranger in ("secretary@east_two", "leader@east", "staff@east", "member@east_one"):
        role, at = stranger.split("@")
        client = signed_in(world.user(role, at))
        assert client.post(reverse("review_import_store", args=[sent.pk])).status_code == 404
        assert client.get(reverse("review_import_detail", args=[sent.pk])).status_code == 404
    with pytest.raises(NotAllowed):
        list_send(
            kind=REVIEWS,
            place=world.orgs["east_two"].pk,
            actor=world.user("secretary", "east_one"),
            content=b"",
            file_name="",
        )
    assert not LeaderReview.objects.exists()
    stored = list_store(sent=sent, actor=world.user("secretary", "east_one"))
    with pytest.raises(StateConflict):
        list_store(sent=stored, actor=world.user("secretary", "east_one"))


def test_a_file_that_is_no_workbook_is_told(world: World, campaign: Campaign) -> None:
    me = world.user("secretary", "east_one")
    sent = list_send(
        kind=REVIEWS, place=world.orgs["east_one"].pk, actor=me, content=b"PK\x03\x04no", file_name="x.xlsx"
    )
    assert sent.state == SentState.REJECTED
    page = signed_in(me).get(reverse("review_import_detail", args=[sent.pk]))
    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()


def test_what_nobody_stores_goes_after_two_days(world: World, campaign: Campaign, secretary: Client) -> None:
    book = taken_out(secretary, world)
    book.write(book.row(姓名=world.members["east_one"][1].name), **FULL)
    sent, _page = book.send()
    with clock.at(NOON + dt.timedelta(days=1, hours=23)):
        assert lists_expire() == 0
    with clock.at(NOON + dt.timedelta(days=2, minutes=1)):
        assert lists_expire() == 1
    assert not SentList.objects.filter(pk=sent.pk).exists()
