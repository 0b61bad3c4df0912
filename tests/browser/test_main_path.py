"""One campaign from an imported roster to exported reports, in a real browser and in Chinese, as people do it.

The live server goes by the real clock, so the campaign is begun early enough that today lies in its second stage, which
allows everything but the summing-up.
"""

import datetime as dt
import re
from typing import Any

import pytest
from openpyxl.worksheet.worksheet import Worksheet
from playwright.sync_api import Page, expect

from awards.models import Honour
from campaign.blueprints import add_months
from campaign.common import clock
from campaign.models import Period
from orgs.models import Member, Organization
from pledges.models import Pledge, PledgeState
from reviews.models import EvaluationRound
from reviews.services import vote_cast
from tests.browser import steps
from tests.browser.books import (
    BRANCH,
    COMPANY,
    GROUP,
    NAMES,
    OTHER_BRANCH,
    bad_workbook,
    members_workbook,
    organizations_workbook,
)
from tests.browser.cast import Cast, branch
from tests.browser.steps import Promise
from tests.chromium import Login, click_through

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]

MEMBERS = "党员名册"
ROUND = "本年度党支部群众评议"
BATCH = "年度两优一先评选"
DEEDS = "三年来带领班组完成技改十二项，安全生产一千天，帮助三名困难职工渡过难关。"
REASON = "第1项没有写明可以检查的数字，请补充。"


def test_a_campaign_runs_from_the_roster_to_the_reports(page: Page, phone: Page, login: Login) -> None:
    cast = Cast()
    import_the_group(page, login, cast)
    cast.join()
    begin_the_campaign(page, login, cast)
    pledge_of_the_branch(page, phone, login, cast)
    pledge_of_a_member(phone, login, cast)
    review_by_the_leader(phone, login, cast)
    evaluation_by_the_members(page, phone, login, cast)
    award_for_a_member(page, phone, login, cast)
    total = scores_of_the_period(page, phone, login, cast)
    reports(page, login, cast, total)


def import_the_group(page: Page, login: Login, cast: Cast) -> None:
    """Point 3: two good workbooks are looked at, then stored."""
    login(page, cast.office)
    steps.send_workbook(page, "党组织", "党组织基本情况一览表.xlsx", organizations_workbook())
    expect(page.get_by_text("尚未入库，请先核对")).to_be_visible()
    assert Organization.objects.count() == 1
    steps.store_all(page)
    assert Organization.objects.get_parent(branch()).name == COMPANY

    steps.send_workbook(page, MEMBERS, "党员花名册.xlsx", members_workbook())
    expect(page.get_by_role("cell", name=NAMES[0])).to_be_visible()
    assert Member.objects.count() == 0
    steps.store_all(page)
    assert set(Member.objects.values_list("birth_date", flat=True)) == {dt.date(1980, 3, 12)}
    assert Member.objects.filter(organization__name=OTHER_BRANCH, name="张军").exists()

    page.goto("/members/")
    expect(page.get_by_role("row")).to_have_count(13)


def begin_the_campaign(page: Page, login: Login, cast: Cast) -> None:
    """Point 4: from the built-in template."""
    login(page, cast.office)
    steps.start_campaign(page, code="C1", starts_on=add_months(clock.today(), -8).isoformat())
    for text in ("第二时段", "“四强”党组织", "“四优”共产党员"):
        expect(page.get_by_text(text).first).to_be_visible()


def pledge_of_the_branch(page: Page, phone: Page, login: Login, cast: Cast) -> None:
    """Point 5: written on the phone, returned once, corrected, approved, on the board; then appraised."""
    today = clock.today().isoformat()
    login(phone, cast.secretary)
    steps.begin_pledge(phone, BRANCH)
    pumps = Promise("党员带头检修水泵", "检修水泵", today)
    steps.write_items(phone, [pumps, Promise("为职工修好饮水机", "五台全部修好", today)])
    steps.submit_pledge(phone)

    login(page, cast.staff)
    steps.return_pledge(page, REASON)

    steps.open_returned_pledge(phone)
    expect(phone.get_by_text(REASON)).to_be_visible()
    phone.get_by_role("group", name="第1项").get_by_label("目标").fill("三十台全部检修一遍")
    steps.submit_pledge(phone)

    steps.publish_pledge(page)
    phone.goto("/pledges/board/")
    expect(phone.get_by_role("article").filter(has_text="党员带头检修水泵")).to_contain_text(BRANCH)

    steps.appraise_pledge(page, BRANCH, [("已兑现", ""), ("未兑现", "配件没有到货。")])
    expect(page.get_by_text("配件没有到货。")).to_be_visible()


