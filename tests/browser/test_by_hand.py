"""What hands do that forms must bear: the keyboard alone, and mistakes after much has been typed."""

import datetime as dt

import pytest
from playwright.sync_api import Page, expect

from awards.models import AwardBatch, Nomination, NominationState
from awards.services import batch_close, batch_create, batch_open
from campaign.blueprints import add_months
from campaign.common import clock
from campaign.models import Campaign
from pledges.models import Pledge
from tests.browser import steps
from tests.browser.steps import Promise
from tests.chromium import Login, click_through, turning
from tests.world import PASSWORD, World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]
LONG = "党员带头检修水泵，三十台全部检修一遍，运行完好率提高到百分之九十八以上。"


@pytest.fixture
def running(world: World) -> World:
    """The group in the second stage of a campaign, whenever today is."""
    world.campaign(starts_on=add_months(clock.today(), -8))
    return world


def tab_to(page: Page, name: str) -> None:
    """Press the tab key until what has this name has the focus, as one who cannot use a mouse would."""
    for _press in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim() || document.activeElement.value") == name:
            return
    pytest.fail(f"the tab key does not lead to {name}")


def test_signing_in_the_menu_and_a_pledge_by_keyboard_alone(page: Page, running: World) -> None:
    page.goto("/")
    page.wait_for_url("**/login/**")
    expect(page.get_by_label("账号")).to_be_focused()
    page.keyboard.type(running.users["secretary@east_one"].username)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with turning(page):
        page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="我的工作台")).to_be_visible()

    for name, leads_to in (("公开承诺", "**/pledges/"), ("我的承诺", "**/pledges/mine/"), ("现在就写", "**/edit/")):
        tab_to(page, name)
        with turning(page):
            page.keyboard.press("Enter")
        page.wait_for_url(leads_to)
    page.get_by_label("承诺内容").focus()
    page.keyboard.type(LONG)
    tab_to(page, "存为草稿")
    with turning(page):
        page.keyboard.press("Enter")
    steps.told(page, "已保存")
    assert Pledge.objects.get().items.get().text == LONG

    page.reload()
    tab_to(page, page.locator(".topbar-user").inner_text().strip())
    page.keyboard.press("Enter")
    tab_to(page, "退出登录")
    page.keyboard.press("Enter")
    expect(page.get_by_label("账号")).to_be_visible()


def test_a_pledge_that_cannot_be_submitted_keeps_what_was_typed(phone: Page, login: Login, running: World) -> None:
    """The day lies outside the campaign, so that the server refuses what the phone let pass."""
    login(phone, running.users["secretary@east_one"])
    steps.begin_pledge(phone, running.orgs["east_one"].name)
    typed = [Promise(LONG, "三十台", "1999-01-01"), Promise("为职工修好饮水机", "五台", clock.today().isoformat())]
    steps.write_items(phone, typed)
    steps.press(phone, "提交审诺")
    steps.agree(phone)
    expect(phone.get_by_text("第1项：完成时限应在活动期内")).to_be_visible()
    for place, item in enumerate(typed, start=1):
        written = phone.get_by_role("group", name=f"第{place}项")
        expect(written.get_by_label("承诺内容")).to_have_value(item.text)
        expect(written.get_by_label("目标")).to_have_value(item.target)
        expect(written.get_by_label("完成时限")).to_have_value(item.due_on)


def test_a_review_with_a_gap_keeps_what_was_typed(phone: Page, login: Login, running: World) -> None:
    branch = running.orgs["east_one"].name
    login(phone, running.users["leader@east"])
    phone.goto("/reviews/new/")
    click_through(phone.get_by_role("listitem").filter(has_text=branch).get_by_role("link", name="点评"))
    phone.get_by_label("随机点评").check()
    phone.get_by_label("肯定成绩").fill(LONG)
    phone.get_by_label("努力方向").fill("年底前补齐台账。")
    steps.press(phone, "提交点评")
    steps.agree(phone)
    expect(phone.get_by_role("alert")).to_contain_text("存在问题")
    expect(phone.get_by_role("alert")).to_be_focused()
    expect(phone.get_by_label("随机点评")).to_be_checked()
    expect(phone.get_by_label("肯定成绩")).to_have_value(LONG)
    expect(phone.get_by_label("努力方向")).to_have_value("年底前补齐台账。")


def test_a_round_with_days_the_wrong_way_round_keeps_what_was_chosen(page: Page, login: Login, running: World) -> None:
    login(page, running.users["staff@east"])
    page.goto("/reviews/rounds/new/")
    page.get_by_label("评议名称").fill("年终群众评议")
    page.get_by_label("评议党组织").check()
    page.get_by_label("投票截止").fill(f"{clock.today() - dt.timedelta(days=3)}T18:00")
    steps.press(page, "下一步：评议对象")
    expect(page.get_by_role("alert")).to_contain_text("结束时间必须晚于开始时间")
    expect(page.get_by_label("评议名称")).to_have_value("年终群众评议")
    expect(page.get_by_label("评议党组织")).to_be_checked()


def test_a_nomination_that_comes_too_late_keeps_the_account_of_deeds(page: Page, login: Login, running: World) -> None:
    """Nominations are closed while the secretary is writing."""
    batch, office = open_batch(running), running.user("office", "root")
    login(page, running.users["secretary@east_one"])
    page.goto("/awards/")
    steps.follow(page, batch.name)
    steps.follow(page, "推荐优秀共产党员")
    name = running.members["east_one"][2].name
    click_through(page.get_by_role("listitem").filter(has_text=name).get_by_role("link", name="推荐"))
    page.get_by_label("主要事迹").fill(LONG)
    batch_close(batch=batch, actor=office)
    steps.press(page, "推荐")
    steps.agree(page)
    expect(page.get_by_role("alert")).to_contain_text("目前不接受推荐")
    expect(page.get_by_text(LONG)).to_be_visible()
    assert Nomination.objects.get().state == NominationState.DRAFT


def open_batch(world: World) -> AwardBatch:
    office, today = world.user("office", "root"), clock.today()
    batch = batch_create(
        actor=office,
        campaign=Campaign.objects.get(),
        organization=world.orgs["root"],
        name="年度评选",
        opens_on=today,
        closes_on=today + dt.timedelta(days=9),
    )
    return batch_open(batch=batch, actor=office)
