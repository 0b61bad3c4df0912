"""Takes the pictures of the user manual from a running demo:

    python -m tests.browser.pictures http://localhost:8000 PASSWORD

The demo must be fresh (`manage.py seed_demo`); PASSWORD is that of its accounts.
"""

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import steps
from tests.chromium import FLAGS, find_chromium
from tests.orgs.books import person, roster

DOCS = Path(__file__).parents[2] / "docs"
DESK, PHONE = (1280, 760), (390, 780)
MOST_BYTES = 150_000


@dataclass(frozen=True)
class Picture:
    file: str
    account: str
    size: tuple[int, int]
    show: Callable[[Page], None]
    """Opens the page and scrolls to what the picture is about."""


def at(address: str, *links: str, upto: str = "") -> Callable[[Page], None]:
    """Open a page, follow links by their names, scroll to the text `upto`."""

    def show(page: Page) -> None:
        page.goto(address)
        for link in links:
            steps.main(page).get_by_role("link", name=re.compile(link)).first.click()
            page.wait_for_load_state()
        if upto:
            page.get_by_text(upto).first.evaluate("element => element.scrollIntoView({block: 'start'})")
            page.mouse.wheel(0, -90)

    return show


def mistakes(page: Page) -> None:
    """A roster of the first branch with four kinds of mistakes."""
    page.goto("/members/")
    branch = page.locator("main tbody tr").first.locator("td").nth(1).inner_text()
    other = branch.replace("党支部", "支部")
    rows = [
        person(1, 所在党组织=branch),
        person(2, **{"姓 名": "", "所在党组织": branch}),
        *(person(number, 所在党组织=f"{other}委员会") for number in (3, 4, 5)),
        person(6, 所在党组织=branch, 入党时间="2005年13月1日"),
        person(7, 所在党组织=branch, 性别="女"),
    ]
    steps.send_workbook(page, "党员名册", "党员花名册.xlsx", roster(*rows))


def preview(page: Page) -> None:
    page.goto("/reports/")
    steps.main(page).get_by_role("link", name="综合得分汇总表", exact=True).first.click()
    steps.press(page, "预览")


PICTURES = (
    Picture("images/desk.png", "office", DESK, at("/")),
    Picture("manual/desk-phone.png", "secretary", PHONE, at("/")),
    Picture("manual/import.png", "staff", DESK, mistakes),
    Picture("manual/campaign.png", "office", DESK, at("/campaigns/", "创先争优")),
    Picture("manual/queue.png", "staff2", DESK, at("/pledges/queue/")),
    Picture("manual/board-phone.png", "member", PHONE, at("/pledges/board/")),
    Picture("manual/review-phone.png", "secretary", PHONE, at("/reviews/new/", "点评$")),
    Picture("manual/vote-phone.png", "member", PHONE, at("/reviews/votes/", "投票", upto="1. ")),
    Picture("manual/results.png", "staff", DESK, at("/reviews/rounds/", "上半年.*群众评议")),
    Picture("manual/awards.png", "office", DESK, at("/awards/")),
    Picture("manual/score.png", "secretary", DESK, at("/scores/", "党支部", "走势和对比", "上半年$")),
    Picture("manual/score-course.png", "secretary", DESK, at("/scores/", "党支部", "走势和对比")),
    Picture("manual/score-sheet.png", "office", DESK, at("/scores/sheets/", "党支部评分标准", "继续修改草稿")),
    Picture("manual/report.png", "staff", DESK, preview),
    Picture("manual/reports.png", "staff", DESK, at("/reports/")),
    Picture("manual/bundle.png", "staff", DESK, at("/reports/bundle/")),
)


def main(base_url: str, password: str) -> None:
    with sync_playwright() as playwright:
        # Dates and files are shown by the browser's own controls, in the language of its environment.
        environment: dict[str, str | float | bool] = {**os.environ, "LANGUAGE": "zh_CN"}
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS, env=environment)
        for picture in PICTURES:
            take(browser, picture, base_url, password)
        browser.close()


def take(browser: Browser, picture: Picture, base_url: str, password: str) -> None:
    width, height = picture.size
    context = browser.new_context(base_url=base_url, viewport={"width": width, "height": height}, locale="zh-CN")
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("账号").fill(picture.account)
    page.locator("[name=password]").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login/" not in url)
    picture.show(page)
    page.wait_for_timeout(300)
    target = DOCS / picture.file
    target.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target)
    with Image.open(target) as shot:
        shot.convert("RGB").quantize(256).save(target, optimize=True)
    size = target.stat().st_size
    print(f"{picture.file}: {size // 1000} KB{' (too large)' if size > MOST_BYTES else ''}")
    context.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
