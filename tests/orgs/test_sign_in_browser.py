"""Codes, second factor and sessions in a real browser: what people do, accessible and usable on a phone."""

import datetime as dt
from base64 import b32decode

import pytest
from django.urls import reverse
from django_otp.oath import totp
from playwright.sync_api import Page, expect

from campaign.common import clock
from campaign.common.crypto import decrypt
from orgs.models import CodeSheet, Member, SecondFactor, Session
from orgs.services import accounts_create, sheet_store
from tests.chromium import Login, assert_accessible, click_through, too_wide
from tests.orgs.test_sign_in import NEW
from tests.world import PASSWORD, World

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]


def printed_sheet(world: World) -> CodeSheet:
    members = [
        Member.objects.create(personnel_no=f"N{n}", name="新人", sex="male", organization=world.orgs["east_one"])
        for n in range(3)
    ]
    sheet = CodeSheet.objects.create(
        organization=world.orgs["east"],
        requested_by=world.users["system_admin@root"],
        expires_at=clock.now() + dt.timedelta(hours=1),
    )
    sheet_store(sheet=sheet, made=accounts_create(actor=None, members=members, sheet=sheet))
    return sheet


def test_every_page_is_accessible_and_fits_a_phone(page: Page, phone: Page, login: Login, world: World) -> None:
    sheet = printed_sheet(world)
    account = world.users["member@east_one"].pk
    places = f"?organization={world.orgs['root'].pk}&purpose=again"
    for role, address in (
        ("system_admin@root", reverse("user_edit", args=[account])),
        ("system_admin@root", reverse("code_sheet_list")),
        ("system_admin@root", reverse("code_sheet_create") + places),
        ("system_admin@root", reverse("code_sheet_detail", args=[sheet.pk])),
        ("security_admin@root", reverse("policy_edit")),
        ("secretary@east_one", reverse("code_member_list")),
        ("member@east_one", reverse("my_security")),
        ("member@east_one", reverse("two_factor_setup") + "?begin"),
        ("member@east_one", reverse("password_change")),
    ):
        for browser in (page, phone):
            login(browser, world.users[role])
            browser.goto(address)
            expect(browser.locator("h1")).to_be_visible()
        assert_accessible(page)
        assert too_wide(phone) == 0, address


def test_from_the_secretary_s_slip_to_one_s_own_password(page: Page, phone: Page, login: Login, world: World) -> None:
    member = world.users["member@east_one"]
    login(page, world.users["secretary@east_one"])
    page.goto(reverse("code_member_list"))
    page.get_by_role("row").filter(has_text=member.username).get_by_role("button", name="发放一次性密码").click()
    click_through(page.locator("[data-ask-yes]"))
    code = page.locator("code").inner_text()
    phone.goto(reverse("login"))
    phone.locator("input[name=username]").fill(member.username)
    phone.locator("input[name=password]").fill(code)
    click_through(phone.get_by_role("button", name="登录", exact=True))
    expect(phone.locator("h1")).to_have_text("设置本人密码")
    assert_accessible(phone)
    phone.locator("input[name=new_password]").fill(NEW)
    phone.locator("input[name=repeated]").fill(NEW)
    click_through(phone.get_by_role("button", name="保存"))
    expect(phone.get_by_text("密码已修改")).to_be_visible()


def test_a_second_factor_from_set_up_to_sign_in(page: Page, world: World) -> None:
    user = world.users["member@east_one"]

    def sign_in() -> None:
        page.goto(reverse("login"))
        page.locator("input[name=username]").fill(user.username)
        page.locator("input[name=password]").fill(PASSWORD)
        click_through(page.get_by_role("button", name="登录", exact=True))

    sign_in()
    page.goto(reverse("two_factor_setup") + "?begin")
    expect(page.locator("img.qr")).to_be_visible()
    page.locator("summary").click()
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    key = b32decode(secret)
    page.locator("input[name=token]").fill(f"{totp(key):06d}")
    click_through(page.get_by_role("button", name="启用"))
    expect(page.locator(".recovery-codes li")).to_have_count(10)
    recovery = page.locator(".recovery-codes li").first.inner_text()
    assert bytes.fromhex(decrypt(SecondFactor.objects.get().secret_cipher)) == key
    Session.objects.all().delete()
    sign_in()
    expect(page.locator("h1")).to_have_text("第二步验证")
    assert_accessible(page)
    page.locator("input[name=token]").fill(recovery)
    click_through(page.get_by_role("button", name="登录", exact=True))
    expect(page.get_by_text("我的工作台").first).to_be_visible()
