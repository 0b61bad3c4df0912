"""Organizations, members and imports in a real browser: accessible, usable on a phone."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from playwright.sync_api import Page, expect

from orgs.models import Member
from orgs.services import import_upload
from tests.chromium import Login, assert_accessible, click_through, too_wide
from tests.orgs.books import person, roster
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]


def pages(world: World) -> list[tuple[str, str]]:
    """(account, address) of every page of this part."""
    east, one, member = (world.orgs["east"].pk, world.orgs["east_one"].pk, world.members["east_one"][1].pk)
    account = world.users["staff@east"].pk
    bad = SimpleUploadedFile("x.xlsx", roster(person(1, 入党时间="2199-01-01"), person(2)))
    good = SimpleUploadedFile("x.xlsx", roster(person(1), person(2)))
    batches = [
        import_upload(actor=world.user(role, "east"), kind="members", organization=world.orgs["east"], file=file).pk
        for role, file in (("staff", bad),)
    ]
    sender = world.user("staff", "west")
    west = import_upload(actor=sender, kind="members", organization=world.orgs["west"], file=good)
    return [
        *(
            ("office@root", url)
            for url in (
                reverse("organization_list"),
                f"{reverse('organization_list')}?q=dsgs",
                reverse("organization_detail", args=[one]),
                reverse("organization_detail", args=[east]),
                reverse("organization_create"),
                reverse("organization_edit", args=[one]),
                reverse("member_list"),
                reverse("member_detail", args=[member]),
                reverse("member_create"),
                reverse("member_edit", args=[member]),
                reverse("import_upload"),
                reverse("password_change"),
            )
        ),
        ("staff@east", reverse("import_detail", args=[batches[0]])),
        ("staff@west", reverse("import_detail", args=[west.pk])),
        ("system_admin@root", reverse("user_list")),
        ("system_admin@root", reverse("user_create")),
        ("system_admin@root", reverse("user_edit", args=[account])),
        ("security_admin@root", reverse("role_list")),
        ("security_admin@root", reverse("role_grant")),
    ]


def test_every_page_is_accessible_and_fits_a_phone(page: Page, phone: Page, login: Login, world: World) -> None:
    for account, address in pages(world):
        for browser in (page, phone):
            login(browser, world.users[account])
            browser.goto(address)
            expect(browser.locator("h1")).to_be_visible()
        assert_accessible(page)
        assert too_wide(phone) == 0, address


def test_a_branch_of_the_tree_opens_when_asked(page: Page, login: Login, world: World) -> None:
    login(page, world.users["office@root"])
    page.goto(reverse("organization_list"))
    expect(page.get_by_text("东山公司采掘一区党支部")).to_have_count(0)
    page.get_by_role("treeitem", name="中共华岭集团东山公司委员会").locator(".branch-switch").first.click()
    expect(page.get_by_role("link", name="东山公司采掘一区党支部")).to_be_visible()


def test_a_roster_from_the_upload_to_the_last_row(page: Page, login: Login, world: World, tmp_path: Path) -> None:
    before = Member.objects.count()
    file = tmp_path / "花名册.xlsx"
    file.write_bytes(roster(*(person(number) for number in range(1, 8))))
    login(page, world.users["staff@east"])
    page.goto(reverse("import_upload"))
    page.set_input_files("[name=file]", file)
    click_through(page.get_by_role("button", name="检查文件"))
    expect(page.get_by_text("已检查，尚未入库")).to_be_visible()
    page.get_by_role("button", name="全部入库").click()
    expect(page.get_by_text("已全部入库")).to_be_visible()
    assert Member.objects.count() == before + 7


def test_choosing_an_organization_by_typing(page: Page, login: Login, world: World) -> None:
    login(page, world.users["staff@east"])
    page.goto(reverse("member_create"))
    page.locator("#id_organization-ts-control").click()
    page.keyboard.type("cjeq")
    page.locator("#id_organization-ts-dropdown .option", has_text="东山公司采掘二区党支部").click()
    page.fill("[name=name]", "钱学文")
    page.select_option("#id_sex", "male")
    click_through(page.get_by_role("button", name="保存"))
    expect(page.get_by_role("heading", name="钱学文")).to_be_visible()
    assert Member.objects.get(name="钱学文").organization == world.orgs["east_two"]
