"""Starting a run and reading an explanation in a real browser, at the desk and on the phone."""

import pytest
from playwright.sync_api import Page, expect

from campaign.models import Period
from campaign.scoring.models import PeriodScore, ScoreSheet
from tests.chromium import Login, assert_accessible, click_through, too_wide
from tests.scoring.conftest import Measured
from tests.scoring.sheets import BRANCHES, COMMITTEES, MEMBERS, ready, run
from tests.world import World

TODAY = True
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]


def begun(world: World, measured: Measured) -> Period:
    """A period that has begun today, whenever today is, with something to measure."""
    for key in ("east_one", "east_two", "west_one", "west_two"):
        measured.set("test.m0", world.orgs[key], 5, 6)
    for member in world.members["east_one"]:
        measured.set("test.m0", member, 4, 5)
    period = ready(world, BRANCHES, COMMITTEES, MEMBERS)
    Period.objects.filter(pk=period.pk).update(starts_on="2020-01-01")
    return period


def fits(page: Page) -> None:
    """Nothing stands out to the right of a narrow screen."""
    assert too_wide(page) == 0


def test_staff_compute_scores_and_read_where_they_come_from(
    page: Page, login: Login, world: World, measured: Measured
) -> None:
    begun(world, measured)
    login(page, world.users["staff@east"])
    page.goto("/scores/")
    assert_accessible(page)
    page.get_by_role("main").get_by_role("link", name="计算得分").first.click()
    page.wait_for_url("**/scores/run/")
    assert_accessible(page)
    page.get_by_role("main").get_by_role("button", name="计算得分").click()
    page.wait_for_url("**/jobs/**")
    expect(page.get_by_text("已计算3个党组织")).to_be_visible(timeout=15_000)

    page.goto("/scores/")
    assert_accessible(page)
    click_through(page.get_by_role("link", name=world.orgs["east_one"].name))
    expect(page.get_by_text("0.8333 × 30.00 = 25.00")).to_be_visible()
    assert_accessible(page)
    for address in (
        "/scores/runs/",
        "/scores/sheets/",
        "/scores/metrics/",
        f"/scores/sheets/{ScoreSheet.objects.all()[0].pk}/",
    ):
        page.goto(address)
        assert_accessible(page)


def test_members_and_secretaries_read_on_the_phone(phone: Page, login: Login, world: World, measured: Measured) -> None:
    period = begun(world, measured)
    run(period, world.orgs["root"])
    login(phone, world.users["member@east_one"])
    phone.goto("/scores/members/")
    assert_accessible(phone)
    fits(phone)
    click_through(phone.get_by_role("link", name=world.members["east_one"][1].name))
    expect(phone.get_by_text("0.8000 × 100.00 = 80.00")).to_be_visible()
    assert_accessible(phone)
    fits(phone)

    login(phone, world.users["secretary@east_one"])
    score = PeriodScore.objects.current().get(organization=world.orgs["east_one"], member=None)
    for address in ("/scores/", score.get_absolute_url()):
        phone.goto(address)
        assert_accessible(phone)
        fits(phone)


def test_the_office_builds_a_sheet_tries_it_and_puts_it_into_use(
    page: Page, phone: Page, login: Login, world: World, measured: Measured
) -> None:
    period = begun(world, measured)
    run(period, world.orgs["root"])
    campaign = period.campaign
    login(page, world.users["office@root"])
    page.goto(f"/scores/campaigns/{campaign.pk}/sheets/new/")
    page.locator("select[name=source]").select_option(f"sheet:{ScoreSheet.objects.get(key='branches').pk}")
    page.get_by_role("button", name="开始起草", exact=True).click()
    page.wait_for_url("**/edit/")
    assert_accessible(page)
    # Moved by the keyboard alone: the button goes along with its row.
    names = page.locator("input[name$='-label']")
    first, second = names.nth(0).input_value(), names.nth(1).input_value()
    page.get_by_role("button", name="评分项目第1项下移").press("Enter")
    expect(names.nth(1)).to_have_value(first)
    expect(names.nth(0)).to_have_value(second)
    # The sum goes with what is typed, and the server says the same.
    page.locator("input[name='items-0-full']").fill("1")
    expect(page.get_by_text("须合计100分才能试算和启用")).to_be_visible()
    page.locator("input[name='items-0-full']").fill("20")
    page.get_by_role("button", name="保存并试算").click()
    page.wait_for_url("**/preview/")
    expect(page.get_by_role("heading", name="等次", exact=True)).to_be_visible()
    assert_accessible(page)

    draft = ScoreSheet.objects.get(state="draft")
    login(phone, world.users["office@root"])
    for address in (f"/scores/sheets/{draft.pk}/edit/", f"/scores/sheets/{draft.pk}/preview/"):
        phone.goto(address)
        assert_accessible(phone)
        fits(phone)

    page.get_by_role("main").get_by_role("link", name="下一步：启用").click()
    page.wait_for_url("**/use/")
    assert_accessible(page)
    page.get_by_role("button", name="启用", exact=True).click()
    page.wait_for_url(f"**/scores/sheets/{draft.pk}/")
    expect(page.get_by_text("评分标准已启用")).to_be_visible()
