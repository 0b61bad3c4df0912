"""The frame and its parts in a real browser: accessible, by keyboard, on a phone, light and dark."""

from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from campaign.common import clock
from campaign.jobs.models import Job, JobState
from tests.chromium import Login, assert_accessible, click_through, opened_without, too_wide
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]
PAGES = ("/", "/gallery/", "/campaigns/", "/campaigns/new/", "/jobs/", "/no-such-page/")


@pytest.fixture
def office(world: World) -> Any:
    world.campaign()
    return world.user("office", "root")


def dark(page: Page) -> None:
    """Switch as the system would; without motion, since colours on their way are none that anybody reads."""
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")


@pytest.mark.parametrize("address", PAGES)
def test_pages_are_accessible_light_and_dark(
    page: Page, login: Login, office: Any, address: str, complaints: list[str]
) -> None:
    login(page, office)
    page.goto(address)
    assert_accessible(page)
    dark(page)
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert_accessible(page)
    if "no-such" in address:
        complaints.clear()  # the browser reports the 404 itself


def test_signing_in_is_accessible(page: Page, world: World) -> None:
    page.goto("/login/")
    assert_accessible(page)
    dark(page)
    assert_accessible(page)


@pytest.mark.parametrize("address", PAGES[:5])
def test_pages_fit_a_phone(phone: Page, login: Login, office: Any, address: str) -> None:
    login(phone, office)
    phone.goto(address)
    assert too_wide(phone) == 0
    assert_accessible(phone)


def test_campaign_pages_are_accessible(page: Page, login: Login, office: Any) -> None:
    from campaign.models import CampaignStage

    stage = CampaignStage.objects.select_related("campaign").first()
    assert stage is not None
    login(page, office)
    for address in (f"/campaigns/{stage.campaign_id}/", f"/campaigns/{stage.campaign_id}/stages/{stage.pk}/"):
        page.goto(address)
        assert_accessible(page)


def test_the_log_is_accessible_and_its_filter_searches(page: Page, login: Login, world: World) -> None:
    world.campaign()
    login(page, world.user("audit_admin", "root"))
    page.goto("/audit/")
    assert_accessible(page)
    page.get_by_label("人员").fill("nobody")
    click_through(page.get_by_role("button", name="查询"))
    expect(page.get_by_text("没有符合条件的内容")).to_be_visible()
    assert page.url.endswith("/audit/")
    click_through(page.get_by_role("button", name="清除"))
    expect(page.get_by_role("row")).to_have_count(2)


