"""A leader on the phone: from the desk to the contact point, the visit written and, later, what became of its problems."""

import datetime as dt

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from orgs.models import ContactVisit
from orgs.services.contacts import contact_points_assign
from orgs.services.leadership import leadership_appoint
from tests.chromium import Login, assert_accessible, click_through, too_wide
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]


def test_a_leader_records_a_visit_on_the_phone(phone: Page, login: Login, world: World) -> None:
    leader = world.users["member@east_one"]
    contact_points_assign(
        actor=None, leader=leader.member, organizations=[world.orgs["east_two"]], starts_on=dt.date(2026, 1, 1)
    )
    login(phone, leader)
    phone.goto("/")
    click_through(phone.get_by_role("link", name="本季度未走访的联系点"))
    expect(phone.get_by_role("heading", name="我的联系点")).to_be_visible()
    click_through(phone.get_by_role("link", name="登记走访"))
    phone.get_by_label("讲党课").check()
    phone.fill("[name=summary]", "讲了一堂党课，听取了班组长意见")
    phone.fill("[name=problems]", "夜班职工就餐不便")
    click_through(phone.get_by_role("button", name="保存"))
    expect(phone.get_by_text("夜班职工就餐不便")).to_be_visible()
    click_through(phone.get_by_role("link", name="修改"))
    phone.fill("[name=follow_up]", "食堂已增设夜班供餐")
    click_through(phone.get_by_role("button", name="保存"))
    expect(phone.get_by_text("食堂已增设夜班供餐")).to_be_visible()
    assert ContactVisit.objects.get().follow_up == "食堂已增设夜班供餐"


def test_the_pages_are_accessible_and_fit_a_phone(page: Page, phone: Page, login: Login, world: World) -> None:
    world.campaign()
    east, one = world.orgs["east"], world.orgs["east_one"]
    leadership_appoint(
        actor=None, organization=east, function="group_head", name="钱部长", starts_on=dt.date(2026, 1, 1)
    )
    (point,) = contact_points_assign(
        actor=None, leader=world.members["east_two"][1], organizations=[one], starts_on=dt.date(2026, 1, 1)
    )
    addresses = [
        reverse("leadership_detail", args=[east.pk]),
        reverse("leadership_appoint", args=[east.pk]),
        reverse("leadership_list", args=[world.orgs["root"].pk]),
        reverse("contact_list"),
        reverse("contact_coverage"),
        reverse("contact_assign"),
        reverse("contact_detail", args=[point.pk]),
        reverse("contact_visit", args=[point.pk]),
        reverse("plan_list"),
        reverse("plan_missing"),
        reverse("quality_list"),
        reverse("quality_check", args=["contact"]),
        reverse("quality_doubles"),
    ]
    for browser in (page, phone):
        login(browser, world.users["office@root"])
    for address in addresses:
        for browser in (page, phone):
            browser.goto(address)
            expect(browser.locator("h1")).to_be_visible()
        assert_accessible(page)
        assert too_wide(phone) == 0, address
