"""The browser's fixtures notice what they promise to notice."""

import pytest
from playwright.sync_api import Page

from tests.chromium import violations

pytestmark = pytest.mark.browser
ADDRESS = "/login/"


def test_a_broken_security_policy_is_noticed(page: Page, complaints: list[str]) -> None:
    page.goto(ADDRESS)
    assert complaints == []
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.wait_for_function("() => true")
    assert any("style-src" in complaint for complaint in complaints)
    complaints.clear()


def test_an_error_in_a_script_is_noticed(phone: Page, complaints: list[str]) -> None:
    phone.goto(ADDRESS)
    phone.evaluate("setTimeout(() => { throw new Error('lost') }, 0)")
    phone.wait_for_timeout(100)
    assert [complaint for complaint in complaints if "lost" in complaint]
    complaints.clear()


def test_axe_finds_what_is_wrong_with_a_page(page: Page, complaints: list[str]) -> None:
    page.goto(ADDRESS)
    page.evaluate("document.body.innerHTML = '<img src=\"/static/img/star.svg\"><input>'")
    found = violations(page)
    assert any(line.startswith("image-alt") for line in found)
    assert any(line.startswith("label") for line in found)
    complaints.clear()
