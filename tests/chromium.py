"""A real Chromium for tests marked `browser`: pages that fail on anything the browser complains about.

    def test_board(page, login, secretary):
        login(page, secretary)
        page.goto("/pledges/")
        assert_accessible(page)

`page` is a desktop of 1440 × 900, `phone` a phone of 390 × 844; both talk to pytest-django's live server. The test fails at
its end when the page logged an error, threw one or broke the Content-Security-Policy; a test that expects one takes the
fixture `complaints` and empties it.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError
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
def page(chromium: Browser, live_server: LiveServer, complaints: list[str]) -> Iterator[Page]:
    context = context_of(chromium, live_server, 1440, 900)
    yield listening_page(context, complaints)
    context.close()


@pytest.fixture
def phone(chromium: Browser, live_server: LiveServer, complaints: list[str]) -> Iterator[Page]:
    context = context_of(chromium, live_server, 390, 844, has_touch=True, is_mobile=True, device_scale_factor=2)
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


def violations(page: Page) -> list[str]:
    """Return what axe finds serious or critical on the page once it has come to rest, one line for each element."""
    try:
        found = _looked_at(page)
    except PlaywrightError:  # the page was just being left for the one that was clicked
        found = _looked_at(page)
    return [
        f"{rule['id']}: {node['target']} {node.get('failureSummary', '')}"
        for rule in found
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


def _looked_at(page: Page) -> list[dict[str, Any]]:
    from axe_playwright_python.sync_playwright import Axe

    page.wait_for_load_state()
    page.evaluate(SETTLE)
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return found


def assert_accessible(page: Page) -> None:
    assert violations(page) == []