def pledge_of_a_member(phone: Page, login: Login, cast: Cast) -> None:
    """Point 5: a member's pledge goes through the branch, that of its secretary does not."""
    writer = cast.members[1]
    login(phone, writer)
    steps.begin_pledge(phone, "我本人的承诺")
    due_on = clock.today() + dt.timedelta(days=30)
    steps.write_items(phone, [Promise("巡检不漏项", "全年漏检为零", due_on.isoformat())])
    steps.submit_pledge(phone)
    login(phone, cast.secretary)
    steps.publish_ticked(phone, str(writer))
    assert Pledge.objects.get(member=writer.member).state == PledgeState.PUBLISHED
    phone.goto("/pledges/board/")
    expect(phone.get_by_role("article").filter(has_text="巡检不漏项")).to_contain_text(str(writer))

    steps.begin_pledge(phone, "我本人的承诺")
    steps.write_items(phone, [Promise("每月下班组", "每月不少于四次", due_on.isoformat())])
    steps.submit_pledge(phone)
    expect(phone.get_by_text(f"由{COMPANY}审诺")).to_be_visible()


def review_by_the_leader(phone: Page, login: Login, cast: Cast) -> None:
    """Point 6: from the desk to the review, on a phone."""
    login(phone, cast.leader)
    phone.goto("/")
    expect(phone.get_by_role("link", name="待点评的党组织")).to_contain_text("2")
    steps.write_review(
        phone,
        BRANCH,
        {"肯定成绩": "安全生产一千天。", "存在问题": "台账更新不及时。", "努力方向": "十二月底前补齐台账。"},
    )
    expect(phone.get_by_text("台账更新不及时。")).to_be_visible()
    login(phone, cast.secretary)
    phone.goto("/reviews/")
    steps.follow(phone, BRANCH)
    expect(phone.get_by_text("十二月底前补齐台账。")).to_be_visible()


def evaluation_by_the_members(page: Page, phone: Page, login: Login, cast: Cast) -> None:
    """Point 6: set up, opened, voted once by each, sealed, published. Two vote on the phone, four elsewhere."""
    login(page, cast.staff)
    steps.set_up_round(page, ROUND, BRANCH)
    steps.take_step(page, "开放投票")
    expect(page.get_by_text("投票进度")).to_be_visible()

    vote_with_two_clicks(phone, login, cast.members[0])
    login(phone, cast.members[1])
    steps.fill_ballot(phone, "比较满意")
    steps.agree(phone)
    expect(phone.get_by_text("已投票")).to_be_visible()
    for voter in cast.members[2:]:
        vote_elsewhere(voter)

    page.reload()
    expect(steps.main(page)).not_to_contain_text(str(cast.members[0]))
    steps.take_step(page, "提前结束", "应到党员均已投票")
    steps.take_step(page, "公布结果", "公司党委会议研究决定")
    steps.follow(page, "评议结果")
    result = page.get_by_role("row").filter(has_text=BRANCH)
    expect(result).to_contain_text("6 / 6")
    expect(result).to_contain_text("96.67")  # five of 100 and one of 80

    login(phone, cast.members[2])
    phone.goto("/reviews/votes/")
    click_through(phone.get_by_role("link", name=ROUND))
    expect(phone.get_by_text("96.67").first).to_be_visible()


def vote_with_two_clicks(phone: Page, login: Login, voter: Any) -> None:
    """Whoever presses twice has voted once all the same."""
    login(phone, voter)
    steps.fill_ballot(phone, "满意")
    phone.get_by_role("dialog").locator("[data-ask-yes]").dblclick()
    expect(phone.get_by_text("已投票")).to_be_visible()
    expect(steps.main(phone).get_by_role("link", name="投票", exact=True)).to_have_count(0)


def vote_elsewhere(voter: Any) -> None:
    found = EvaluationRound.objects.get(name=ROUND)
    paper = found.ballot.papers.select_related("ballot").get(voter=voter)
    sheet = paper.sheet
    vote_cast(paper=paper, voter=voter, answers={pk: [0 for _item in sheet.items] for pk, _name in sheet.subjects})


def award_for_a_member(page: Page, phone: Page, login: Login, cast: Cast) -> None:
    """Point 7: nominated by the branch, decided by the committee, on the member's page."""
    login(page, cast.office)
    closes_on = clock.today() + dt.timedelta(days=10)
    steps.open_batch(page, BATCH, closes_on.isoformat())
    login(phone, cast.secretary)
    steps.nominate(phone, BATCH, "优秀共产党员", NAMES[2], DEEDS)
    steps.take_step(page, "截止推荐")

    login(phone, cast.committee)
    phone.goto("/")
    click_through(phone.get_by_role("link", name="待审批的推荐"))
    steps.follow(phone, NAMES[2])
    steps.take_step(phone, "同意表彰")
    expect(phone.get_by_role("status").first).to_be_visible()

    page.reload()
    steps.take_step(page, "公布表彰决定")
    expect(page.get_by_text("已表彰").first).to_be_visible()
    honour = Honour.objects.get()

    login(phone, cast.members[2])
    phone.goto(f"/members/{cast.members[2].member_id}/")
    expect(phone.get_by_text("优秀共产党员").first).to_be_visible()
    expect(phone.get_by_text(honour.number).first).to_be_visible()


