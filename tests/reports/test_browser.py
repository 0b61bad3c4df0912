"""The report centre in a real browser: what people do there, and every page accessible at the desk and on a phone."""

import datetime as dt
import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from campaign.common import clock
from campaign.reports.choices import view_save
from campaign.reports.models import ReportView
from campaign.reports.registry import reports
from campaign.reports.schedules import schedule_create
from pledges.services.summarizing import summaries_refresh
from tests.chromium import Login, assert_accessible, click_through, too_wide
from tests.permissions.pledges import stored
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]


@pytest.fixture
def figures(world: World) -> World:
    """Two pledges on the board, counted."""
    today = clock.today()
    world.campaign(starts_on=dt.date(today.year, 1, 1))
    for place in ("east_one", "east_two"):
        stored(world, place, "published", world.members[place][0])
    summaries_refresh()
    return world


def test_a_report_is_looked_at_worded_and_its_numbers_open_their_records(
    figures: World, page: Page, login: Login
) -> None:
    login(page, figures.user("staff", "east"))
    page.goto(reverse("report_list"))
    click_through(page.get_by_role("link", name="公开承诺统计表", exact=True))
    preview = page.locator("#preview")
    expect(preview).to_contain_text("公开承诺情况统计表")
    page.locator("summary", has_text="标题、单位、日期和签字行").click()
    page.get_by_label("标题", exact=True).fill("东山公司承诺统计")
    page.get_by_label("标题", exact=True).blur()
    expect(preview.get_by_role("heading", name="东山公司承诺统计")).to_be_visible()
    click_through(preview.get_by_role("row").filter(has_text="合计").first.get_by_role("link").last)
    expect(page.get_by_text("以下是")).to_be_visible()


def test_columns_are_moved_with_the_keyboard_and_kept_as_a_view(figures: World, page: Page, login: Login) -> None:
    login(page, figures.user("staff", "east"))
    page.goto(reverse("report_export", args=["pledge_ledger"]))
    page.locator("summary", has_text=re.compile("^列$")).click()
    first = page.locator("#preview thead").first.get_by_role("columnheader")
    expect(first.nth(1)).to_have_text("所在党组织")
    mover = page.get_by_role("button", name="上移：姓名")
    mover.focus()
    page.keyboard.press("Enter")
    expect(first.nth(1)).to_have_text("姓名")
    expect(mover).to_be_focused()
    page.get_by_label("保存为视图").fill("名在前")
    click_through(page.get_by_role("button", name="保存", exact=True))
    expect(page.get_by_role("link", name="名在前")).to_be_visible()
    assert ReportView.objects.get().columns[:2] == ["姓名", "所在党组织"]
    expect(first.nth(1)).to_have_text("姓名")


def test_everything_is_chosen_for_a_bundle_at_once(figures: World, page: Page, login: Login) -> None:
    login(page, figures.user("staff", "east"))
    page.goto(reverse("report_bundle"))
    units = page.locator("#units")
    units.get_by_role("button", name="全选").click()
    for box in units.get_by_role("checkbox").all():
        expect(box).to_be_checked()
    page.get_by_role("checkbox", name="党员花名册", exact=True).check()
    page.get_by_role("button", name="一键导出").click()
    page.wait_for_url("**/jobs/**")


def pages(world: World) -> list[str]:
    """Return the addresses of all pages of this part."""
    staff, place = world.user("staff", "east"), world.orgs["east"]
    view = view_save(report=reports.get("pledge_ledger"), actor=staff, name="简表", columns=["姓名", "承诺事项"])
    schedule = schedule_create(
        actor=staff, report=reports.get("roster"), organization=place, campaign=None, day=5, recipients=[staff]
    )
    return [
        reverse("report_list"),
        f"{reverse('report_list')}?q=没有",
        *(reverse("report_export", args=[report.key]) for report in reports),
        f"{reverse('report_export', args=['pledge_ledger'])}?view={view.pk}",
        f"{reverse('report_print', args=['pledge_ledger'])}?organization={place.pk}",
        f"{reverse('report_records', args=['pledge_statistics'])}?organization={place.pk}&column=承诺事项总数",
        reverse("report_bundle"),
        reverse("schedule_list"),
        f"{reverse('schedule_new', args=['roster'])}?organization={place.pk}",
        reverse("schedule_detail", args=[schedule.pk]),
    ]


@pytest.mark.parametrize("device", ["page", "phone"])
def test_every_page_is_accessible_and_fits(
    request: pytest.FixtureRequest, figures: World, login: Login, device: str
) -> None:
    screen: Page = request.getfixturevalue(device)
    screen.emulate_media(reduced_motion="reduce", color_scheme="dark" if device == "phone" else "light")
    login(screen, figures.user("staff", "east"))
    for address in pages(figures):
        screen.goto(address)
        assert_accessible(screen)
        assert too_wide(screen) == 0, address
