"""Nominations by workbook: drafts go out, rows are added, everything comes back checked, whole or not at all."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from awards.importers import NOMINATION_LIST
from awards.models import AwardBatch, Nomination, NominationState
from awards.services import nomination_create, nomination_submit, nomination_update
from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError
from campaign.lists.models import SentState
from campaign.lists.services import list_send, list_store
from orgs.models import MembershipKind
from tests.awards.case import DEEDS, NOON, category, closed, nominated, opened
from tests.lists.case import Book, codes, signed_in
from tests.world import World

MEMBER, WORKER, PLACE = "优秀共产党员", "优秀党务工作者", "先进基层党组织"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def batch(world: World) -> AwardBatch:
    return opened(world, world.campaign())


@pytest.fixture
def secretary(world: World) -> Client:
    return signed_in(world.user("secretary", "east_one"))


def begun(world: World, batch: AwardBatch, place: int = 1, deeds: str = DEEDS) -> Nomination:
    return nomination_create(
        actor=world.user("secretary", "east_one"), category=category(batch), organization=world.orgs["east_one"],
        nominee=world.members["east_one"][place], deeds=deeds,
    )  # fmt: skip


def test_drafts_go_out_rows_are_added_and_all_come_back(world: World, batch: AwardBatch, secretary: Client) -> None:
    mine = begun(world, batch, deeds="=SUM(1)")
    other = begun(world, batch, 2)
    handed_in = nominated(world, batch, world.members["east_one"][3])
    branch, new = world.orgs["east_one"], world.members["east_one"][4]
    book = Book(secretary, "nomination_import", batch.pk)
    assert {book.at(number, "姓名") for number in book.rows} == {str(mine.member), str(other.member)}
    assert handed_in.nominee_name not in str([book.at(number, "姓名") for number in book.rows])
    book.write(book.row(姓名=mine.nominee_name), 先进事迹="改过的事迹\n第二段")
    book.add(奖项=MEMBER, 党组织=branch.name, 姓名=new.name, 人员编号=new.personnel_no, 先进事迹="新的事迹")
    book.add(奖项=PLACE, 党组织=branch.name, 先进事迹="支部事迹")
    sent, page = book.send()
    plan = page.context["plan"]
    assert (codes(sent), len(plan.new), len(plan.changed), plan.unchanged) == ([], 2, 1, 1)
    assert "<del>=SUM(1)</del>" in page.content.decode()
    assert Nomination.objects.count() == 3, "nothing is stored yet"
    book.store(sent)
    mine.refresh_from_db()
    assert (mine.deeds, mine.version) == ("改过的事迹\n第二段", 2)
    made = Nomination.objects.get(member=new)
    assert (made.state, made.organization, made.snapshot["name"]) == (NominationState.DRAFT, branch, new.name)
    unit = Nomination.objects.get(nominee_organization=branch, member=None)
    assert unit.snapshot["members"] == len(world.members["east_one"])
    actions = (
        AuditEntry.objects.filter(action__startswith="nomination_").order_by("pk").values_list("action", flat=True)
    )
    assert list(actions)[-3:] == ["nomination_create", "nomination_create", "nomination_update"]
    nomination_submit(nomination=made, actor=world.user("secretary", "east_one"))
    assert "1" in book.undo(sent).content.decode()
    mine.refresh_from_db()
    unit.refresh_from_db()
    made.refresh_from_db()
    assert (mine.deeds, unit.state, made.state) == ("=SUM(1)", NominationState.WITHDRAWN, NominationState.NOMINATED)


def test_what_is_wrong_is_told_by_cell_and_nothing_is_stored(
    world: World, batch: AwardBatch, secretary: Client
) -> None:
    mine = begun(world, batch)
    stands = nominated(world, batch, world.members["east_one"][2]).nominee_name
    probation, good = world.members["east_one"][3], world.members["east_one"][4]
    type(probation).objects.filter(pk=probation.pk).update(kind=MembershipKind.PROBATIONARY)
    foreign, branch = world.members["east_two"][1], world.orgs["east_one"].name
    book = Book(secretary, "nomination_import", batch.pk)
    for name, kind, deeds in (
        (stands, MEMBER, "事迹"), (probation.name, MEMBER, "事迹"), (good.name, "劳动模范", "事迹"),
        (good.name, MEMBER, "长" * 2001), (mine.nominee_name, MEMBER, "没有行标识"),
    ):  # fmt: skip
        book.add(奖项=kind, 党组织=branch, 姓名=name, 先进事迹=deeds)
    book.add(奖项=MEMBER, 党组织=foreign.organization.name, 姓名=foreign.name, 先进事迹="别人的")
    sent, _page = book.send()
    assert sent.state == SentState.REJECTED
    assert set(codes(sent)) == {
        "nomination.stands_already", "nomination.not_fit", "nomination.category_unknown", "text.too_long", "list.copied",
        "list.nobody",
    }  # fmt: skip
    book.store(sent)
    assert Nomination.objects.count() == 2


def test_what_changed_since_is_not_written_over(world: World, batch: AwardBatch, secretary: Client) -> None:
    mine = begun(world, batch)
    book = Book(secretary, "nomination_import", batch.pk)
    book.write(book.row(姓名=mine.nominee_name), 先进事迹="表里的")
    good, _page = book.send()
    actor = world.user("secretary", "east_one")
    nomination_update(nomination=mine, version=1, actor=actor, deeds="页面上的")
    with pytest.raises(DomainError):
        list_store(sent=good, actor=actor)
    good.refresh_from_db()
    assert codes(good) == ["list.changed_since"]
    nomination_submit(nomination=mine, actor=actor)
    assert codes(book.send()[0]) == ["list.not_of_the_list"]
    mine.refresh_from_db()
    assert mine.deeds == "页面上的"


def test_rows_of_another_branch_are_refused(world: World, batch: AwardBatch, secretary: Client) -> None:
    mine = begun(world, batch)
    stranger = Book(signed_in(world.user("secretary", "east_two")), "nomination_import", batch.pk)
    assert stranger.rows == []
    own = Book(secretary, "nomination_import", batch.pk)
    number = own.row(姓名=mine.nominee_name)
    stranger.add(
        奖项=MEMBER,
        党组织=own.at(number, "党组织"),
        姓名=mine.nominee_name,
        先进事迹="改别人的",
        行标识=own.at(number, "行标识"),
    )
    assert codes(stranger.send()[0]) == ["list.not_of_the_list"]
    assert (
        signed_in(world.user("member", "east_one")).get(reverse("nomination_import", args=[batch.pk])).status_code
        == 404
    )
    assert closed(world, batch).state == "closed"
    told = secretary.get(reverse("nomination_import", args=[batch.pk]), follow=True)
    assert "不接受推荐" in told.content.decode()
    with pytest.raises(DomainError):
        list_send(
            kind=NOMINATION_LIST, place=batch.pk, actor=world.user("secretary", "east_one"), content=b"", file_name=""
        )


def test_storing_costs_the_same_for_one_and_for_three(world: World, batch: AwardBatch) -> None:
    actor = world.user("secretary", "east_one")
    assert actor.grants
    branch = world.orgs["east_one"].name

    def cost(first: int, last: int) -> tuple[int, int]:
        rows = [f"{MEMBER},{branch},{each.name},事迹" for each in world.members["east_one"][first:last]]
        content = "\n".join(["奖项,党组织,姓名,先进事迹", *rows]).encode()
        with CaptureQueriesContext(connection) as sending:
            sent = list_send(kind=NOMINATION_LIST, place=batch.pk, actor=actor, content=content, file_name="x.csv")
        with CaptureQueriesContext(connection) as storing:
            list_store(sent=sent, actor=actor)
        assert len(sent.problems) == 0
        return len(sending), len(storing)

    assert cost(1, 2) == cost(2, 5)
    assert Nomination.objects.count() == 4
