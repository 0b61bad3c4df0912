"""Writing, reviewing and showing a pledge in a real browser; what the live server says is the real time."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaign.drafts.models import Draft
from pledges.models import Pledge, PledgeItem, PledgeState
from pledges.services import pledge_start
from tests.chromium import Login, assert_accessible
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
    phone.locator(".pledge-start", has_text=world.orgs["east_one"].name).get_by_role("button").click()
    write_item(phone, 0, "党员带头检修水泵", due_on)
    phone.locator("button[value=add]").click()
    expect(phone.locator("fieldset.pledge-edit-item")).to_have_count(2)
    expect(phone.locator("[name=form-0-text]")).to_have_value("党员带头检修水泵")
    write_item(phone, 1, "为职工修好饮水机", due_on)
    assert_accessible(phone)
    _fits(phone)
    phone.locator("button[value=submit]").click()
    phone.locator("dialog [data-ask-yes]").click()
    phone.wait_for_url("**/pledges/*/")
    pledge = Pledge.objects.get()
    assert (pledge.state, pledge.items.count()) == (PledgeState.SUBMITTED, 2)
    assert_accessible(phone)

    login(phone, world.users["staff@east"])
    phone.goto("/pledges/queue/")
    assert_accessible(phone)
    _fits(phone)
    phone.get_by_role("link", name="细看或退回").click()
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
    wider: Any = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0


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
    page.locator("button[value=save]:visible").click()
    page.wait_for_url("**/login/**")
    page.fill("[name=username]", secretary.username)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(f"**{edit}")
    expect(text).to_have_value("党员带头检修三十台水泵,职工作证")
    expect(page.get_by_text("尚未保存的内容")).to_be_visible()
    assert_accessible(page)

    page.locator("button[value=save]:visible").click()
    expect(page.locator(".alert-success, .note-success").first).to_be_visible()
    assert PledgeItem.objects.get().text == "党员带头检修三十台水泵,职工作证"
    assert not Draft.objects.exists()
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('draft:')).length") == 0
