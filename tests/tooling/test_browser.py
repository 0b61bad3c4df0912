"""The browser's fixtures notice what they promise to notice."""

import pytest
from playwright.sync_api import Page

from tests.chromium import violations

pytestmark = pytest.mark.browser
ADDRESS = "/login/"


def heard(page: Page, complaints: list[str], what: str) -> None:
    """Wait until a complaint has come: the browser tells of it when it finds the time."""
    for _moment in range(100):
        if any(what in complaint for complaint in complaints):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"nothing was said of {what}")


def test_a_broken_security_policy_is_noticed(page: Page, complaints: list[str]) -> None:
    page.goto(ADDRESS)
    assert complaints == []
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    heard(page, complaints, "violates")  # the browser tells of it itself as well
    heard(page, complaints, "Content-Security-Policy: style-src")
    complaints.clear()


def test_an_error_in_a_script_is_noticed(phone: Page, complaints: list[str]) -> None:
    phone.goto(ADDRESS)
    phone.evaluate("setTimeout(() => { throw new Error('lost') }, 0)")
    heard(phone, complaints, "lost")
    complaints.clear()


def test_axe_finds_what_is_wrong_with_a_page(page: Page, complaints: list[str]) -> None:
    page.goto(ADDRESS)
    page.evaluate("document.body.innerHTML = '<img src=\"/static/img/star.svg\"><input>'")
    found = violations(page)
    assert any(line.startswith("image-alt") for line in found)
    assert any(line.startswith("label") for line in found)
    complaints.clear()
