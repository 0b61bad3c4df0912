"""A real Chromium for tests marked `browser`: pages that fail on anything the browser complains about.

    def test_board(page, login, secretary):
        login(page, secretary)
        page.goto("/pledges/")
        click_through(page.get_by_role("link", name="我的承诺"))
        assert_accessible(page)

A click returns before the page that it leads to is there: whoever reads at once (`evaluate`, `inner_text`, `count`, `url`,
the database, axe) reads the old page, or none, and what is pressed at once finds no scripts yet. So what leads on goes
through `click_through` or `turning`, or an `expect` of what only the new page shows comes next.

`page` is a desktop of 1440 × 900, `phone` a phone of 390 × 844; both talk to pytest-django's live server. The test fails at
its end when the page logged an error, threw one or broke the Content-Security-Policy; a test that expects one takes the
fixture `complaints` and empties it.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from threading import Condition, current_thread, main_thread
from typing import Any

import pytest
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", event =>
  console.error(`Content-Security-Policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""
# Half-way through a transition a colour is neither the old nor the new one. A spinner turns without end, so it is left alone.
SETTLE = """
() => Promise.all(document.getAnimations()
  .filter(animation => animation.effect.getComputedTiming().endTime !== Infinity)
  .map(animation => animation.finished.catch(() => {})))
"""
SERIOUS = {"serious", "critical"}

Login = Callable[[Page, Any], None]


def find_chromium() -> str | None:
    """Return the path of the machine's Chromium: CHROMIUM, else the first of the usual names, else None."""
    if given := os.environ.get("CHROMIUM"):
        return shutil.which(given)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium (install it, or set CHROMIUM)")
    with sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browser had to say against the pages of this test; anything left at the end fails it."""
    said: list[str] = []
    yield said
    assert said == []


def context_of(browser: Browser, server: LiveServer, width: int, height: int, **options: Any) -> BrowserContext:
    context = browser.new_context(
        base_url=server.url,
        viewport={"width": width, "height": height},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        reduced_motion="reduce",
        **options,
    )
    context.set_default_timeout(15_000)
    context.add_init_script(REPORT_VIOLATIONS)
    return context


def listening_page(context: BrowserContext, complaints: list[str]) -> Page:
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


@pytest.fixture
def answered(live_server: LiveServer) -> Iterator[LiveServer]:
    """The live server; when the browser has gone, what it last asked for is answered before the database is emptied."""
    change, running = Condition(), 0

    def count_one(number: int) -> None:
        nonlocal running
        if current_thread() is main_thread():
            return  # a request of the test's own client
        with change:
            running += number
            change.notify_all()

    def begun(**_signal: object) -> None:
        count_one(1)

    def done(**_signal: object) -> None:
        count_one(-1)

    request_started.connect(begun)
    request_finished.connect(done)
    yield live_server
    with change:
        assert change.wait_for(lambda: running == 0, timeout=60), f"{running} requests are not answered"
    request_started.disconnect(begun)
    request_finished.disconnect(done)


@pytest.fixture
def page(chromium: Browser, answered: LiveServer, complaints: list[str]) -> Iterator[Page]:
    context = context_of(chromium, answered, 1440, 900)
    yield listening_page(context, complaints)
    context.close()


@pytest.fixture
def phone(chromium: Browser, answered: LiveServer, complaints: list[str]) -> Iterator[Page]:
    context = context_of(chromium, answered, 390, 844, has_touch=True, is_mobile=True, device_scale_factor=2)
    yield listening_page(context, complaints)
    context.close()


@pytest.fixture
def login(live_server: LiveServer) -> Login:
    """Sign a user in without the form: `login(page, user)`."""

    def sign_in(page: Page, user: Any) -> None:
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
        name = settings.SESSION_COOKIE_NAME
        page.context.clear_cookies()
        page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])

    return sign_in


MARKS = count(1)


@contextmanager
def turning(page: Page) -> Iterator[None]:
    """What is done inside leads to another page, or to the same one anew; afterwards that one is there and loaded.

    The page that is left bears a mark, so that it cannot be taken for the one that comes, whatever their addresses are.
    """
    mark = next(MARKS)
    page.evaluate("mark => document.documentElement.setAttribute('data-left', mark)", str(mark))
    yield
    expect(page.locator(f"html:not([data-left='{mark}'])")).to_be_attached()
    at_rest(page)


def click_through(link: Locator) -> None:
    """Click what leads to another page and wait until that one is there."""
    with turning(link.page):
        link.click()


def opened_without(page: Page, address: str, script: str) -> Callable[[], None]:
    """Open a page of which one script (`app`, `draft`) is still on its way; returns what lets it come."""
    waiting, its_address = list[Route](), re.compile(rf"/js/{script}\.")
    page.route(its_address, lambda route: waiting.append(route))  # noqa: PLW0108 - Playwright names its handlers
    with page.expect_request(its_address):
        page.goto(address, wait_until="commit")

    def come() -> None:
        for route in waiting:
            route.continue_()
        page.wait_for_load_state()

    return come


def at_rest(page: Page) -> None:
    """Wait until the page is loaded and nothing on it moves any more."""
    page.wait_for_load_state()
    expect(page.locator("body")).to_be_attached()
    page.evaluate(SETTLE)


def too_wide(page: Page) -> int:
    """Return by how many pixels the page is wider than the screen; 0 where it fits."""
    at_rest(page)
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return max(wider, 0)


def violations(page: Page) -> list[str]:
    """Return what axe finds serious or critical on the page once it has come to rest, one line for each element."""
    from axe_playwright_python.sync_playwright import Axe

    at_rest(page)
    return [
        f"{rule['id']}: {node['target']} {node.get('failureSummary', '')}"
        for rule in Axe().run(page).response["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


def assert_accessible(page: Page) -> None:
    assert violations(page) == []
