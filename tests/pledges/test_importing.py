"""承诺 by workbook: the template, what is refused, drafts in a constant number of statements, the undo, handing in at once."""

import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from model_bakery import baker

from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.lists.models import SentList, SentState
from campaign.lists.services import list_send, list_store, list_undo, lists_expire
from campaign.models import Campaign
from pledges import services
from pledges.importers import PLEDGE_LIST
from pledges.models import Pledge, PledgeItem, PledgeState
from pledges.selectors import queue_for
from pledges.services.summarizing import summaries_refresh
from pledges.statistics import level_of
from tests.lists.case import Book, codes
from tests.pledges.conftest import NOW, item, submitted, write
from tests.world import World

Browser = Callable[[str], Client]
HEAD = ("姓名", "人员编号", "承诺类别", "承诺事项", "衡量标准", "现状基数", "完成时限", "服务的生产任务")


def workbook(*rows: tuple[Any, ...]) -> bytes:
    book, target = openpyxl.Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    for row in (HEAD, *rows):
        sheet.append(row)
    book.save(target)
    return target.getvalue()


def row(name: str, text: str, number: str = "", **more: Any) -> tuple[Any, ...]:
    given: dict[str, Any] = {"kind": "岗位", "target": "十二次", "due_on": dt.date(2026, 6, 30), **more}
    return name, number, given["kind"], text, given["target"], "", given["due_on"], ""


def upload(world: World, *rows: tuple[Any, ...], by: str = "secretary") -> SentList:
    place, actor = world.orgs["east_one"].pk, world.user(by, "east_one")
    return list_send(kind=PLEDGE_LIST, place=place, actor=actor, content=workbook(*rows), file_name="承诺.xlsx")


def taken_out(world: World, browser: Browser) -> Book:
    return Book(browser("secretary@east_one"), "pledge_import", world.orgs["east_one"].pk)


def test_the_template_comes_back_filled(world: World, campaign: Campaign, browser: Browser) -> None:
    exempt, handed_in = world.members["east_one"][4], submitted(world, campaign, "member@east_one")
    exempt.is_exempt = True
    exempt.save()
    book = taken_out(world, browser)
    names = [book.at(number, "姓名") for number in book.rows]
    assert "王立新" in names
    assert exempt.name not in names
    assert handed_in.subject_name not in names

    book.write(book.row(姓名="王立新"), 承诺事项="每月查一次隐患", 衡量标准="12 次", 完成时限=dt.date(2026, 6, 30))
    sent, page = book.send()
    assert "每月查一次隐患" in page.content.decode()
    assert Pledge.objects.count() == 1  # nothing is stored yet
    stored = book.store(sent).content.decode()
    made = Pledge.objects.get(member__name="王立新", organization=world.orgs["east_one"])
    assert (made.state, made.items.get().text) == (PledgeState.DRAFT, "每月查一次隐患")
    hand_in = reverse("drafts_submit", args=[world.orgs["east_one"].pk])
    assert hand_in in stored
    book.client.post(hand_in)
    made.refresh_from_db()
    assert made.state == PledgeState.SUBMITTED
    assert made.reviewing_organization == world.orgs["east"]  # who handed it in does not review it
    assert made not in queue_for(world.user("secretary", "east_one"))


def test_mistakes_are_told_and_nothing_is_stored(world: World, campaign: Campaign, browser: Browser) -> None:
    submitted(world, campaign, "member@east_one")
    sent = upload(
        world,
        row("无此人", "好好干"),
        row("李秀英", "已经提交"),
        *(row("王立新", f"第{number}项") for number in range(4)),
        row("赵春梅", "长" * 201),
        row("孙志强", "没有时限", due_on=None, target=""),
        row("周小红", ""),
    )
    assert sent.state == SentState.REJECTED
    assert codes(sent) == [
        "pledge.member_unknown", "pledge.handed_in", "pledge.too_many_items", "text.too_long", "pledge.incomplete",
        "pledge.incomplete", "pledge.nothing_promised",
    ]  # fmt: skip
    with pytest.raises(StateConflict):
        list_store(sent=sent, actor=world.user("secretary", "east_one"))
    assert Pledge.objects.count() == 1
    answer = browser("secretary@east_one").get(reverse("pledge_import_annotated", args=[sent.pk]))
    marked = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    assert any("已经提交" in str(cell.value) for sheet in marked for line in sheet.iter_rows() for cell in line)


