"""The five steps over HTTP, as the people do them."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.common import clock
from campaign.common.desk import tiles_for
from campaign.models import Campaign
from campaign.notices.models import Notice
from campaign.notices.services import reminders_sweep
from campaign.scoring.registry import metrics
from orgs.models import Member
from orgs.timeline import member_timeline, organization_timeline
from pledges import services, subjects
from pledges.models import Pledge, PledgeItem, PledgeState
from tests.pledges.conftest import item, published, submitted, write
from tests.world import World

Browser = Callable[[str], Client]
FIRST = {"kind": "post", "text": "带头完成检修任务", "target": "检修三十台", "due_on": "2026-06-20"}
SECOND = {"kind": "practical", "text": "为职工办一件实事", "target": "修好饮水机", "due_on": "2026-05-30"}


def payload(op: str, version: int, *items: dict[str, str]) -> dict[str, Any]:
    fields = {f"form-{place}-{name}": value for place, row in enumerate(items) for name, value in row.items()}
    return {"op": op, "version": version, "form-TOTAL_FORMS": len(items), "form-INITIAL_FORMS": 0, **fields}


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_a_branch_pledges_and_stands_on_the_board(world: World, campaign: Campaign, browser: Browser) -> None:
    """The secretary writes, the committee returns it once with a reason and approves it the second time."""
    secretary, staff, member = browser("secretary@east_one"), browser("staff@east"), browser("member@east_one")
    branch = world.orgs["east_one"]
    began = secretary.post(reverse("pledge_create"), {"subject": f"organization:{branch.pk}"})
    pledge = Pledge.objects.get()
    assert began["Location"] == reverse("pledge_edit", args=[pledge.pk])
    sent = secretary.post(reverse("pledge_edit", args=[pledge.pk]), payload("submit", 1, FIRST), follow=True)
    assert "待审诺" in text_of(sent)
    board = reverse("board_of", args=[branch.pk])
    assert FIRST["text"] not in text_of(member.get(board))

    assert FIRST["text"] in text_of(staff.get(reverse("pledge_queue")))
    pledge.refresh_from_db()
    review = reverse("pledge_review", args=[pledge.pk])
    refused = staff.post(review, {"op": "return", "version": pledge.version, "reason": "", "remark_1": "数字呢"})
    assert refused.status_code == 200
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.SUBMITTED
    staff.post(review, {"op": "return", "version": pledge.version, "reason": "写清楚基数", "remark_1": "数字呢"})

    shown = text_of(secretary.get(reverse("pledge_edit", args=[pledge.pk])))
    assert "写清楚基数" in shown
    assert "数字呢" in shown
    pledge.refresh_from_db()
    secretary.post(reverse("pledge_edit", args=[pledge.pk]), payload("submit", pledge.version, FIRST, SECOND))
    pledge.refresh_from_db()
    staff.post(review, {"op": "publish", "version": pledge.version, "reason": "", "remark_1": "", "remark_2": ""})
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.PUBLISHED
    shown = text_of(member.get(board))
    assert FIRST["text"] in shown
    assert SECOND["text"] in shown
    assert FIRST["text"] in text_of(member.get(reverse("board_print", args=[branch.pk])))


def test_a_member_pledges_through_the_branch_and_is_appraised(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    member, secretary = browser("member@east_one"), browser("secretary@east_one")
    own = world.members["east_one"][1]
    assert f"member:{own.pk}" in text_of(member.get(reverse("pledge_mine")))
    member.post(reverse("pledge_create"), {"subject": f"member:{own.pk}"})
    pledge = Pledge.objects.get(member=own)
    member.post(reverse("pledge_edit", args=[pledge.pk]), payload("submit", 1, FIRST))
    secretary.post(reverse("pledge_queue"), {"pledge": [pledge.pk], "publish": "1"})
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.PUBLISHED

    only = pledge.items.get()
    member.post(
        reverse("pledge_progress", args=[pledge.pk]), {"item": only.pk, "on": "2026-03-09", "text": "检修了三台"}
    )
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.IN_PROGRESS
    judged = {"version": pledge.version, f"item{only.pk}-result": "fulfilled", f"item{only.pk}-text": "都做了"}
    member.post(reverse("pledge_appraise_self", args=[pledge.pk]), judged)
    shown = text_of(secretary.get(reverse("pledge_appraise", args=[pledge.pk])))
    assert "检修了三台" in shown
    assert "都做了" in shown
    pledge.refresh_from_db()
    judged = {"version": pledge.version, f"item{only.pk}-result": "basic", f"item{only.pk}-mark": "85.5"}
    secretary.post(reverse("pledge_appraise", args=[pledge.pk]), judged)
    only.refresh_from_db()
    assert (only.result, only.mark) == ("basic", 8550)
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.APPRAISED
    assert "基本兑现" in text_of(member.get(reverse("board_of", args=[world.orgs["east_one"].pk])))


def test_the_secretarys_own_goes_above(world: World, campaign: Campaign, browser: Browser) -> None:
    secretary, staff = browser("secretary@east_one"), browser("staff@east")
    pledge = submitted(world, campaign, "secretary@east_one", item("书记自己的"))
    assert "书记自己的" not in text_of(secretary.get(reverse("pledge_queue")))
    assert secretary.get(reverse("pledge_review", args=[pledge.pk])).status_code == 404
    secretary.post(reverse("pledge_queue"), {"pledge": [pledge.pk]})
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.SUBMITTED
    assert "书记自己的" in text_of(staff.get(reverse("pledge_queue")))
    staff.post(reverse("pledge_review", args=[pledge.pk]), {"op": "approve", "version": pledge.version})
    assert "书记自己的" in text_of(staff.get(reverse("pledge_queue") + "?show=publish"))
    staff.post(reverse("pledge_queue_publish"), {"op": "page", "shown": [pledge.pk]})
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.PUBLISHED


def test_adding_and_removing_an_item_loses_nothing(world: World, campaign: Campaign, browser: Browser) -> None:
    pledge, member = write(world, campaign, "member@east_one", item("已存的")), browser("member@east_one")
    edit = reverse("pledge_edit", args=[pledge.pk])
    typed = {"kind": "post", "text": "刚刚写的,还没有存", "due_on": "乱写的日期"}
    added = member.post(edit, payload("add", pledge.version, typed))
    assert text_of(added).count("pledge-edit-item") == 2
    assert typed["text"] in text_of(added)
    assert typed["due_on"] in text_of(added)
    removed = text_of(member.post(edit, payload("remove:0", pledge.version, typed, SECOND)))
    assert typed["text"] not in removed
    assert SECOND["text"] in removed
    assert pledge.items.get().text == "已存的"
    full = member.post(edit, payload("add", pledge.version, FIRST, SECOND))
    assert 'value="add"' not in text_of(full)


def test_what_was_typed_stays_when_someone_saved_meanwhile(world: World, campaign: Campaign, browser: Browser) -> None:
    pledge = write(world, campaign, "member@east_one", item("原来的"))
    opened = pledge.version
    services.pledge_save(
        pledge=pledge, actor=world.user("secretary", "east_one"), version=opened, items=[item("书记改的")]
    )
    member, edit = browser("member@east_one"), reverse("pledge_edit", args=[pledge.pk])
    answer = text_of(member.post(edit, payload("save", opened, FIRST)))
    assert FIRST["text"] in answer
    assert pledge.items.get().text == "书记改的"
    assert f'name="version" value="{Pledge.objects.get(pk=pledge.pk).version}"' in answer
    member.post(edit, payload("save", Pledge.objects.get(pk=pledge.pk).version, FIRST))
    assert pledge.items.get().text == FIRST["text"]


def test_an_incomplete_pledge_is_saved_but_not_submitted(world: World, campaign: Campaign, browser: Browser) -> None:
    pledge, member = write(world, campaign, "member@east_one"), browser("member@east_one")
    incomplete = {"kind": "post", "text": "没有时限", "target": "三次"}
    answer = member.post(
        reverse("pledge_edit", args=[pledge.pk]), payload("submit", pledge.version, incomplete), follow=True
    )
    assert "完成时限" in text_of(answer)
    pledge.refresh_from_db()
    assert (pledge.state, pledge.items.get().text) == (PledgeState.DRAFT, "没有时限")


def test_steps_by_button(world: World, campaign: Campaign, browser: Browser) -> None:
    member, secretary = browser("member@east_one"), browser("secretary@east_one")
    pledge = write(world, campaign, "member@east_one")
    step, publish = reverse("pledge_step", args=[pledge.pk]), reverse("pledge_publish", args=[pledge.pk])
    for sent, state in (("pledge_submit", "submitted"), ("pledge_recall", "draft"), ("pledge_submit", "submitted")):
        member.post(step, {"step": sent})
        pledge.refresh_from_db()
        assert pledge.state == state
    services.pledge_approve(pledge=pledge, actor=world.user("secretary", "east_one"))
    secretary.post(publish, {"step": "pledge_publish"})
    secretary.post(publish, {"step": "pledge_take_down", "reason": "写错了人名"})
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.APPROVED
    member.post(step, {"step": "pledge_withdraw"})
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.WITHDRAWN


def test_the_board_shows_what_anyone_may_read_and_no_more(world: World, campaign: Campaign, browser: Browser) -> None:
    secret = item("公开的内容", target="公开的目标", baseline="内部基数", production_task="内部任务")
    shown = published(world, campaign, "member@east_one", secret, by="secretary@east_one")
    services.progress_add(item=shown.items.get(), actor=world.user("member", "east_one"), text="内部进展")
    write(world, campaign, "member2@east_one", item("还是草稿"))
    submitted(world, campaign, "member3@east_one", item("等着审诺"))
    published(world, campaign, "member@east_two", item("隔壁支部的"), by="secretary@east_two")
    page = text_of(browser("member2@east_one").get(reverse("board"), follow=True))
    assert "公开的内容" in page
    assert "公开的目标" in page
    for hidden in ("内部基数", "内部任务", "内部进展", "还是草稿", "等着审诺", "隔壁支部的"):
        assert hidden not in page
    above = text_of(browser("staff@east").get(reverse("board"), follow=True))
    assert "公开的内容" in above
    assert "隔壁支部的" in above
    member = browser("member@east_one")
    for key in ("east_two", "east", "west_one"):
        assert member.get(reverse("board_of", args=[world.orgs[key].pk])).status_code == 404
    assert browser("staff@west").get(reverse("board_of", args=[world.orgs["east_one"].pk])).status_code == 404


def test_a_foreign_pledge_is_not_found(world: World, campaign: Campaign, browser: Browser) -> None:
    pledge = submitted(world, campaign, "member@east_one", item("不给外人看"))
    foreign = browser("secretary@west_one")
    for name in ("pledge_detail", "pledge_edit", "pledge_review", "pledge_progress", "pledge_appraise"):
        assert foreign.get(reverse(name, args=[pledge.pk])).status_code == 404
    for name in ("pledge_step", "pledge_publish", "pledge_appraise_self", "pledge_review"):
        assert foreign.post(reverse(name, args=[pledge.pk]), {"op": "approve", "version": 3}).status_code == 404
    assert "不给外人看" not in text_of(foreign.get(reverse("pledge_list")))
    assert "不给外人看" not in text_of(browser("member2@east_one").get(reverse("pledge_list")))
    pledge.refresh_from_db()
    assert pledge.state == PledgeState.SUBMITTED


def count_queries(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.mark.parametrize(
    ("name", "at_most"),
    [("pledge_list", 9), ("pledge_queue", 12), ("board_of", 13), ("pledge_mine", 12)],
)
def test_queries_at_one_and_three_rows(
    world: World, campaign: Campaign, browser: Browser, name: str, at_most: int
) -> None:
    args = [world.orgs["east_one"].pk] if name == "board_of" else []
    url, client = reverse(name, args=args), browser("secretary@east_one")

    def one(who: str) -> None:
        if name == "board_of":
            published(world, campaign, f"{who}@east_one", item("一"), item("二"), by="secretary@east_one")
        else:
            submitted(world, campaign, f"{who}@east_one", item("一"), item("二"))

    write(world, campaign, "secretary@east_one")
    one("member")
    at_one = count_queries(client, url)
    one("member2")
    one("member3")
    write(world, campaign, "secretary@east_one", item("一"), item("二"), org="east_one")
    assert count_queries(client, url) == at_one <= at_most


@pytest.mark.parametrize(
    "name", ["pledge_records", "pledge_appraise_many", "board_print", "board_screen", "pledge_letters", "pledge_create"]
)
def test_lists_that_are_worked_through_or_printed_cost_the_same(
    world: World, campaign: Campaign, browser: Browser, name: str
) -> None:
    place = world.orgs["east_one"].pk
    args = {"pledge_records": [place, campaign.pk, 2026, "overdue"], "pledge_appraise_many": [], "pledge_create": []}
    url, client = reverse(name, args=args.get(name, [place])), browser("secretary@east_one")

    def at_one_more(who: str) -> int:
        published(world, campaign, f"{who}@east_one", item("一"), item("二"), by="secretary@east_one")
        with clock.at(clock.start_of(dt.date(2026, 7, 2))):
            return count_queries(client, url)

    at_one = at_one_more("member")
    at_one_more("member2")
    assert at_one_more("member3") == at_one


@pytest.mark.parametrize(
    "name", ["pledge_detail", "pledge_edit", "pledge_review", "pledge_progress", "pledge_appraise"]
)
def test_the_page_of_a_pledge_costs_the_same_with_one_item_and_three(
    world: World, campaign: Campaign, browser: Browser, name: str
) -> None:
    def page(who: str, *items: services.ItemDraft) -> int:
        if name in ("pledge_progress", "pledge_appraise"):
            pledge = published(world, campaign, f"{who}@east_one", *items, by="secretary@east_one")
        elif name == "pledge_edit":
            pledge = write(world, campaign, f"{who}@east_one", *items)
        else:
            pledge = submitted(world, campaign, f"{who}@east_one", *items)
        return count_queries(browser("secretary@east_one"), reverse(name, args=[pledge.pk]))

    assert page("member", item()) == page("member2", item("一"), item("二"), item("三"))


def test_the_list_is_searched_by_name_without_naming_anybody_in_the_address(
    world: World, campaign: Campaign, browser: Browser
) -> None:
    for who in ("member", "member2"):
        submitted(world, campaign, f"{who}@east_one")
    secretary, url = browser("secretary@east_one"), reverse("pledge_list")
    answer = secretary.post(url, {"name": "lxy"})
    assert answer["Location"] == url
    page = text_of(secretary.get(url))
    assert "李秀英" in page
    assert "王立新" not in page


def test_the_records_behind_a_figure(world: World, campaign: Campaign, browser: Browser) -> None:
    published(world, campaign, "member@east_one", item(due_on=dt.date(2026, 3, 1)), by="secretary@east_one")
    submitted(world, campaign, "member2@east_one")
    period = campaign.periods.get(code="2026H1")
    link = metrics.get("pledges.coverage").records_url
    secretary = browser("secretary@east_one")
    page = text_of(secretary.get(link(world.orgs["east_one"], period)))
    assert "李秀英" in page
    assert "王立新" not in page
    assert secretary.get(link(world.orgs["west_one"], period)).status_code == 404
    for nonsense in (
        "counted=x&period=1&of=member:1",
        f"counted=pledges.mark&period={period.pk}&of=x",
        "counted=pledges.mark",
    ):
        assert secretary.get(f"{reverse('pledge_list')}?{nonsense}").status_code == 404


# ---- the desk, reminders, timelines ----


def tiles(world: World, who: str) -> dict[str, int]:
    return {str(tile.label): tile.count for tile in tiles_for(world.user(*who.split("@")))}


def test_what_lies_on_the_desk(world: World, campaign: Campaign) -> None:
    assert tiles(world, "member@east_one")["待填写的本人承诺"] == 1
    assert tiles(world, "secretary@east_one")["待填写的本组织承诺"] == 1
    pledge = submitted(world, campaign, "member@east_one", item(due_on=clock.today() + dt.timedelta(days=3)))
    assert "待填写的本人承诺" not in tiles(world, "member@east_one")
    assert tiles(world, "secretary@east_one")["待审诺的承诺"] == 1
    assert "待审诺的承诺" not in tiles(world, "secretary@east_two")
    secretary = world.user("secretary", "east_one")
    services.pledge_return(pledge=pledge, actor=secretary, reason="再改改")
    assert tiles(world, "member@east_one")["退回给您的承诺"] == 1
    pledge = services.pledge_submit(pledge=pledge, actor=world.user("member", "east_one"))
    pledge = services.pledge_approve(pledge=pledge, actor=secretary)
    assert tiles(world, "secretary@east_one")["已审定、待公示的承诺"] == 1
    services.pledge_publish(pledge=pledge, actor=secretary)
    assert tiles(world, "member@east_one")["七天内到期的承诺事项"] == 1
    with clock.at(clock.now() + dt.timedelta(days=10)):
        assert tiles(world, "member@east_one")["已逾期的承诺事项"] == 1
        assert tiles(world, "secretary@east_one")["待评诺的承诺"] == 1
    world.members["east_one"][2].is_exempt = True
    world.members["east_one"][2].save()
    assert "待填写的本人承诺" not in tiles(world, "member2@east_one")


def test_reminders(world: World, campaign: Campaign) -> None:
    submitted(world, campaign, "member@east_one")
    soon = clock.today() + dt.timedelta(days=10)
    published(world, campaign, "member2@east_one", item("快到期", due_on=soon), by="secretary@east_one")
    published(world, campaign, "secretary@east_one", item("支部的", due_on=soon), org="east_one", by="staff@east")

    def reminded(days: int) -> list[tuple[str, str]]:
        with clock.at(clock.now() + dt.timedelta(days=days)):
            reminders_sweep()
        found = Notice.objects.filter(rule__startswith="pledges.").order_by("pk").values_list("user__username", "rule")
        return list(found)

    assert reminded(2) == []
    assert set(reminded(3)) == {
        ("secretary-east-one", "pledges.review"), ("member2-east-one", "pledges.item_due"),
        ("secretary-east-one", "pledges.item_due"),
    }  # fmt: skip
    assert len(reminded(4)) == 3
    assert len(reminded(8)) == 4  # the next week, the queue again


def test_timelines(world: World, campaign: Campaign) -> None:
    mine = published(world, campaign, "member@east_one", by="secretary@east_one")
    published(world, campaign, "secretary@east_one", org="east_one", by="staff@east")
    member, branch = world.members["east_one"][1], world.orgs["east_one"]
    entries = [e for e in member_timeline(member, world.user("member", "east_one")) if e.icon == "writing-sign"]
    assert [(entry.on, entry.url) for entry in entries] == [(clock.today(), reverse("pledge_detail", args=[mine.pk]))]
    assert not [e for e in member_timeline(member, world.user("member2", "east_one")) if e.icon == "writing-sign"]
    found = organization_timeline(branch, world.user("staff", "east"))
    assert len([entry for entry in found if entry.icon == "writing-sign"]) == 1


def test_overdue_is_computed(world: World, campaign: Campaign) -> None:
    pledge = published(world, campaign, "member@east_one", by="secretary@east_one")
    only = PledgeItem.objects.get(pledge=pledge)
    assert not only.is_overdue
    with clock.at(clock.start_of(dt.date(2026, 6, 20))):
        assert not only.is_overdue
    with clock.at(clock.start_of(dt.date(2026, 6, 21))):
        assert only.is_overdue


def test_among_many_one_searches_whose_pledge_is_begun(
    world: World, campaign: Campaign, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All are listed where they are few; among more one types a name, initials or a number, and finds no one else's."""
    secretary, page, search = browser("secretary@east_one"), reverse("pledge_create"), reverse("pledge_subject_search")
    member, other = world.members["east_one"][1], world.members["east_two"][1]
    assert f'value="member:{member.pk}"' in text_of(secretary.get(page))
    monkeypatch.setattr(subjects, "LISTED", 2)
    few = text_of(secretary.get(page))
    assert f'data-search-url="{search}"' in few
    assert f'value="member:{member.pk}"' not in few
    for words in (member.name, member.personnel_no):
        found = secretary.post(search, {"q": words}).json()["results"]
        assert {"value": f"member:{member.pk}", "text": f"{member.name}（{member.organization.display_name}）"} in found
    assert secretary.post(search, {"q": other.personnel_no}).json() == {"results": []}
    refused = secretary.post(page, {"subject": f"member:{other.pk}"})
    assert "您不能为该党组织或党员填写" in text_of(refused)
    for nonsense in ("", "member:", "member:x", "user:1", f"organization:{other.organization_id}"):
        assert secretary.post(page, {"subject": nonsense}).status_code == 200
    assert not Pledge.objects.exists()
    assert secretary.post(page, {"subject": f"member:{member.pk}"}).status_code == 302
    assert secretary.post(search, {"q": member.personnel_no}).json() == {"results": []}, "has a pledge now"


def test_a_search_costs_the_same_for_one_and_for_three(world: World, campaign: Campaign, browser: Browser) -> None:
    secretary = browser("secretary@east_one")
    names = [member.name for member in world.members["east_one"][1:4]]
    search = reverse("pledge_subject_search")
    secretary.post(search, {"q": names[0]})

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            secretary.post(search, {"q": "测试"})
        return len(asked)

    Member.objects.filter(name=names[0]).update(name="测试甲")
    one = cost()
    Member.objects.filter(name__in=names).update(name="测试乙")
    assert cost() == one
