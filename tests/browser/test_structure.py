"""The tree by keyboard, a change of the structure from the form to done, and a deputy who acts for somebody."""

import re
from urllib.parse import urljoin

import pytest
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from campaign.audit.models import AuditEntry
from orgs.models import Organization
from tests.browser import steps
from tests.chromium import Login, click_through, turning, violations
from tests.orgs.deputies import handed
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]
EAST, ONE = "中共华岭集团东山公司委员会", "东山公司采掘一区党支部"


def test_the_tree_is_walked_by_the_arrow_keys(page: Page, login: Login, world: World) -> None:
    login(page, world.users["office@root"])
    page.goto(reverse("organization_list"))

    def node(place: str) -> Locator:
        return page.get_by_role("treeitem", name=world.orgs[place].name, exact=True)

    def pressed(key: str, focused: str) -> None:
        page.keyboard.press(key)
        expect(node(focused)).to_be_focused()

    node("root").focus()
    pressed("ArrowDown", "east")
    expect(node("east_one")).to_have_count(0)
    page.keyboard.press("ArrowRight")
    expect(node("east_one")).to_be_visible()
    expect(node("east")).to_have_attribute("aria-expanded", "true")
    pressed("ArrowRight", "east_one")
    pressed("ArrowDown", "east_two")
    pressed("ArrowDown", "west")
    pressed("End", "west")
    pressed("Home", "root")
    pressed("ArrowDown", "east")
    page.keyboard.press("ArrowLeft")
    expect(node("east_one")).to_be_hidden()
    pressed("ArrowLeft", "root")
    pressed("ArrowDown", "east")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name=EAST)).to_be_visible()


def test_a_move_from_the_form_by_the_preview_to_done(page: Page, login: Login, world: World) -> None:
    branch, west = world.orgs["east_one"], world.orgs["west"]
    login(page, world.users["office@root"])
    page.goto(reverse("organization_detail", args=[branch.pk]))
    page.get_by_role("button", name="换届与调整").click()
    click_through(page.locator(f"a[href='{reverse('organization_move', args=[branch.pk])}']"))
    page.locator("#id_parent-ts-control").click()
    page.keyboard.type("西河")
    page.locator("#id_parent-ts-dropdown .option", has_text=west.name).click()
    page.fill("[name=reason]", "矿区划转")
    click_through(page.locator("main form button[type=submit]").first)
    expect(page.locator(".touches")).to_contain_text("党员")
    assert violations(page) == []
    assert Organization.objects.get(pk=branch.pk).higher() == world.orgs["east"]  # nothing is done yet
    click_through(page.get_by_role("button", name=re.compile("^确认")))
    expect(page.get_by_role("heading", level=1, name=ONE)).to_be_visible()
    assert Organization.objects.get(pk=branch.pk).higher() == west
    expect(page.locator("#timeline")).to_contain_text("矿区划转")


def test_a_deputy_sees_for_whom_and_stops(page: Page, login: Login, world: World) -> None:
    delegation = handed(world, "staff@east", "secretary@east_one")
    holder = world.users["staff@east"].name
    login(page, delegation.deputy)
    page.goto(reverse("delegation_list"))
    click_through(page.get_by_role("main").get_by_role("button", name=holder))
    banner = page.locator(".acting")
    expect(banner).to_contain_text(holder)
    edit = reverse("organization_edit", args=[world.orgs["east_two"].pk])  # out of reach of the secretary's own role
    page.goto(edit)
    expect(banner).to_be_visible()
    page.fill("[name=contact_name]", "联络员")
    with turning(page):
        steps.press(page, "保存")
    expect(page.locator("#flash, .alert, [role=status]").filter(has_text="已保存").first).to_be_visible()
    entry = AuditEntry.objects.filter(action="organization_update").latest("pk")
    assert (entry.actor_id, entry.on_behalf_name) == (delegation.deputy_id, holder)
    click_through(banner.get_by_role("button"))
    expect(banner).to_have_count(0)
    assert page.request.get(urljoin(page.url, edit)).status == 404
