"""The appraisal of a member in a real browser: written on a phone, decided by the secretary, confirmed above, read."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaign.drafts.models import Draft
from orgs.models import Member
from reviews.services import appraisal_without_ballot
from tests.browser import steps
from tests.chromium import Login, assert_accessible, click_through
from tests.reviews.appraisals import branch_of, entry_of, held
from tests.world import World, make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]


@pytest.fixture
def ground(transactional_db: None) -> World:
    """A campaign of this year: what the live server says is the real time. Two members are enough to decide on."""
    world = make_world()
    world.campaign(starts_on=dt.date(timezone.localdate().year, 1, 1))
    Member.objects.filter(organization=world.orgs["east_one"], pk__gt=world.members["east_one"][1].pk).update(
        organization=world.orgs["east_two"]
    )
    return world


def test_from_the_self_appraisal_to_the_told_result(ground: World, phone: Page, login: Login) -> None:
    today = timezone.localdate()
    days = {"self_until": today, "votes_from": today, "votes_until": today, "decide_until": today}
    found = held(ground, ["east_one"], year=today.year, **days)
    appraisal_without_ballot(actor=ground.user("staff", "east"), appraisal=found, reason="人数少")
    entry, branch = entry_of(found, ground.members["east_one"][1]), branch_of(found, ground.orgs["east_one"])

    login(phone, ground.user("member", "east_one"))
    phone.goto(reverse("appraisal_mine"))
    assert_accessible(phone)
    click_through(phone.get_by_role("link", name="写自评"))
    phone.get_by_label("个人自评").fill("承诺三项全部兑现")
    expect(phone.locator("[data-draft-status]")).to_contain_text("保存")
    assert Draft.objects.filter(key=f"self_appraisal:{entry.pk}").exists()
    phone.get_by_label("合格", exact=True).check()
    click_through(phone.get_by_role("button", name="提交自评"))
    steps.told(phone, "已提交")

    login(phone, ground.user("secretary", "east_one"))
    phone.goto(reverse("appraisal_decide", args=[branch.pk]))
    assert_accessible(phone)
    phone.get_by_label("评定会议日期").fill(today.isoformat())
    for name in ("张建国", "李秀英"):
        phone.get_by_role("group", name=name).get_by_label("支部评定等次").select_option(label="合格")
    steps.take_step(phone, "保存并上报")
    steps.told(phone, "已上报")

    login(phone, ground.user("staff", "east"))
    phone.goto(reverse("appraisal_detail", args=[found.pk]))
    phone.get_by_label("东山公司采掘一区党支部").check()
    steps.take_step(phone, "确认勾选的评定")
    steps.told(phone, "已审核确认1个")

    login(phone, ground.user("member", "east_one"))
    phone.goto(reverse("appraisal_member", args=[entry.pk]))
    expect(phone.get_by_role("heading", name="支部评定")).to_be_visible()
    expect(phone.locator(".state-green", has_text="合格").first).to_be_visible()
    assert_accessible(phone)
