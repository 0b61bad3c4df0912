"""Nothing typed is lost on any form of 审诺, 示诺 and 评诺: the connection is gone, the session is over, the back button."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from campaign.audit.models import AuditEntry
from campaign.drafts.models import Draft
from campaign.models import Action, Campaign, StageAction
from orgs.models import Session, User
from pledges.models import Pledge, PledgeAdjustment, PledgeAppraisal, PledgeCheck, PledgeComment, PledgeState
from pledges.services import (
    ItemDraft,
    adjustment_request,
    boardlink_create,
    check_add,
    comment_add,
    comment_show,
    pledge_approve,
    pledge_save,
    pledge_start,
    pledge_submit,
)
from tests.chromium import Login, assert_accessible, click_through, opened_without
from tests.world import PASSWORD, World, make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]


@pytest.fixture
def world() -> World:
    made = make_world()
    campaign = made.campaign(starts_on=dt.date(timezone.localdate().year, 1, 1))
    for stage in campaign.stages.all():  # the live server has the real time: every stage takes everything
        for action in (Action.PLEDGE, Action.APPRAISE):
            StageAction.objects.get_or_create(stage=stage, action=action)
    return made


def handed_in(world: World, who: str, *, by: User | None = None) -> Pledge:
    """Hand in the pledge of a member of the branch; with `by` it is approved and hangs on the board."""
    member, due_on = world.user(who, "east_one"), timezone.localdate()
    pledge = pledge_start(campaign=Campaign.objects.get(), actor=member, member=member.member)
    items = [ItemDraft(kind="post", text="带好一名徒弟", target="年内取得上岗证", due_on=due_on)]
    pledge = pledge_save(pledge=pledge, actor=member, version=pledge.version, items=items)
    pledge = pledge_submit(pledge=pledge, actor=member)
    return pledge if by is None else pledge_approve(pledge=pledge, actor=by, publish=True)


def kept(page: Page, state: str = "saved") -> Locator:
    return page.locator(f"[data-draft-status][data-state={state}]")


WORDS = "写到一半", "写到一半,断网了", "写到一半,断网了,又要重新登录"


def survives(
    page: Page, url: str, field: str, user: User, complaints: list[str], *, press: str, typed: tuple[str, ...] = WORDS
) -> None:
    """Type into `field` of the form at `url`: it stands there after the back button, a dead connection and a lost session."""
    page.goto(url)
    box = page.locator(field)
    box.fill(typed[0])
    expect(kept(page)).to_be_visible()
    page.goto("/")
    page.go_back()
    expect(page.locator(field)).to_have_value(typed[0])

    page.context.set_offline(True)
    box.fill(typed[1])
    expect(kept(page, "local")).to_be_visible()
    page.context.set_offline(False)
    expect(kept(page)).to_be_visible(timeout=20_000)

    Session.objects.all().delete()
    box.fill(typed[2])
    click_through(page.locator(press).first)
    page.wait_for_url("**/login/**")
    page.fill("[name=username]", user.username)
    page.fill("[name=password]", PASSWORD)
    # The page sends what was lost and comes anew, so only what it then shows can be waited for.
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**" + url)
    expect(page.locator(field)).to_have_value(typed[2])
    expect(page.get_by_text("尚未保存的内容").first).to_be_visible()
    assert {said for said in complaints if "ERR_INTERNET_DISCONNECTED" not in said} == set()
    complaints.clear()


def test_a_decision_item_by_item_is_not_lost(phone: Page, login: Login, complaints: list[str], world: World) -> None:
    pledge, secretary = handed_in(world, "member"), world.users["secretary@east_one"]
    login(phone, secretary)
    url = f"/pledges/{pledge.pk}/review/"
    phone.goto(url)
    phone.locator(".review-returned").click()
    phone.locator("summary").first.click()
    phone.get_by_text("无法检查").click()
    expect(kept(phone)).to_be_visible()
    survives(phone, url, "[name=reason]", secretary, complaints, press="button[value=return]")
    expect(phone.locator("[name=decision_1][value=returned]")).to_be_checked()
    expect(phone.locator("[name=lacking_1][value=checkable]")).to_be_checked()
    assert_accessible(phone)
    phone.locator("button[value=return]").click()
    phone.wait_for_url("**/pledges/queue/")
    assert Pledge.objects.get().state == PledgeState.RETURNED
    assert not Draft.objects.exists()


def test_what_is_typed_before_the_scripts_have_come_is_kept(phone: Page, login: Login, world: World) -> None:
    pledge, secretary = handed_in(world, "member"), world.users["secretary@east_one"]
    login(phone, secretary)
    url = f"/pledges/{pledge.pk}/review/"
    scripts_come = opened_without(phone, url, "draft")
    phone.locator("[name=reason]").fill("写到一半")
    scripts_come()
    expect(kept(phone)).to_be_visible()
    assert ["reason", "写到一半"] in Draft.objects.get().fields


def test_ticks_in_the_queue_are_not_lost(page: Page, login: Login, world: World) -> None:
    first, second = handed_in(world, "member"), handed_in(world, "member2")
    login(page, world.users["secretary@east_one"])
    page.goto("/pledges/queue/")
    page.locator(f"#tick-{second.pk}").check()
    expect(kept(page)).to_be_visible()
    click_through(page.get_by_role("link", name="细看或退回").first)
    page.go_back()
    expect(page.locator(f"#tick-{second.pk}")).to_be_checked()
    expect(page.locator(f"#tick-{first.pk}")).not_to_be_checked()
    click_through(page.locator("button[name=publish][value='0']"))
    expect(page.get_by_role("button", name="撤回审定")).to_be_visible()
    assert [pledge.pk for pledge in Pledge.objects.filter(state=PledgeState.APPROVED)] == [second.pk]
    assert not Draft.objects.exists()


def looked_at(pledge: Pledge, by: User) -> PledgeCheck:
    return check_add(pledge=pledge, actor=by, found="缺三月份记录", request="补齐记录", answer_by=timezone.localdate())


def asked(world: World, pledge: Pledge, by: User) -> PledgeComment:
    comment = comment_add(pledge=pledge, actor=world.user("member2", "east_one"), text="怎么检查？", kind="question")
    return comment_show(comment=comment, actor=by)


def wanted(world: World, pledge: Pledge) -> PledgeAdjustment:
    only = pledge.items.get()
    return adjustment_request(
        item=only, actor=world.user("member", "east_one"), reason="推迟", text=only.text, target="两名",
        due_on=only.due_on or timezone.localdate(),
    )  # fmt: skip


OTHERS: dict[str, tuple[str, str, Callable[[World, Pledge, User], str]]] = {
    "pledge_progress": ("member", "text", lambda _w, pledge, _by: f"/pledges/{pledge.pk}/progress/"),
    "pledge_explain": ("member", "text", lambda _w, pledge, _by: f"/pledges/{pledge.pk}/explain/1/"),
    "pledge_adjust": ("member", "reason", lambda _w, pledge, _by: f"/pledges/{pledge.pk}/adjust/1/"),
    "pledge_check": ("secretary", "found", lambda _w, pledge, _by: f"/pledges/{pledge.pk}/check/"),
    "pledge_check_answer": (
        "member",
        "text",
        lambda _w, pledge, by: f"/pledges/checks/{looked_at(pledge, by).pk}/answer/",
    ),
    "adjustment_decide": (
        "secretary",
        "reason",
        lambda w, pledge, _by: f"/pledges/adjustments/{wanted(w, pledge).pk}/",
    ),
    "comment_add": ("member2", "text", lambda _w, pledge, _by: f"/pledges/board/pledges/{pledge.pk}/"),
    "comment_answer": ("member", "text", lambda w, pledge, by: f"/pledges/comments/{asked(w, pledge, by).pk}/answer/"),
    "board_link": ("secretary", "name", lambda _w, pledge, _by: f"/pledges/board/{pledge.organization_id}/links/"),
    "pledge_display": ("secretary", "ends_on", lambda _w, pledge, _by: f"/pledges/{pledge.pk}/display/"),
    "pledge_rules": ("office", "member_items_max", lambda _w, pledge, _by: f"/pledges/rules/{pledge.campaign_id}/"),
}
"""Draft → who types, the field, and the address of its form."""
ELSEWHERE = {
    "pledge": "test_browser.py",
    "pledge_review": "test_a_decision_item_by_item_is_not_lost",
    "pledge_queue_review": "test_ticks_in_the_queue_are_not_lost",
    "pledge_queue_publish": "the same form of the same page",
    "pledge_appraise_self": "test_an_appraisal_is_not_lost",
    "pledge_appraise_peer": "test_an_appraisal_is_not_lost",
    "pledge_appraise_organization": "test_an_appraisal_is_not_lost",
    "pledge_appraise_many": "test_an_appraisal_is_not_lost",
}
"""Drafts that are tried by the other tests. tests/permissions/test_typing.py knows of no further one."""
TYPED = {"ends_on": ("12-01", "12-02", "12-03"), "member_items_max": ("4", "5", "6")}


@pytest.mark.parametrize("kind", sorted(OTHERS))
def test_a_form_is_not_lost(page: Page, login: Login, complaints: list[str], world: World, kind: str) -> None:
    who, field, address = OTHERS[kind]
    secretary = world.user("secretary", "east_one")
    user = world.users["office@root" if who == "office" else f"{who}@east_one"]
    pledge, days = handed_in(world, "member", by=secretary), TYPED.get(field)
    if kind == "pledge_explain":  # its day is over
        pledge.items.update(due_on=timezone.localdate() - dt.timedelta(days=1))
    url, year = address(world, pledge, secretary), timezone.localdate().year
    typed = tuple(f"{year}-{day}" if "-" in day else day for day in days) if days else WORDS
    login(page, user)
    survives(
        page,
        url,
        f"form[data-draft] [name={field}]",
        user,
        complaints,
        press="form[data-draft] .btn-primary",
        typed=typed,
    )
    assert Draft.objects.get().key.partition(":")[0] == kind


@pytest.mark.parametrize("kind", ["self", "peer", "organization", "many"])
def test_an_appraisal_is_not_lost(phone: Page, login: Login, complaints: list[str], world: World, kind: str) -> None:
    secretary = world.users["secretary@east_one"]
    pledge = handed_in(world, "member", by=secretary)
    only = pledge.items.get()
    press = f"form[data-draft]:has([name=item{only.pk}-text]) button"
    who, url = {
        "self": (world.user("member", "east_one"), f"/pledges/{pledge.pk}/progress/"),
        "peer": (world.user("member2", "east_one"), f"/pledges/{pledge.pk}/peer-appraisal/"),
        "organization": (secretary, f"/pledges/{pledge.pk}/appraisal/"),
        "many": (secretary, "/pledges/appraise/"),
    }[kind]
    login(phone, who)
    field = f"[name=item{only.pk}-text]"
    phone.goto(url)
    choice = f"[name=item{only.pk}-result][value=basic]"
    phone.locator(choice).check()
    phone.locator(field).fill("先写一句")
    expect(kept(phone)).to_be_visible()
    survives(phone, url, field, who, complaints, press=press)
    expect(phone.locator(choice)).to_be_checked()
    assert_accessible(phone)
    click_through(phone.locator(press).first)
    expect(phone.locator(".alert-success, .note-success").first).to_be_visible()
    assert PledgeAppraisal.objects.get().result == "basic"
    assert not Draft.objects.exists()


def test_the_reason_of_a_step_is_not_lost(phone: Page, login: Login, world: World) -> None:
    secretary = world.users["secretary@east_one"]
    pledge = handed_in(world, "member", by=secretary)
    comment_add(pledge=pledge, actor=world.user("member2", "east_one"), text="说到做到", kind="opinion")
    login(phone, secretary)
    url = "/pledges/comments/"
    phone.goto(url)
    asking, reason = phone.get_by_role("button", name="不予公开"), phone.get_by_role("dialog").get_by_role("textbox")
    asking.click()
    reason.fill("与承诺事项无关")
    Session.objects.all().delete()
    click_through(phone.get_by_role("dialog").locator("[data-ask-yes]"))
    phone.wait_for_url("**/login/**")
    phone.fill("[name=username]", secretary.username)
    phone.fill("[name=password]", PASSWORD)
    click_through(phone.get_by_role("button", name="登录"))
    phone.wait_for_url("**" + url)
    asking.click()
    expect(reason).to_have_value("与承诺事项无关")
    click_through(phone.get_by_role("dialog").locator("[data-ask-yes]"))
    expect(phone.locator(".note-success").first).to_be_visible()
    assert AuditEntry.objects.get(action="comment_hide").reason == "与承诺事项无关"
    assert not [key for key in phone.evaluate("Object.keys(sessionStorage)") if key.startswith("reasons:")]


def test_what_a_visitor_types_in_the_hall_is_not_lost(phone: Page, complaints: list[str], world: World) -> None:
    """Without an account nothing is kept elsewhere: a dead connection and the back button leave the text in the page."""
    secretary = world.users["secretary@east_one"]
    pledge = handed_in(world, "member", by=secretary)
    day: Any = timezone.localdate() + dt.timedelta(days=30)
    _link, code = boardlink_create(organization=world.orgs["east_one"], actor=secretary, name="大厅", expires_on=day)
    phone.goto(f"/pledges/hall/#{code}")
    phone.wait_for_url("**/pledges/hall/board/")
    phone.goto(f"/pledges/hall/pledges/{pledge.pk}/")
    phone.locator("[name=text]").fill("食堂的开水器什么时候修好")
    phone.goto("/pledges/hall/board/")
    phone.go_back()
    expect(phone.locator("[name=text]")).to_have_value("食堂的开水器什么时候修好")
    phone.context.set_offline(True)
    phone.get_by_role("button", name="提交").click()
    phone.context.set_offline(False)
    complaints.clear()
    phone.goto(f"/pledges/hall/pledges/{pledge.pk}/")
    expect(phone.locator("[name=text]")).to_have_value("食堂的开水器什么时候修好")
    phone.get_by_role("button", name="提交").click()
    expect(phone.locator(".alert-success, .note-success").first).to_be_visible()
    assert PledgeComment.objects.get().text == "食堂的开水器什么时候修好"
