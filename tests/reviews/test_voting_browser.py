"""Voting on a phone and at a shared terminal in a real browser: few taps, nothing lost, nothing twice, nothing left behind."""

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from campaign.ballots.models import Batch, Channel, Paper, Tally
from orgs.models import HeadCount, Session
from reviews.models.rounds import EvaluationRound
from reviews.selectors.channels import units_of
from reviews.services.channels import ballots_plan, slips_print
from reviews.services.rounds import round_open
from tests.chromium import Login, assert_accessible, at_rest, click_through, too_wide
from tests.reviews.rounds import planned, running
from tests.world import World, make_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]

BEYOND_THE_ANSWERS = 12
CAST = "提交测评票"


@pytest.fixture
def ground(transactional_db: None) -> World:
    """A campaign of this year, and branches of eleven: ten for each of them to rate."""
    world = make_world(members_per_branch=11)
    world.campaign(starts_on=dt.date(timezone.localdate().year, 1, 1))
    return world


def answer_everything(page: Page, label: str = "满意") -> int:
    at_rest(page)
    questions = page.locator("fieldset").all()
    for question in questions:
        question.get_by_text(label, exact=True).click()
    return len(questions)


def cast(page: Page) -> None:
    page.get_by_role("button", name=CAST).click()
    page.get_by_role("dialog").get_by_role("button", name=CAST).click()


def counted() -> int:
    """Return how many answers to one question of one subject were counted."""
    return sum(sum(counts[:5]) for counts in Tally.objects.filter(subject_id=first()).values_list("counts", flat=True))


def first() -> int:
    return int(Tally.objects.order_by("subject_id").values_list("subject_id", flat=True)[0])


def with_slips(world: World) -> tuple[EvaluationRound, list[str]]:
    HeadCount.objects.create(organization=world.orgs["east_one"], workers=6)
    held, staff = planned(world), world.user("staff", "east")
    numbers = {unit.organization.pk: unit.workers for unit in units_of(held)}
    ballots_plan(evaluation_round=held, actor=staff, channel=Channel.SLIP, key="all", numbers=numbers)
    (codes,) = slips_print(evaluation_round=held, batches=list(Batch.objects.all()), actor=staff).values()
    return round_open(evaluation_round=held, actor=staff), codes


def test_ten_are_rated_with_few_taps_beyond_the_answers(ground: World, phone: Page, login: Login) -> None:
    running(ground, template="member")
    taps: list[int] = []
    phone.expose_function("tapped", lambda: taps.append(1))
    phone.add_init_script("document.addEventListener('pointerdown', () => window.tapped(), true)")
    login(phone, ground.user("member", "east_one"))
    phone.goto(reverse("vote_list"))
    taps.clear()
    click_through(phone.get_by_role("link", name="投票", exact=True))
    expect(phone.locator("section.card")).to_have_count(10)
    answers = answer_everything(phone, "比较满意")
    cast(phone)
    expect(phone.get_by_text("已投票")).to_be_visible()
    assert answers == 40
    assert answers < len(taps) <= answers + BEYOND_THE_ANSWERS
    assert Paper.objects.filter(marked=True).count() == 1


def test_a_lost_connection_loses_no_answer_and_counts_none_twice(
    ground: World, phone: Page, login: Login, complaints: list[str]
) -> None:
    running(ground)
    login(phone, ground.user("member", "east_one"))
    phone.goto(reverse("vote_list"))
    click_through(phone.get_by_role("link", name="投票", exact=True))
    expect(phone.locator("fieldset").first).to_be_visible()
    answers = answer_everything(phone)

    # Nothing arrives.
    phone.route("**/votes/*/", lambda route: route.abort())
    cast(phone)
    expect(phone.get_by_text("网络中断")).to_be_visible()
    expect(phone.locator("input:checked")).to_have_count(answers)
    assert counted() == 0
    phone.unroute("**/votes/*/")

    # It arrives, and the answer is lost: pressing again counts nothing more, and the page says that it is done.
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    phone.route("**/votes/*/", lose_the_answer, times=1)
    cast(phone)
    expect(phone.get_by_text("网络中断")).to_be_visible()
    assert counted() == 1
    cast(phone)
    expect(phone.get_by_text("已投票")).to_be_visible()
    assert counted() == 1

    # Nor does the way back bring the filled-in paper to light.
    phone.go_back()
    expect(phone.locator("h1")).to_be_visible()
    expect(phone.locator("input:checked")).to_have_count(0)
    # The browser tells of what did not arrive, and of the second sending that counted nothing.
    assert all("ERR_FAILED" in told or "409" in told for told in complaints)
    complaints.clear()


