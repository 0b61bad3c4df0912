"""Every page, read by axe at the desk and on a phone: nothing serious, and nothing wider than the screen."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse
from playwright.sync_api import Page, expect

from campaign.common import clock
from campaign.demo.logins import PASSWORD
from campaign.demo.people import SIZES, Size
from campaign.demo.seed import demo_seed
from campaign.models import Campaign
from orgs.models import Member, Organization, User
from pledges.models import Pledge, PledgeItem, PledgeProgress, ProgressEvidence
from pledges.services import pledge_start
from reviews.models import ReviewMode
from reviews.services import leader_review_create
from tests.browser import steps
from tests.browser.books import bad_workbook
from tests.browser.rare import code_of_a_screen, code_of_a_slip, link_by_mail, rare_pages, second_factor
from tests.chromium import Login, click_through, too_wide, violations
from tests.orgs.test_sign_in import MAIL

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("demo")]

READERS = ("secretary", "office", "staff", "leader", "committee", "member", "system", "security", "audit")
"""Each page is read by the first of them who finds a link to it."""
NOT_PAGES = {
    "admin_login": "leads on to signing in",
    "admin_password": "leads on to the page where passwords are changed",
    "contact_import_annotated": "a file",
    "contact_visit_import_annotated": "a file",
    "entry_document": "a file",
    "entry_import_annotated": "a file",
    "healthz": "answers machines",
    "import_annotated": "a file",
    "item_import_annotated": "a file",
    "jobs_download": "a file",
    "jobs_fragment": "a part of the job's page",
    "leadership_import_annotated": "a file",
    "nomination_import_annotated": "a file",
    "notice_open": "leads on to what the reminder is about",
    "organization_children": "a part of the tree",
    "plan_attachment": "a file",
    "pledge_import_annotated": "a file",
    "problem_import_annotated": "a file",
    "review_import_annotated": "a file",
    "secretary_file": "a file",
}
AT_THE_DOOR = {
    "hall_board",
    "hall_enter",
    "hall_pledge",
    "hall_screen",
    "login",
    "password_forgotten",
    "password_link",
    "slip_done",
    "slip_enter",
    "two_factor_verify",
    "two_factor_off",
}
"""Pages for who has not signed in, or not with the second factor: no link leads to them."""
LINK = re.compile(r'href="(/[^"]*)"')
LOOKED_AT = 4
"""So many pages of a kind are searched for links: not every pledge can be appraised, not every batch edited."""
DARK = ("/", "/pledges/board/", "/reviews/votes/", "/scores/", "/awards/", "/members/", "/reports/roster/")


@pytest.fixture
def demo(emptied: None, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """The whole story of the demo in one company, with a review and a pledge that are still being written."""
    monkeypatch.setitem(SIZES, "s", Size(companies=1, branches=7, members=12))
    campaign = demo_seed(size="s", stage="awards", seed=1, today=clock.today(), say=lambda _text: None)
    secretary = User.objects.get(username="secretary")
    member = Member.objects.filter(organization=secretary.organization, user__username="member").get()
    newcomer = Member.objects.create(personnel_no="N-1", name="郑新", sex="male", organization=secretary.organization)
    pledge_start(campaign=campaign, actor=secretary, member=newcomer)
    leader_review_create(
        actor=secretary, campaign=campaign, subject=member, mode=ReviewMode.ONSITE, held_on=clock.today()
    )
    return campaign


@pytest.mark.parametrize("device", ["page", "phone"])
def test_every_page_is_accessible_and_fits(
    request: pytest.FixtureRequest, login: Login, demo: Campaign, device: str
) -> None:
    screen: Page = request.getfixturevalue(device)
    screen.emulate_media(reduced_motion="reduce")
    faults, missed, rare = [], pages() - AT_THE_DOOR, rare_pages(demo)
    for reader in READERS:
        login(screen, User.objects.get(username=reader))
        for name, address in found_by(reader, missed, rare).items():
            missed.discard(name)
            if not address:
                continue
            screen.goto(address)
            faults += [f"{reader} {address}: {fault}" for fault in faults_of(screen)]
    assert not faults, "\n".join(faults)
    assert missed == set()


@pytest.mark.parametrize("device", ["page", "phone"])
def test_pages_that_answer_are_accessible_and_fit(request: pytest.FixtureRequest, login: Login, device: str) -> None:
    """A workbook that was refused."""
    screen: Page = request.getfixturevalue(device)
    login(screen, User.objects.get(username="office"))
    steps.send_workbook(screen, "党员名册", "党员花名册.xlsx", bad_workbook())
    assert faults_of(screen) == []


@override_settings(**MAIL)
@pytest.mark.parametrize("device", ["page", "phone"])
def test_pages_at_the_door_are_accessible_and_fit(request: pytest.FixtureRequest, device: str) -> None:
    screen: Page = request.getfixturevalue(device)
    member, code, seen, faults = User.objects.get(username="member"), code_of_a_screen(), set[str](), []

    def look() -> None:
        path = urlsplit(screen.url).path
        seen.add(resolve(path).url_name or "")
        faults.extend(f"{path}: {fault}" for fault in faults_of(screen))

    screen.goto(reverse("login"))
    click_through(steps.main(screen).get_by_role("button", name="登录"))
    expect(screen.get_by_role("alert")).to_be_visible()
    look()
    screen.goto(reverse("password_forgotten"))
    look()
    screen.goto(link_by_mail(member))
    look()
    screen.goto(reverse("slip_enter"))
    look()
    screen.goto("about:blank")
    screen.goto(f"{reverse('slip_enter')}#{code_of_a_slip()}")
    expect(screen.locator("[data-vote]")).to_be_visible()
    look()
    screen.goto(reverse("slip_done"))
    look()
    screen.goto(reverse("hall_enter"))
    look()
    for begin, wanted in (("", "hall_board"), ("?screen=1", "hall_screen")):
        screen.goto("about:blank")
        screen.goto(f"{reverse('hall_enter')}{begin}#{code}")
        screen.wait_for_url(f"**{reverse(wanted)}")
        look()
        if wanted == "hall_board":
            click_through(screen.locator("a[href^='/pledges/hall/pledges/']").first)
            look()
    recovery = second_factor(member)
    screen.goto(reverse("login"))
    screen.locator("input[name=username]").fill(member.username)
    screen.locator("input[name=password]").fill(PASSWORD)
    click_through(screen.get_by_role("button", name="登录", exact=True))
    look()
    screen.locator("input[name=token]").fill(recovery)
    click_through(screen.get_by_role("button", name="登录", exact=True))
    expect(screen.get_by_role("heading", name="我的工作台")).to_be_visible()
    screen.goto(reverse("two_factor_off"))
    look()
    assert not faults, "\n".join(faults)
    assert seen == AT_THE_DOOR


def test_pages_are_accessible_in_the_dark(page: Page, login: Login) -> None:
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    login(page, User.objects.get(username="secretary"))
    faults = []
    for address in DARK:
        page.goto(address)
        faults += [f"{address}: {fault}" for fault in faults_of(page)]
    assert not faults, "\n".join(faults)


def faults_of(page: Page) -> list[str]:
    """Return what axe finds serious or critical, and that something is wider than the screen."""
    wider = too_wide(page)
    return [*violations(page), *([f"{wider} pixels wider than the screen"] if wider else [])]


def pages() -> set[str]:
    """Return the names of all addresses that show a page."""
    return {name for name, methods in _decided(get_resolver().url_patterns) if "GET" in methods} - set(NOT_PAGES)


def _decided(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[tuple[str, Iterable[str]]]:
    """Give each address with the methods that `@access` decides; Django's own admin has none."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _decided(pattern.url_patterns)
        elif methods := getattr(pattern.callback, "access", None):
            yield str(pattern.name), methods


