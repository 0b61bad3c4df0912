"""Writing, reviewing and showing a pledge in a real browser; what the live server says is the real time."""

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaign.drafts.models import Draft
from orgs.models import Session
from pledges.models import Pledge, PledgeItem, PledgeState
from pledges.services import (
    ItemDraft,
    boardlink_create,
    boardlink_revoke,
    pledge_approve,
    pledge_save,
    pledge_start,
    pledge_submit,
)
from tests.attachments.files import photo
from tests.chromium import Login, assert_accessible, click_through, too_wide
from tests.world import PASSWORD, make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]


def write_item(page: Page, place: int, text: str, due_on: str) -> None:
    page.fill(f"[name=form-{place}-text]", text)
    page.fill(f"[name=form-{place}-target]", "三十台全部检修一遍")
    page.fill(f"[name=form-{place}-due_on]", due_on)


def test_a_branch_pledges_by_phone_and_stands_on_the_board(phone: Page, login: Login) -> None:
    world, today = make_world(), timezone.localdate()
    world.campaign(starts_on=dt.date(today.year, 1, 1))
    due_on = dt.date(today.year, 12, 31).isoformat()

    login(phone, world.users["secretary@east_one"])
    phone.goto("/pledges/mine/")
    assert_accessible(phone)
    click_through(phone.locator(".pledge-start", has_text=world.orgs["east_one"].name).get_by_role("button"))
    write_item(phone, 0, "党员带头检修水泵", due_on)
    phone.locator("button[value=add]").click()
    expect(phone.locator("fieldset.pledge-edit-item")).to_have_count(2)
    expect(phone.locator("[name=form-0-text]")).to_have_value("党员带头检修水泵")
    write_item(phone, 1, "为职工修好饮水机", due_on)
    assert_accessible(phone)
    _fits(phone)
    phone.locator("button[value=submit]").click()
    click_through(phone.locator("dialog [data-ask-yes]"))
    expect(phone).to_have_url(re.compile(r"/pledges/\d+/$"))
    pledge = Pledge.objects.get()
    assert (pledge.state, pledge.items.count()) == (PledgeState.SUBMITTED, 2)
    assert_accessible(phone)

    login(phone, world.users["staff@east"])
    phone.goto("/pledges/queue/")
    assert_accessible(phone)
    _fits(phone)
    click_through(phone.get_by_role("link", name="细看或退回"))
    assert_accessible(phone)
    phone.locator("button[value=publish]").click()
    phone.wait_for_url("**/pledges/queue/")

    login(phone, world.users["member@east_one"])
    phone.goto("/pledges/board/")
    expect(phone.get_by_text("为职工修好饮水机")).to_be_visible()
    assert_accessible(phone)
    _fits(phone)


def _fits(page: Page) -> None:
    """Nothing is wider than the screen of the phone."""
    assert too_wide(page) == 0


def test_nothing_typed_is_lost(page: Page, login: Login, complaints: list[str]) -> None:
    """A lost connection, a session that ended and the back button: what was typed stands there again."""
    world, today = make_world(), timezone.localdate()
    campaign = world.campaign(starts_on=dt.date(today.year, 1, 1))
    secretary = world.users["secretary@east_one"]
    pledge = pledge_start(campaign=campaign, actor=secretary, organization=world.orgs["east_one"])
    login(page, secretary)
    edit, text = f"/pledges/{pledge.pk}/edit/", page.locator("[name=form-0-text]")

    page.goto(edit)
    text.fill("党员带头检修水泵")
    expect(page.locator("[data-draft-status][data-state=saved]")).to_be_visible()
    page.goto("/pledges/mine/")
    page.go_back()
    expect(text).to_have_value("党员带头检修水泵")

    page.context.set_offline(True)
    text.fill("党员带头检修三十台水泵")
    expect(page.locator("[data-draft-status][data-state=local]")).to_be_visible()
    page.context.set_offline(False)
    assert {said for said in complaints if "ERR_INTERNET_DISCONNECTED" not in said} == set()
    complaints.clear()
    expect(page.locator("[data-draft-status][data-state=saved]")).to_be_visible(timeout=20_000)

    Session.objects.all().delete()
    text.fill("党员带头检修三十台水泵,职工作证")
    click_through(page.locator("button[value=save]:visible"))
    page.wait_for_url("**/login/**")
    page.fill("[name=username]", secretary.username)
    page.fill("[name=password]", PASSWORD)
    # The page sends what was lost and comes anew, so only what it then shows can be waited for.
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(f"**{edit}")
    expect(text).to_have_value("党员带头检修三十台水泵,职工作证")
    expect(page.get_by_text("尚未保存的内容")).to_be_visible()
    assert_accessible(page)

    click_through(page.locator("button[value=save]:visible"))
    expect(page.locator(".alert-success, .note-success").first).to_be_visible()
    assert PledgeItem.objects.get().text == "党员带头检修三十台水泵,职工作证"
    assert not Draft.objects.exists()
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('draft:')).length") == 0