def test_two_quick_taps_are_one_vote(ground: World, phone: Page, login: Login) -> None:
    held = running(ground)
    login(phone, ground.user("member", "east_one"))
    phone.goto(reverse("vote", args=[held.pk]))
    answer_everything(phone)
    phone.get_by_role("button", name=CAST).click()
    phone.get_by_role("dialog").get_by_role("button", name=CAST).dblclick()
    expect(phone.get_by_text("已投票")).to_be_visible()
    assert counted() == 1


def test_an_expired_login_counts_nothing_and_forgets(ground: World, phone: Page, login: Login) -> None:
    held = running(ground)
    login(phone, ground.user("member", "east_one"))
    phone.goto(reverse("vote", args=[held.pk]))
    answer_everything(phone)
    Session.objects.all().delete()
    cast(phone)
    expect(phone.locator("[data-expired]")).to_be_visible()
    expect(phone.locator("input:checked")).to_have_count(0)
    assert counted() == 0
    click_through(phone.get_by_role("link", name="重新登录"))
    expect(phone.locator("input[name=password]")).to_be_visible()


def test_a_slip_is_scanned_and_leaves_no_code_behind(ground: World, phone: Page) -> None:
    _held, codes = with_slips(ground)
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.goto(f"{reverse('slip_enter')}#{codes[0]}")
    expect(phone.locator("fieldset").first).to_be_visible()
    assert codes[0] not in phone.url
    assert_accessible(phone)
    assert too_wide(phone) == 0
    answer_everything(phone)
    cast(phone)
    expect(phone.get_by_role("heading", name="投票成功")).to_be_visible()
    assert counted() == 1
    assert not any(codes[0] in address.partition("#")[0] for address in asked)
    assert not [cookie for cookie in phone.context.cookies() if cookie["name"] == "sessionid"]
    # htmx notes the address of the page; nothing else is kept.
    kept = phone.evaluate("Object.entries({ ...localStorage, ...sessionStorage })")
    assert [value for key, value in kept if key != "htmx-current-path-for-history"] == []
    assert reverse("slip_done") in str(kept)


def test_a_shared_terminal_forgets(ground: World, page: Page) -> None:
    _held, codes = with_slips(ground)
    start = f"{reverse('slip_enter')}?terminal=1"
    page.clock.install()
    for code in codes[:2]:
        page.goto(start)
        field = page.get_by_label("小票上的投票码")
        expect(field).to_have_value("")
        field.fill(code)
        click_through(page.get_by_role("button", name="打开测评票"))
        answer_everything(page)
        if code == codes[1]:
            break  # goes away without casting
        cast(page)
        expect(page.get_by_role("heading", name="投票成功")).to_be_visible()
        page.clock.fast_forward("00:10")
        expect(field).to_be_visible()
        page.go_back()
        expect(page.locator("main")).to_be_visible()
        expect(page.locator("input:checked")).to_have_count(0)
    page.wait_for_timeout(300)  # the page hears of the last scrolling a moment later, and begins to count anew
    page.clock.fast_forward("03:10")
    expect(page.get_by_label("小票上的投票码")).to_have_value("")
    expect(page.locator("fieldset")).to_have_count(0)
    assert counted() == 1


def test_several_rounds_are_open_at_once(ground: World, phone: Page, login: Login) -> None:
    names = ("年度评议", "承诺兑现评议")
    made: list[Any] = [running(ground, name=names[0]), running(ground, name=names[1], template="pledge_organization")]
    login(phone, ground.user("member", "east_one"))
    for name in names:
        phone.goto(reverse("vote_list"))
        card = phone.locator(".card", has_text=name)
        click_through(card.get_by_role("link", name="投票", exact=True))
        expect(phone.locator("h1")).to_have_text(name)
        answer_everything(phone, "满意" if name == names[0] else "已兑现")
        cast(phone)
        expect(phone.locator(".card", has_text=name).get_by_text("已投票")).to_be_visible()
    assert Paper.objects.filter(ballot__in=[held.pk for held in made], marked=True).count() == 2
