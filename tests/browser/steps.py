"""What people do on the main path, in the words of the interface. Each step begins where its person would begin."""

import datetime as dt
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils import timezone
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Locator, Page, expect

from tests.chromium import click_through, turning


@dataclass(frozen=True)
class Promise:
    """One item of a pledge as it is typed."""

    text: str
    target: str
    due_on: str


# --- what all pages share -----------------------------------------------------------------------------------------------


def main(page: Page) -> Locator:
    return page.get_by_role("main")


def press(page: Page, name: str) -> None:
    """Press the button of this name in the content of the page."""
    main(page).get_by_role("button", name=name, exact=True).first.click()


def follow(page: Page, name: str) -> None:
    """Follow the link of this name in the content to its page."""
    click_through(link(page, name))


def link(page: Page, name: str) -> Locator:
    return main(page).get_by_role("link", name=name, exact=True).first


def agree(page: Page, reason: str = "") -> None:
    """Answer the question before a step with yes, with a reason where it asks for one."""
    ask = page.get_by_role("dialog")
    expect(ask).to_be_visible()
    if reason:
        ask.locator("textarea").fill(reason)
    ask.locator("[data-ask-yes]").click()


def search_and_choose(page: Page, label: str, text: str) -> None:
    """Type into a searchable select and take the first that is found."""
    page.get_by_role("combobox", name=label).click()
    page.keyboard.type(text)
    expect(page.locator(".option.active")).to_contain_text(text)
    page.keyboard.press("Enter")


def told(page: Page, text: str) -> None:
    """The page says so in a message."""
    expect(page.get_by_role("status").filter(has_text=text).first).to_be_visible()


def downloaded(page: Page, click: Callable[[], None]) -> tuple[str, Workbook]:
    """Return the name and the content of the workbook that a click brings."""
    with page.expect_download() as waiting:
        click()
    file = waiting.value
    return file.suggested_filename, load_workbook(io.BytesIO(Path(file.path()).read_bytes()))


# --- importing ----------------------------------------------------------------------------------------------------------


def send_workbook(page: Page, kind: str, name: str, content: bytes) -> None:
    page.goto("/imports/")
    page.get_by_label(kind, exact=True).check()
    page.get_by_label("工作簿").set_input_files(
        {
            "name": name,
            "mimeType": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "buffer": content,
        }
    )
    press(page, "检查文件")
    page.wait_for_url(re.compile(r"/imports/[0-9a-f-]{36}/"))


def store_all(page: Page) -> None:
    with turning(page):
        press(page, "全部入库")
    told(page, "已全部入库")


# --- the campaign and its pledges ---------------------------------------------------------------------------------------


def start_campaign(page: Page, *, code: str, starts_on: str) -> None:
    page.goto("/campaigns/")
    follow(page, "新建活动")
    page.get_by_label("主办党组织").select_option(index=1)
    page.get_by_label("开始日期").fill(starts_on)
    page.get_by_label("编码").fill(code)
    with turning(page):
        press(page, "启动活动")
    told(page, "活动已创建")


def begin_pledge(page: Page, subject: str) -> None:
    page.goto("/pledges/mine/")
    page.locator(".pledge-start").filter(has_text=subject).get_by_role("button", name="现在就写").click()
    page.wait_for_url("**/edit/")


def write_items(page: Page, items: Sequence[Promise]) -> None:
    for place, item in enumerate(items):
        if place:
            press(page, "再加一项")
        written = page.get_by_role("group", name=f"第{place + 1}项")
        written.get_by_label("承诺内容").fill(item.text)
        written.get_by_label("目标").fill(item.target)
        written.get_by_label("完成时限").fill(item.due_on)


def submit_pledge(page: Page) -> None:
    press(page, "提交审诺")
    agree(page)
    page.wait_for_url(re.compile(r"/pledges/\d+/$"))
    told(page, "已提交")


def return_pledge(page: Page, reason: str) -> None:
    page.goto("/pledges/queue/")
    follow(page, "细看或退回")
    page.get_by_label("总体意见").fill(reason)
    press(page, "退回修改")
    page.wait_for_url("**/pledges/queue/")


def open_returned_pledge(page: Page) -> None:
    """From the desk, as the tile leads."""
    page.goto("/")
    click_through(page.get_by_role("link", name="退回给您的承诺"))
    follow(page, "看退回原因并修改")


def publish_pledge(page: Page) -> None:
    """Read it closely, approve it and put it on the board."""
    page.goto("/pledges/queue/")
    follow(page, "细看或退回")
    press(page, "审定并公示")
    page.wait_for_url("**/pledges/queue/")


def publish_ticked(page: Page, name: str) -> None:
    page.goto("/pledges/queue/")
    page.get_by_label(name).check()
    press(page, "审定并公示勾选的承诺")
    expect(main(page)).to_contain_text("全部审完")