def corners() -> list[str]:
    """Return what hangs on a rare state: the pages that lead there are too many to look at each."""
    learning = Member.objects.on_probation().first()
    ended = Organization.objects.filter(is_active=False).first()
    found: list[tuple[str, Any]] = [(name, learning) for name in ("member_probation_extend", "member_probation_finish")]
    found += [("organization_activate", ended)]
    found += [("pledge_edit", pledge) for pledge in Pledge.objects.filter(state="draft")]
    secretary = User.objects.get(username="secretary")
    found += [("pledge_display", Pledge.objects.public().filter(reviewing_organization=secretary.organization).first())]
    shown = ProgressEvidence.objects.filter(progress__item__result="pending").first()
    shown = shown or ProgressEvidence.objects.first()
    found += [(name, shown and shown.progress.item.pledge) for name in ("pledge_detail", "pledge_progress")]
    noted = PledgeProgress.objects.filter(item__result="pending", item__pledge__state="in_progress")
    found += [("evidence_add", noted.filter(item__pledge__organization=secretary.organization).first())]
    lists = ("adjustment_list", "comment_list", "pledge_overdue", "pledge_appraise_many")
    return [
        *(reverse(name) for name in lists),
        *(reverse(name, args=[record.pk]) for name, record in found if record is not None),
        *(
            reverse("pledge_adjust", args=[item.pledge_id, item.order])
            for item in PledgeItem.objects.filter(pledge__state="in_progress", result="pending")[:3]
        ),
    ]


def found_by(reader: str, wanted: set[str], rare: Iterable[str]) -> dict[str, str]:
    """Return an address of each kind of page that `reader` reaches by links, of those that are `wanted`; "" for a file.
    To those of `rare` states no link is looked for."""
    client, found, visits = Client(), dict[str, str](), Counter[str]()
    client.force_login(User.objects.get(username=reader), backend=settings.AUTHENTICATION_BACKENDS[-1])
    waiting, seen = deque([reverse("home"), reverse("gallery"), *corners(), *rare]), set[str]()
    while waiting:
        address = waiting.popleft()
        name = resolve(address.partition("?")[0]).url_name or ""
        if address in seen or visits[name] >= LOOKED_AT or name not in pages():
            continue
        seen.add(address)
        visits[name] += 1
        answer = client.get(address, follow=True)
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            found[name] = ""
            continue
        if name in wanted and answer.status_code == 200:
            found.setdefault(name, address)
        links = map(unescape, LINK.findall(answer.content.decode()))
        waiting.extend(link.partition("#")[0] for link in links if not link.startswith(("/static/", "/admin/")))
    return found