def test_a_file_that_is_no_workbook_is_told(world: World, campaign: Campaign) -> None:
    place, actor = world.orgs["east_one"].pk, world.user("secretary", "east_one")
    sent = list_send(kind=PLEDGE_LIST, place=place, actor=actor, content=b"PK\x03\x04broken", file_name="x.xlsx")
    assert sent.state == SentState.REJECTED


def test_a_table_without_what_is_promised_is_not_the_list(world: World, campaign: Campaign) -> None:
    place, actor = world.orgs["east_one"].pk, world.user("secretary", "east_one")
    said = "姓名,完成时限\n王立新,2026-06-30\n".encode()
    sent = list_send(kind=PLEDGE_LIST, place=place, actor=actor, content=said, file_name="x.csv")
    assert codes(sent) == ["table.column_missing"]


def test_drafts_are_added_to_and_read_as_before_with_the_undo(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    draft = write(world, campaign, "member@east_one", item("原来的"), item("不要的"))
    secretary = world.user("secretary", "east_one")
    book = taken_out(world, browser)
    book.write(book.row(姓名="李秀英", 承诺事项="原来的"), 承诺事项="表里的")
    book.write(book.row(姓名="李秀英", 承诺事项="不要的"), 承诺事项="—")
    for name, text in (("王立新", "新的"), ("赵春梅", "改过的")):
        book.write(book.row(姓名=name), 承诺事项=text)
    book.add(姓名="李秀英", 承诺事项="添上的", 承诺类别="实事")
    sent, page = book.send()
    plan = page.context["plan"]
    assert (sent.state, plan.new_drafts, plan.changed_drafts) == (SentState.CHECKED, 2, 1)
    assert "<del>不要的</del>" in page.content.decode()
    sent = list_store(sent=sent, actor=secretary)
    assert (bytes(sent.content), sent.state) == (b"", SentState.STORED)
    assert [each.text for each in draft.items.order_by("order")] == ["表里的", "添上的"]
    assert set(PledgeItem.objects.exclude(pledge=draft).values_list("text", flat=True)) == {"新的", "改过的"}
    changed = Pledge.objects.get(member__name="赵春梅")
    services.pledge_save(pledge=changed, actor=secretary, version=changed.version, items=[item("后来改的")])

    assert list_undo(sent=sent, actor=secretary) == (2, 1)
    assert {(p.subject_name, each.text) for p in Pledge.objects.all() for each in p.items.all()} == {
        ("李秀英", "原来的"), ("李秀英", "不要的"), ("赵春梅", "后来改的"),
    }  # fmt: skip
    assert draft.items.earliest("order").due_on == dt.date(2026, 6, 20)
    with pytest.raises(StateConflict):
        list_undo(sent=sent, actor=secretary)


def test_drafts_go_out_come_back_and_only_what_was_edited_changes(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    four = baker.make("campaign.Standard", campaign=campaign, audience="member", name="四优")
    standard, other_standard = (
        baker.make("campaign.Standard", campaign=campaign, audience="member", parent=four, name=name)
        for name in ("岗位技能优", "工作业绩优")
    )
    kept = write(world, campaign, "member@east_one", item("不改的", baseline="3 次"), item("=1+1"))
    kept.items.filter(text="不改的").update(standard=standard)
    secretary = world.user("secretary", "east_one")
    other = services.pledge_start(campaign=campaign, actor=secretary, member=world.members["east_one"][2])
    services.pledge_save(
        pledge=other,
        actor=secretary,
        version=other.version,
        items=[item("要改的", standard=standard), item("要删的"), item("换标准的", standard=standard)],
    )
    handed_in = submitted(world, campaign, "secretary@east_one")
    versions = dict(Pledge.objects.values_list("pk", "version"))
    book = taken_out(world, browser)
    texts = {book.at(number, "承诺事项"): number for number in book.rows}
    assert {"不改的", "=1+1", "要改的", "要删的"} <= set(texts)
    assert handed_in.items.get().text not in texts, "what was handed in is not written any more"
    assert book.at(texts["要改的"], "对应标准") == "岗位技能优"
    book.write(texts["要改的"], 衡量标准="改成每月一次")
    book.write(texts["要删的"], 承诺事项="—")
    book.write(texts["换标准的"], 对应标准="没有的标准")
    assert codes(book.send()[0]) == ["pledge.standard_unknown"]
    book.write(texts["换标准的"], 对应标准="工作业绩优")
    sent, page = book.send()
    plan = page.context["plan"]
    assert (plan.changed_drafts, len(plan.lines), plan.unchanged, plan.missing) == (1, 3, 2, [])
    assert "内容未变的承诺事项" in page.content.decode()
    list_store(sent=sent, actor=secretary)
    for pledge in (kept, handed_in):
        pledge.refresh_from_db()
        assert pledge.version == versions[pledge.pk], "what reads as before was not touched"
    changed = Pledge.objects.get(pk=other.pk).items.order_by("order")
    assert [(each.order, each.text, each.target, each.standard) for each in changed] == [
        (1, "要改的", "改成每月一次", standard),
        (2, "换标准的", "低于百分之二", other_standard),
    ]
    assert [each.standard for each in kept.items.order_by("order")] == [standard, None]


def test_a_row_that_was_copied_is_one_more_item(world: World, campaign: Campaign, browser: Browser) -> None:
    """People copy the row of a member to write a second item, mark and all; of an item that there is, that is told."""
    write(world, campaign, "member@east_one", item("原来的"))
    book = taken_out(world, browser)
    empty, begun = book.row(姓名="王立新"), book.row(姓名="李秀英")
    for number in (empty, begun):
        book.add(姓名=book.at(number, "姓名"), 行标识=book.at(number, "行标识"), 承诺事项="第二项")
    book.write(empty, 承诺事项="第一项")
    book.add(姓名="王立新", 承诺事项="第三项")
    sent, _page = book.send()
    assert codes(sent)[0] == "list.copied"
    book.sheet.delete_rows(book.row(姓名="李秀英", 承诺事项="第二项"))
    sent, _page = book.send()
    book.store(sent)
    made = Pledge.objects.get(member__name="王立新")
    assert set(made.items.values_list("text", flat=True)) == {"第一项", "第二项", "第三项"}


def test_the_same_file_sent_again_says_nothing_new(world: World, campaign: Campaign, browser: Browser) -> None:
    secretary = world.user("secretary", "east_one")
    rows = row("李秀英", "表里的"), row("李秀英", "第二项")
    list_store(sent=upload(world, *rows), actor=secretary)
    again = upload(world, *rows)
    page = browser("secretary@east_one").get(reverse("pledge_import_detail", args=[again.pk]))
    assert (page.context["plan"].is_empty, page.context["plan"].unchanged) == (True, 2)
    assert codes(upload(world, row("李秀英", "表里的", target="二十次"))) == ["list.mark_missing"]


def test_what_somebody_wrote_meanwhile_is_not_written_over(world: World, campaign: Campaign, browser: Browser) -> None:
    draft = write(world, campaign, "member@east_one", item("原来的"))
    book = taken_out(world, browser)
    services.pledge_save(
        pledge=draft, actor=world.user("member", "east_one"), version=draft.version, items=[item("本人改的")]
    )
    book.write(book.row(姓名="李秀英"), 衡量标准="二十次")
    assert codes(book.send()[0]) == ["list.changed_since"]
    assert PledgeItem.objects.get().text == "本人改的"


def test_what_changed_since_it_was_looked_at_is_not_stored(world: World, campaign: Campaign) -> None:
    sent = upload(world, row("李秀英", "表里的"))
    draft = write(world, campaign, "member@east_one", item("同时写的"))
    secretary = world.user("secretary", "east_one")
    with pytest.raises(DomainError):
        list_store(sent=sent, actor=secretary)
    assert PledgeItem.objects.get().text == "同时写的"
    list_store(sent=sent, actor=secretary)  # looked at again: one more item of the draft; what is there stays
    assert [each.text for each in draft.items.order_by("order")] == ["同时写的", "表里的"]


def test_a_pledge_made_elsewhere_stays_there(world: World, campaign: Campaign) -> None:
    draft = write(world, campaign, "member@east_two", item("在原支部写的"))
    member = draft.member
    assert member is not None
    member.organization = world.orgs["east_one"]
    member.save()
    assert codes(upload(world, row(member.name, "在新支部写的", member.personnel_no))) == ["pledge.elsewhere"]
    assert PledgeItem.objects.get().text == "在原支部写的"


def test_a_workbook_costs_the_same_for_one_row_and_for_three(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    secretary = world.user("secretary", "east_one")
    submitted(world, campaign, "secretary@east_one")  # not the first of the branch
    assert secretary.grants

    client = browser("secretary@east_one")
    client.get(reverse("pledge_import", args=[world.orgs["east_one"].pk]))

    def cost(*names: str) -> tuple[int, ...]:
        with CaptureQueriesContext(connection) as sending:
            sent = upload(world, *(row(name, f"{name}的承诺") for name in names))
        with CaptureQueriesContext(connection) as looked_at:
            client.get(reverse("pledge_import_detail", args=[sent.pk]))
        with CaptureQueriesContext(connection) as stored:
            sent = list_store(sent=sent, actor=secretary)
        with CaptureQueriesContext(connection) as taken_back:
            list_undo(sent=sent, actor=secretary)
        list_store(sent=upload(world, *(row(name, f"{name}的承诺") for name in names)), actor=secretary)
        with CaptureQueriesContext(connection) as handed_in:
            services.drafts_submit_many(organization=world.orgs["east_one"], campaign=campaign, actor=secretary)
        return tuple(len(each) for each in (sending, looked_at, stored, taken_back, handed_in))

    assert cost("李秀英") == cost("王立新", "赵春梅", "孙志强")
    assert Pledge.objects.filter(state=PledgeState.SUBMITTED).count() == 5


def test_only_complete_drafts_are_handed_in(world: World, campaign: Campaign) -> None:
    secretary = world.user("secretary", "east_one")
    list_store(sent=upload(world, row("李秀英", "完整的"), row("王立新", "没写时限", due_on=None)), actor=secretary)
    given = {"organization": world.orgs["east_one"], "campaign": campaign}
    assert services.drafts_submit_many(**given, actor=secretary) == (1, 1)
    with pytest.raises(NotAllowed):
        services.drafts_submit_many(**given, actor=world.user("secretary", "east_two"))
    with pytest.raises(NotAllowed):
        upload(world, row("李秀英", "代写"), by="member")


def test_exempt_members_owe_nothing_and_may_pledge(world: World, campaign: Campaign) -> None:
    old = world.members["east_one"][1]
    old.is_exempt = True
    old.save()
    summaries_refresh()
    figures = level_of(campaign, 2026, world.orgs["east_one"]).total
    assert figures["members_obliged"] == 5
    list_store(sent=upload(world, row("李秀英", "自愿的")), actor=world.user("secretary", "east_one"))
    assert Pledge.objects.get().member == old


def test_a_workbook_that_nobody_stores_is_deleted_after_two_days(world: World, campaign: Campaign) -> None:
    """It holds names. One that was stored keeps what its undo needs."""
    secretary, day = world.user("secretary", "east_one"), dt.timedelta(days=1)
    one, other = (row(member.name, "带好一名徒弟", member.personnel_no) for member in world.members["east_one"][1:3])
    stored = list_store(sent=upload(world, one), actor=secretary)
    waiting = upload(world, other)
    with clock.at(NOW + 2 * day):
        lists_expire()
        assert SentList.objects.filter(pk=waiting.pk).exists()
    with clock.at(NOW + 2 * day + dt.timedelta(minutes=1)):
        lists_expire()
    assert list(SentList.objects.values_list("pk", flat=True)) == [stored.pk]


def test_an_undo_after_the_review_began_leaves_what_was_handed_in(world: World, campaign: Campaign) -> None:
    secretary, staff = world.user("secretary", "east_one"), world.user("staff", "east")
    rows = [
        row(member.name, f"带好徒弟{n}", member.personnel_no) for n, member in enumerate(world.members["east_one"][1:4])
    ]
    sent = list_store(sent=upload(world, *rows), actor=secretary)
    services.drafts_submit_many(organization=world.orgs["east_one"], campaign=campaign, actor=secretary)
    first, second, third = Pledge.objects.order_by("pk")
    services.pledge_approve(pledge=first, actor=staff)
    services.pledge_return(pledge=second, actor=staff, reason="请写明数量")
    services.pledge_recall(pledge=third, actor=secretary)
    assert list_undo(sent=sent, actor=secretary) == (0, 3)
    states = Pledge.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [PledgeState.APPROVED, PledgeState.RETURNED, PledgeState.DRAFT]
    assert PledgeItem.objects.count() == 3
    with pytest.raises(StateConflict):
        list_undo(sent=sent, actor=secretary)