def appraise_pledge(page: Page, name: str, results: Sequence[tuple[str, str]]) -> None:
    """Judge item by item: the result, and the explanation where one is needed."""
    page.goto("/pledges/")
    follow(page, name)
    follow(page, "评诺")
    for place, (result, text) in enumerate(results):
        judged = page.locator("fieldset.card").nth(place)
        judged.get_by_label(result, exact=True).check()
        judged.get_by_label("说明").fill(text)
    press(page, "保存评诺")
    page.wait_for_url(re.compile(r"/pledges/\d+/$"))


# --- reviews and votes --------------------------------------------------------------------------------------------------


def write_review(page: Page, organization: str, texts: Mapping[str, str]) -> None:
    page.goto("/reviews/new/")
    entry = page.get_by_role("listitem").filter(has_text=organization)
    click_through(entry.get_by_role("link", name="点评"))
    page.get_by_label("现场点评").check()
    for label, text in texts.items():
        page.get_by_label(label).fill(text)
    press(page, "提交点评")
    agree(page)
    page.wait_for_url(re.compile(r"/reviews/\d+/$"))


def set_up_round(page: Page, name: str, branch: str) -> None:
    """Go through the steps of the set-up: one branch, the built-in questions, everybody in one class."""
    page.goto("/reviews/rounds/new/")
    page.get_by_label("评议名称").fill(name)
    page.get_by_label("评议党组织").check()
    page.get_by_label("投票开始").fill(f"{timezone.localtime() - dt.timedelta(hours=1):%Y-%m-%dT%H:%M}")
    press(page, "下一步：评议对象")
    page.wait_for_url(re.compile(r"/reviews/rounds/\d+/subjects/$"))
    page.get_by_label("仅限逐个选定的").check()
    search_and_choose(page, "逐个选定", branch)
    press(page, "保存，下一步：评议内容")
    page.wait_for_url(re.compile(r"/reviews/rounds/\d+/questions/$"))
    press(page, "保存，下一步：参评人员")
    page.wait_for_url(re.compile(r"/reviews/rounds/\d+/raters/$"))
    main(page).get_by_role("button", name="不分票类").click()
    expect(page.locator("input[name='classes-TOTAL_FORMS']")).to_have_value("1")
    press(page, "保存并生成名册")
    told(page, "名册已重新生成")
    follow(page, "下一步：检查并启动")
    page.wait_for_url(re.compile(r"/reviews/rounds/\d+/$"))


def take_step(page: Page, name: str, reason: str = "") -> None:
    """Press the button of a step and agree; the page comes anew."""
    press(page, name)
    with turning(page):
        agree(page, reason)


def fill_ballot(page: Page, answer: str) -> None:
    """Open the paper from the desk and give the same answer to every question."""
    page.goto("/")
    click_through(page.get_by_role("link", name="待投的测评票"))
    follow(page, "投票")
    questions = page.locator("form[data-vote] fieldset")
    expect(questions.first).to_be_visible()
    for question in questions.all():
        question.get_by_label(answer, exact=True).check()
    press(page, "提交测评票")


# --- awards, scores, reports --------------------------------------------------------------------------------------------


def open_batch(page: Page, name: str, closes_on: str) -> None:
    page.goto("/awards/")
    follow(page, "新建评选批次")
    page.get_by_label("批次名称").fill(name)
    page.get_by_label("推荐截止日期").fill(closes_on)
    with turning(page):
        press(page, "保存")
    take_step(page, "开放推荐")


def nominate(page: Page, batch: str, category: str, nominee: str, deeds: str) -> None:
    page.goto("/awards/")
    follow(page, batch)
    follow(page, f"推荐{category}")
    click_through(page.get_by_role("listitem").filter(has_text=nominee).get_by_role("link", name="推荐"))
    page.get_by_label("主要事迹").fill(deeds)
    press(page, "推荐")
    agree(page)
    told(page, "已提交推荐")


def compute_scores(page: Page, period: str, organization: str) -> None:
    page.goto("/scores/")
    follow(page, "计算得分")
    page.get_by_label("考核期").select_option(label=period)
    page.get_by_label("党组织").select_option(label=organization)
    press(page, "计算得分")
    page.wait_for_url("**/jobs/**")


def export(page: Page, report: str, organization: str, **choices: str) -> tuple[str, Workbook]:
    """Ask for a report as a job and fetch its file."""
    page.goto("/reports/")
    follow(page, report)
    for label, value in {"党组织": organization, **choices}.items():
        page.locator(".report-fields").first.get_by_label(label).select_option(label=value)
    press(page, "导出")
    page.wait_for_url("**/jobs/**")
    return downloaded(page, link(page, "下载").click)
