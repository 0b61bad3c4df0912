"""The pages of members, transfers and workers in a real browser: accessible, fitting a phone, and what people do there."""

import re
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from orgs.models import ImportBatch, Member, Position, Transfer
from orgs.services.transfers import transfer_request
from orgs.services.workers import worker_create
from tests.chromium import Login, assert_accessible, click_through, too_wide
from tests.world import World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]


def addresses(world: World) -> list[str]:
    member = world.members["east_one"][1]
    Member.objects.filter(pk=member.pk).update(kind="probationary", full_member_on=None, joined_on="2025-09-01")
    transfer = transfer_request(
        actor=None, member=world.members["east_one"][2], target=world.orgs["west_one"], reason="工作调动"
    )
    worker = worker_create(actor=None, organization=world.orgs["east_one"], name="张工")
    position = Position.objects.get(member=world.members["east_one"][0])
    one = ("detail", "history", "unmask", "probation_extend", "probation_finish", "print", "export", "position_create")
    return [
        *(reverse(f"member_{name}", args=[member.pk]) for name in one),
        reverse("member_branch_create", args=[member.pk]),
        reverse("member_position_edit", args=[position.pk]),
        reverse("member_probation"),
        reverse("transfer_create", args=[member.pk]),
        reverse("transfer_list"),
        reverse("transfer_detail", args=[transfer.pk]),
        reverse("organization_record", args=[world.orgs["east"].pk]),
        *(reverse(f"worker_{name}") for name in ("list", "create", "import", "count")),
        reverse("worker_edit", args=[worker.pk]),
    ]


def test_every_page_is_accessible_and_fits_a_phone(page: Page, phone: Page, login: Login, world: World) -> None:
    urls = addresses(world)
    for screen in (page, phone):
        login(screen, world.user("office", "root"))
        for url in urls:
            screen.goto(url)
            assert_accessible(screen)
            assert too_wide(screen) == 0, url


def test_a_member_goes_from_one_branch_to_another(page: Page, phone: Page, login: Login, world: World) -> None:
    member = world.members["east_one"][1]
    login(page, world.user("secretary", "east_one"))
    page.goto(reverse("member_detail", args=[member.pk]))
    click_through(page.get_by_role("link", name="组织关系转接").last)
    page.locator(".ts-control").click()
    page.keyboard.type("选矿")
    page.locator(".ts-dropdown .option", has_text="选矿车间").click()
    page.get_by_label("理由").fill("工作调动")
    click_through(page.get_by_role("button", name="提交转接申请"))
    page.get_by_role("button", name="同意转出", exact=True).click()
    page.locator("dialog[open] button[value=yes]").click()
    expect(page.locator("main")).to_contain_text("待接收")
    login(phone, world.user("secretary", "west_one"))
    phone.goto(reverse("transfer_list"))
    click_through(phone.get_by_role("link", name=member.name))
    phone.get_by_role("button", name="同意接收", exact=True).click()
    expect(phone.locator("main")).to_contain_text("已接收")
    assert Member.objects.get(pk=member.pk).organization == world.orgs["west_one"]
    assert Transfer.objects.get(member=member).state == "accepted"


def test_personal_data_are_shown_once(page: Page, login: Login, world: World) -> None:
    member = world.members["east_one"][1]
    Member.objects.filter(pk=member.pk).update(phone="13812345678")
    login(page, world.user("office", "root"))
    page.goto(reverse("member_detail", args=[member.pk]))
    expect(page.locator("main")).not_to_contain_text("13812345678")
    click_through(page.get_by_role("link", name="查看完整个人信息"))
    page.locator("textarea[name=reason]").fill("办理转接手续")
    click_through(page.get_by_role("button", name="显示一次"))
    expect(page.locator("main")).to_contain_text("13812345678")
    page.goto(reverse("member_unmask", args=[member.pk]))
    expect(page.locator("main")).not_to_contain_text("13812345678")


def test_a_file_that_is_too_large_is_told_before_it_is_sent(
    page: Page, login: Login, world: World, tmp_path: Path
) -> None:
    large, small = tmp_path / "大.csv", tmp_path / "小.csv"
    with large.open("wb") as file:
        file.truncate(50 * 2**20 + 1)
    small.write_text("姓名\n", "utf-8")
    login(page, world.user("staff", "east"))
    page.goto(reverse("import_upload"))
    chosen = page.locator("input[type=file]")
    chosen.set_input_files(large)
    assert "50 MB" in chosen.evaluate("input => input.validationMessage")
    page.get_by_role("button", name="检查文件").click()
    expect(page).to_have_url(re.compile(reverse("import_upload") + "$"))
    assert not ImportBatch.objects.exists()
    chosen.set_input_files(small)
    page.get_by_role("button", name="检查文件").click()
    expect(page.get_by_text("没有找到表头")).to_be_visible()