def test_the_first_tab_leads_to_the_content(page: Page, login: Login, office: Any) -> None:
    login(page, office)
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    expect(page.locator(".skip-link")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(phone: Page, login: Login, office: Any) -> None:
    login(phone, office)
    phone.goto("/")
    menu, button = phone.locator("#menu"), phone.get_by_role("button", name="菜单", exact=True)
    expect(menu).not_to_be_visible()
    button.focus()
    phone.keyboard.press("Enter")
    expect(menu).to_be_focused()  # it has come to rest
    assert_accessible(phone)
    phone.keyboard.press("Escape")
    expect(menu).not_to_be_visible()
    button.click()
    click_through(menu.get_by_role("link", name="创先争优活动"))
    phone.wait_for_url("**/campaigns/")


def test_the_appearance_is_chosen_kept_and_served(page: Page, login: Login, office: Any) -> None:
    login(page, office)
    page.goto("/")
    html, switch = page.locator("html"), page.locator(".topbar-choices [data-appearance-switch]")
    for label, look, shown in (("浅色", "light", "light"), ("深色", "dark", "dark"), ("跟随系统", "auto", "light")):
        switch.click()
        expect(html).to_have_attribute("data-bs-theme", shown)
        expect(switch).to_have_attribute("aria-label", f"显示模式\uff1a{label}")
        page.reload()
        expect(html).to_have_attribute("data-appearance", look)
        expect(html).to_have_attribute("data-bs-theme", shown)


def test_a_step_asks_first_and_a_reason_is_required(page: Page, login: Login, office: Any) -> None:
    login(page, office)
    page.goto("/gallery/")
    sent: list[str] = []
    page.route("**/campaigns/1/", lambda route: (sent.append(route.request.post_data or ""), route.abort())[1])
    ask = page.get_by_role("dialog")
    page.get_by_role("button", name="审定", exact=True).click()
    expect(ask).to_contain_text("张建国")
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(ask).to_be_hidden()
    assert sent == []

    page.get_by_role("button", name="退回", exact=True).click()
    yes = ask.get_by_role("button", name="退回")
    yes.click()
    expect(ask.locator("textarea")).to_be_focused()
    expect(ask.get_by_text("请填写理由")).to_be_visible()
    assert sent == []
    ask.locator("textarea").fill("事项太笼统")
    with page.expect_request("**/campaigns/1/"):
        yes.click()
    expect(ask).to_be_hidden()
    page.wait_for_timeout(300)  # a second one would come as well
    assert len(sent) == 1
    assert "step=return" in sent[0]
    assert "reason=%E4%BA%8B" in sent[0]


def test_a_step_pressed_before_the_scripts_have_come_asks_all_the_same(page: Page, login: Login, office: Any) -> None:
    login(page, office)
    scripts_come = opened_without(page, "/gallery/", "app")
    page.get_by_role("button", name="审定", exact=True).click(no_wait_after=True)
    expect(page.get_by_role("dialog")).to_be_hidden()
    scripts_come()
    expect(page.get_by_role("dialog")).to_contain_text("张建国")
    assert page.url.endswith("/gallery/")


def test_text_typed_before_the_scripts_have_come_is_not_lost_without_a_warning(
    page: Page, login: Login, office: Any
) -> None:
    login(page, office)
    scripts_come = opened_without(page, "/campaigns/new/", "app")
    page.get_by_label("编码").fill("C9")
    scripts_come()
    with page.expect_event("dialog") as warned:
        page.on("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("link", name="取消").click()
    assert warned.value.type == "beforeunload"


def test_typed_text_is_not_lost_without_a_warning(page: Page, login: Login, office: Any) -> None:
    login(page, office)
    page.goto("/campaigns/new/")
    warned: list[str] = []

    def stay(dialog: Dialog) -> None:
        warned.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_label("编码").fill("C9")
    with page.expect_event("dialog"):
        page.get_by_role("link", name="取消").click()
    assert warned == ["beforeunload"]
    assert page.url.endswith("/campaigns/new/")


def test_the_preview_follows_and_the_campaign_begins(page: Page, login: Login, office: Any) -> None:
    login(page, office)
    page.goto("/campaigns/new/")
    page.get_by_label("开始日期").fill("2026-03-01")
    page.get_by_label("开始日期").blur()
    expect(page.locator("#preview")).to_contain_text("2026-08-31")
    page.get_by_label("主办党组织").select_option(index=1)
    page.get_by_label("编码").fill("C2")
    click_through(page.get_by_role("button", name="启动活动"))
    expect(page.get_by_role("status")).to_contain_text("活动已创建")
    page.get_by_role("button", name="关闭").click()
    expect(page.get_by_role("status")).to_have_count(0)


def test_mistakes_are_on_top_focused_and_lead_to_their_fields(page: Page, login: Login, office: Any) -> None:
    login(page, office)
    page.goto("/campaigns/new/")
    click_through(page.get_by_role("button", name="启动活动"))
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    assert_accessible(page)
    summary.get_by_role("link", name="编码").click()
    expect(page.get_by_label("编码")).to_be_in_viewport()


def test_a_select_of_many_is_searched_by_typing(page: Page, login: Login, office: Any) -> None:
    login(page, office)
    page.goto("/gallery/")
    field = page.locator(".ts-wrapper").first
    field.click()
    expect(field.locator("input")).to_be_focused()
    page.keyboard.type("周小红 11")
    expect(field.locator(".option.active")).to_have_text("周小红 11")
    page.keyboard.press("Enter")
    expect(page.locator("select[name=people]").first).to_have_value("11")


def test_a_job_page_follows_its_job_to_the_end(page: Page, login: Login, world: World) -> None:
    staff = world.user("staff", "east")
    job = Job.objects.create(
        kind="x", requested_by=staff, state=JobState.RUNNING, started_at=clock.now(), step="读取花名册", done=1, total=4
    )
    login(page, staff)
    page.goto(f"/jobs/{job.pk}/")
    expect(page.get_by_text("1 / 4")).to_be_visible()
    assert_accessible(page)
    Job.objects.filter(pk=job.pk).update(done=3)
    with page.expect_request(f"**/jobs/{job.pk}/progress/") as polled:
        pass
    assert polled.value.headers["x-background"] == "1"
    expect(page.get_by_text("3 / 4")).to_be_visible()
    Job.objects.filter(pk=job.pk).update(state=JobState.SUCCEEDED, finished_at=clock.now(), message="共 4 人")
    expect(page.get_by_role("status")).to_contain_text("共 4 人")
    expect(page.locator("[hx-trigger]")).to_have_count(0)


def test_paper_carries_the_content_alone(page: Page, login: Login, office: Any) -> None:
    login(page, office)
    page.goto("/campaigns/")
    page.emulate_media(media="print")
    for part in (".topbar", ".side", ".page-actions", ".filters"):
        expect(page.locator(part).first).to_be_hidden()
    expect(page.get_by_role("heading", name="创先争优活动")).to_be_visible()
    expect(page.get_by_role("table")).to_be_visible()
