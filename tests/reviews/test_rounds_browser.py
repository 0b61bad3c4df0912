"""Voting on a phone in a real browser, and the pages of a round without anything that axe finds serious."""

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from campaign.ballots.models import Paper, Tally
from reviews.models.rounds import EvaluationRound
from reviews.services.rounds import round_close, round_publish
from tests.chromium import Login, assert_accessible, click_through, too_wide
from tests.reviews.rounds import planned, running, vote, voters
from tests.world import World, make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]


@pytest.fixture
def ground(transactional_db: None) -> World:
    """A campaign of this year: what the live server says is the real time."""
    world = make_world()
    world.campaign(starts_on=dt.date(timezone.localdate().year, 1, 1))
    return world


def test_a_vote_on_a_phone(ground: World, phone: Page, login: Login) -> None:
    held = running(ground)
    login(phone, ground.user("member", "east_one"))
    phone.goto(reverse("vote_list"))
    assert_accessible(phone)
    click_through(phone.get_by_role("link", name="投票", exact=True))
    assert_accessible(phone)
    assert too_wide(phone) == 0
    expect(phone.locator("[data-answered]")).to_have_text("已答0/5项")
    for question in phone.locator("fieldset").all():
        question.get_by_text("比较满意", exact=True).click()
    expect(phone.locator("[data-answered]")).to_have_text("已答5/5项")
    phone.get_by_role("button", name="提交测评票").click()
    dialog = phone.get_by_role("dialog")
    expect(dialog).to_contain_text("不能修改")
    assert not Paper.objects.filter(marked=True).exists()
    dialog.get_by_role("button", name="提交测评票").click()
    expect(phone.get_by_text("已投票")).to_be_visible()
    assert list(Tally.objects.filter(ballot=held.ballot).values_list("counts", flat=True)) == [[0, 1, 0, 0, 0] * 5]


def test_an_unanswered_question_is_not_sent(ground: World, phone: Page, login: Login) -> None:
    running(ground)
    login(phone, ground.user("member", "east_one"))
    phone.goto(reverse("vote", args=[EvaluationRound.objects.get().pk]))
    phone.get_by_role("button", name="提交测评票").click()
    expect(phone.get_by_role("dialog")).to_be_hidden()
    assert not Paper.objects.filter(marked=True).exists()


def test_a_page_open_for_too_long_says_so_and_forgets(ground: World, phone: Page, login: Login) -> None:
    held = running(ground)
    login(phone, ground.user("member", "east_one"))
    phone.clock.install()
    phone.goto(reverse("vote", args=[held.pk]))
    phone.locator("fieldset").first.get_by_text("不满意", exact=True).click()
    phone.clock.fast_forward("31:00")
    expect(phone.get_by_text("本页打开时间过长")).to_be_visible()
    expect(phone.get_by_role("button", name="提交测评票")).to_be_disabled()
    expect(phone.locator("input:checked")).to_have_count(0)


@pytest.mark.parametrize("device", ["page", "phone"])
def test_the_pages_of_a_round(ground: World, device: str, request: Any, login: Login) -> None:
    page: Page = request.getfixturevalue(device)
    planned(ground, scheme="abc", name="准备中")
    open_one = running(ground, name="投票中")
    done = running(ground, subjects=("east_one", "east_two"), name="已公布")
    actor = ground.user("staff", "east")
    for place, voter in enumerate(voters(done)):
        vote(done, voter, place % 4)
    round_close(evaluation_round=done, actor=actor, reason="提前结束")
    done = EvaluationRound.objects.select_related("ballot").get(pk=done.pk)
    round_publish(evaluation_round=done, actor=actor)
    draft = EvaluationRound.objects.get(name="准备中")
    subject = done.ballot.subjects.order_by("pk")[0].pk
    login(page, actor)
    for address in (
        reverse("round_list"),
        reverse("round_create"),
        *(
            reverse(f"round_{part}", args=[draft.pk])
            for part in ("basics", "subjects", "questions", "raters", "detail")
        ),
        reverse("round_extend", args=[open_one.pk]),
        reverse("round_detail", args=[open_one.pk]),
        reverse("round_results", args=[done.pk]),
        reverse("round_result", args=[done.pk, subject]),
    ):
        page.goto(address)
        assert_accessible(page)
        assert too_wide(page) == 0, address