def test_a_secretary_reviews_by_phone_item_by_item(phone: Page, login: Login) -> None:
    world, today = make_world(), timezone.localdate()
    campaign = world.campaign(starts_on=dt.date(today.year, 1, 1))
    due_on = dt.date(today.year, 12, 31)
    for place, text in ((1, "带好一名徒弟"), (2, "努力工作")):
        member = world.user("member" if place == 1 else "member2", "east_one")
        pledge = pledge_start(campaign=campaign, actor=member, member=member.member)
        items = [ItemDraft(kind="post", text=text, target="年内取得上岗证", due_on=due_on)]
        pledge_submit(
            pledge=pledge_save(pledge=pledge, actor=member, version=pledge.version, items=items), actor=member
        )
    login(phone, world.users["secretary@east_one"])
    phone.goto("/pledges/queue/")
    click_through(phone.get_by_role("link", name="细看或退回").first)
    assert_accessible(phone)
    _fits(phone)
    click_through(phone.get_by_role("link", name="下一份").first)
    expect(phone.get_by_text("努力工作").first).to_be_visible()
    phone.locator(".review-returned").click()
    phone.locator("summary").first.click()
    phone.get_by_text("无法检查").click()
    assert_accessible(phone)
    _fits(phone)
    phone.locator("button[value=return]").click()
    phone.wait_for_url("**/pledges/queue/")
    returned = Pledge.objects.get(state=PledgeState.RETURNED)
    assert returned.reviews.get().items[0]["lacking"] == ["checkable"]

    phone.locator("button[value=all]").click()
    click_through(phone.locator("dialog [data-ask-yes]"))
    expect(phone.get_by_role("button", name="撤回审定")).to_be_visible()
    assert Pledge.objects.filter(state=PledgeState.APPROVED).count() == 1
    assert_accessible(phone)


def test_the_screen_in_the_hall_turns_by_itself_until_its_link_is_closed(page: Page, complaints: list[str]) -> None:
    world, today = make_world(), timezone.localdate()
    campaign = world.campaign(starts_on=dt.date(today.year, 1, 1))
    due_on = dt.date(today.year, 12, 31)
    secretary, staff = world.user("secretary", "east_one"), world.user("staff", "east")
    subjects = (
        ("党支部建强堡垒", secretary, {"organization": world.orgs["east_one"]}, staff),
        ("带好一名徒弟", world.user("member", "east_one"), {"member": world.members["east_one"][1]}, secretary),
    )
    for text, writer, subject, reviewer in subjects:
        pledge = pledge_start(campaign=campaign, actor=writer, **subject)  # type: ignore[arg-type]
        items = [ItemDraft(kind="post", text=text, target="年内完成", due_on=due_on)]
        pledge = pledge_save(pledge=pledge, actor=writer, version=pledge.version, items=items)
        pledge_approve(pledge=pledge_submit(pledge=pledge, actor=writer), actor=reviewer, publish=True)
    link, code = boardlink_create(
        organization=world.orgs["east_one"], actor=secretary, name="大厅", expires_on=dt.date(today.year, 12, 31)
    )
    page.goto(f"/pledges/hall/?screen=1#{code}")
    page.wait_for_url("**/pledges/hall/screen/")
    assert code not in page.url
    expect(page.get_by_text("党支部建强堡垒")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("带好一名徒弟")).to_be_visible()
    page.evaluate("document.querySelector('main[data-next]').dataset.seconds = '0'")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("党支部建强堡垒")).to_be_visible()

    boardlink_revoke(link=link, actor=secretary)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("公示栏没有开放")).to_be_visible()
    complaints[:] = [said for said in complaints if "404" not in said]


def test_a_pledge_is_watched_over_and_judged_by_phone(phone: Page, login: Login) -> None:
    """Noting what was done with a photo, a check with its answer, and the organization's judgement."""
    world, today = make_world(), timezone.localdate()
    campaign = world.campaign(starts_on=dt.date(today.year, 1, 1))
    member, secretary = world.user("member", "east_one"), world.user("secretary", "east_one")
    pledge = pledge_start(campaign=campaign, actor=member, member=member.member)
    items = [ItemDraft(kind="post", text="带好一名徒弟", target="年内取得上岗证", due_on=today)]
    pledge = pledge_save(pledge=pledge, actor=member, version=pledge.version, items=items)
    pledge_approve(pledge=pledge_submit(pledge=pledge, actor=member), actor=secretary, publish=True)
    page = f"/pledges/{pledge.pk}/"

    login(phone, member)
    phone.goto(page)
    click_through(phone.get_by_role("link", name="记录进展"))
    phone.locator("[name=text]").fill("徒弟已通过理论考试")
    camera = phone.locator("input[capture]")
    expect(camera).to_be_visible()
    camera.set_input_files({"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    assert_accessible(phone)
    _fits(phone)
    click_through(phone.get_by_role("button", name="保存记录"))
    expect(phone.get_by_role("link", name="IMG_0001.jpg")).to_be_visible()
    assert_accessible(phone)
    _fits(phone)

    login(phone, world.users["staff@east"])
    phone.goto(page)
    with phone.expect_download() as download:
        phone.get_by_role("link", name="IMG_0001.jpg").click()
    assert download.value.suggested_filename == "IMG_0001.jpg"
    click_through(phone.get_by_role("link", name="登记督查"))
    phone.locator("[name=found]").fill("查看了培训记录")
    phone.locator("[name=request]").fill("补上实操记录")
    assert_accessible(phone)
    _fits(phone)
    click_through(phone.get_by_role("button", name="登记", exact=True))
    expect(phone.get_by_text("未答复")).to_be_visible()

    login(phone, member)
    phone.goto("/")
    click_through(phone.get_by_role("link", name="待答复的督查"))
    click_through(phone.get_by_role("link", name="答复", exact=True))
    phone.locator("[name=text]").fill("已补齐三份")
    click_through(phone.get_by_role("button", name="提交答复"))
    expect(phone.get_by_text("已补齐三份")).to_be_visible()
    assert_accessible(phone)
    _fits(phone)

    login(phone, secretary)
    phone.goto(page)
    click_through(phone.get_by_role("link", name="评诺", exact=True))
    phone.get_by_label("已兑现").check()
    assert_accessible(phone)
    _fits(phone)
    click_through(phone.get_by_role("button", name="保存评诺"))
    expect(phone.get_by_text("100.00分")).to_be_visible()
    assert Pledge.objects.get().state == PledgeState.APPRAISED
    _fits(phone)