def scores_of_the_period(page: Page, phone: Page, login: Login, cast: Cast) -> str:
    """Point 8: the branch gets 12.50 + 2.50 + 0 for pledges, 10 + 0 for reviews, 30 for the evaluation."""
    login(page, cast.staff)
    today = clock.today()
    period = Period.objects.get(starts_on__lte=today, ends_on__gte=today)
    steps.compute_scores(page, f"{period.name} · {period.campaign.name}", COMPANY)
    expect(page.get_by_text("已计算3个党组织")).to_be_visible(timeout=30_000)
    steps.follow(page, "查看结果")
    login(phone, cast.secretary)
    phone.goto("/scores/")
    steps.follow(phone, BRANCH)
    for arithmetic in ("0.5000 × 25.00 = 12.50", "0.1667 × 15.00 = 2.50"):
        expect(phone.get_by_text(arithmetic)).to_be_visible()
    total = "55.00"
    expect(phone.locator(".stat").filter(has_text="合计").locator(".stat-figure")).to_have_text(total)
    return total


def reports(page: Page, login: Login, cast: Cast, total: str) -> None:
    """Point 9: both forms as jobs, and their figures are those of the pages."""
    login(page, cast.staff)
    name, roster = steps.export(page, "党员花名册", COMPANY)
    assert re.fullmatch(r"\S+_党员花名册_\d{8}\.xlsx", name)
    rows = table_of(roster.worksheets[0], "姓名")
    assert [row["姓名"] for row in rows if row["所在党组织"] == BRANCH] == sorted_as_shown(branch())
    assert len(rows) == 12
    assert {str(row["身份证号"])[6:14] for row in rows} == {"********"}

    name, summary = steps.export(page, "综合得分汇总表", COMPANY)
    scores = {row["党组织(党员)"]: row for row in table_of(summary.worksheets[0], "合计")}
    assert set(scores) == {COMPANY, BRANCH, OTHER_BRANCH}
    assert f"{scores[BRANCH]['合计']:.2f}" == total
    page.goto("/scores/")
    for organization, row in scores.items():
        expect(page.get_by_role("row").filter(has_text=organization)).to_contain_text(f"{row['合计']:.2f}")


def sorted_as_shown(organization: Organization) -> list[str]:
    return list(
        Member.objects.filter(organization=organization).order_by("pinyin", "pk").values_list("name", flat=True)
    )


def table_of(sheet: Worksheet, heading: str) -> list[dict[str, Any]]:
    """Return the numbered rows below the line that has `heading`, each by its headings."""
    lines = [[cell.value for cell in line] for line in sheet.iter_rows()]
    start = next(number for number, line in enumerate(lines) if heading in line)
    numbered = [line for line in lines[start + 1 :] if isinstance(line[0], int)]
    return [dict(zip(lines[start], line, strict=True)) for line in numbered]


def test_a_workbook_with_mistakes_stores_nothing_and_comes_back_marked(page: Page, login: Login) -> None:
    """Point 3: every mistake with sheet, row, column and value."""
    cast = Cast()
    import_the_group(page, login, cast)
    steps.send_workbook(page, MEMBERS, "党员花名册.xlsx", bad_workbook())
    expect(page.get_by_text("一行也没有入库")).to_be_visible()
    for cells in (
        ("党员花名册", "6", "姓 名"),
        ("党员花名册", "7", "所在党组织", "东山公司锅炉房党支部"),
        ("党员花名册", "8", "入党时间", "2005年13月1日"),
    ):
        row = page.get_by_role("row")
        for cell in cells:
            row = row.filter(has_text=cell)
        expect(row).to_have_count(1)
    expect(page.get_by_role("button", name="全部入库")).to_have_count(0)
    assert Member.objects.count() == 12

    name, marked = steps.downloaded(page, steps.link(page, "下载标出错误的工作簿").click)
    assert re.fullmatch(r"党员花名册_\S+_\d{8}\.xlsx", name)
    sheet = marked["党员花名册"]
    notes = {cell.coordinate: cell.comment.text for line in sheet.iter_rows() for cell in line if cell.comment}
    assert {int(re.sub(r"\D", "", place)) for place in notes} == {6, 7, 8}
    assert GROUP in sheet["A3"].value
