"""Results of a round: grades, comparison with the last one, plots, what tells little; and form d.5."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.ballots.models import Ballot, Result
from campaign.common import clock
from campaign.common.excel.sheet import Subtotal
from campaign.models import Campaign, Period
from campaign.reports.registry import ReportRequest, reports
from orgs.models import User
from reviews.models.rounds import EvaluationRound
from reviews.services import rounds as services
from reviews.views.results import distribution, grade_of, stacked
from tests.reports.figures import assert_linked
from tests.reviews.pages import as_, text
from tests.reviews.rounds import STAGE, running, vote, voters
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_the_stage")]


def held(world: World, choice: int | None = None, *, publish: bool = True, **options: Any) -> EvaluationRound:
    """Hold a round in which all choose alike, or each the next choice."""
    found = running(world, **options)
    for place, voter in enumerate(voters(found)):
        vote(found, voter, place % 3 if choice is None else choice)
    actor = world.user("staff", options.get("at", "east"))
    services.round_close(evaluation_round=found, actor=actor, reason="投完")
    found = EvaluationRound.objects.select_related("ballot").get(pk=found.pk)
    return services.round_publish(evaluation_round=found, actor=actor, leave_out=True) if publish else found


def test_plots_add_up() -> None:
    bars = stacked(["满意", "不满意", "弃权"], [1, 2, 0])
    assert [(bar.x, bar.width) for bar in bars] == [(0, 3333), (3333, 6667), (10_000, 0)]
    assert [bar.width for bar in stacked(["满意"], [0])] == [0]
    columns = distribution([10_000, 9_500, 9_499, 5_999, 6_000])
    assert [column.number for column in columns] == [1, 1, 0, 0, 1, 2]
    assert [column.height for column in columns] == [50, 50, 0, 0, 50, 100]


@pytest.mark.parametrize(("total", "grade"), [(9000, "优秀"), (8999, "良好"), (0, "不合格"), (None, "")])
def test_grades_follow_the_bands(total: int | None, grade: str) -> None:
    assert grade_of([[9000, "优秀"], [8000, "良好"], [6000, "合格"], [0, "不合格"]], total) == grade


def test_results_are_compared_with_the_last_round(world: World) -> None:
    held(world, 2, subjects=("east_one", "east_two"))
    with clock.at(STAGE + dt.timedelta(days=2)):
        second = held(world, 1, subjects=("east_one", "east_two"))
        staff = as_(world.user("staff", "east"))
        summary = staff.get(reverse("round_results", args=[second.pk]))
        assert [(row.before, row.change, row.grade) for row in summary.context["rows"]] == [(6000, 2000, "良好")] * 2
        assert "+20.00" in text(summary)
        subject = second.ballot.subjects.order_by("pk")[0]
        single = staff.get(reverse("round_result", args=[second.pk, subject.pk]))
        assert [item.change for item in single.context["items"]] == [2000] * 5
        # Who does not see the former result does not see it here either.
        own = as_(world.user("member", "east_two")).get(reverse("round_results", args=[second.pk]))
        assert [row.before for row in own.context["rows"]] == [6000]
        EvaluationRound.objects.exclude(pk=second.pk).update(scope="leaders")
        own = as_(world.user("member", "east_two")).get(reverse("round_results", args=[second.pk]))
        assert [row.before for row in own.context["rows"]] == [None]


def test_a_result_of_nothing_but_the_best_answer_says_little(world: World) -> None:
    flat, mixed = held(world, 0), held(world)
    staff = as_(world.user("staff", "east"))
    assert "全部选了最高档" in text(staff.get(reverse("round_results", args=[flat.pk])))
    assert "全部选了最高档" not in text(staff.get(reverse("round_results", args=[mixed.pk])))
    subject = flat.ballot.subjects.get().pk
    assert "全部选了最高档" in text(staff.get(reverse("round_result", args=[flat.pk, subject])))


def test_all_subjects_together_have_a_table_and_a_plot(world: World) -> None:
    found = held(world, subjects=("east_one", "east_two"))
    page = as_(world.user("staff", "east")).get(reverse("round_results", args=[found.pk]))
    # Twelve ballots, a third each.
    assert [row.valid for row in page.context["together"]] == [12] * 5
    assert {votes for row in page.context["together"] for _choice, votes, _share in row.choices} == {4, 0}
    assert sum(column.number for column in page.context["columns"]) == 2
    assert text(page).count('class="plot-bar"') == 5


def test_units_counted_together_are_counted_once_in_the_whole(world: World) -> None:
    found = running(world, subjects=("east_one", "east_two"))
    first, second = found.ballot.subjects.order_by("pk")
    type(second).objects.filter(pk=second.pk).update(counted_with=first)
    for voter in voters(found):
        vote(found, voter, 1)
    actor = world.user("staff", "east")
    services.round_close(evaluation_round=found, actor=actor, reason="投完")
    page = as_(actor).get(reverse("round_results", args=[found.pk]))
    assert [row.valid for row in page.context["together"]] == [12] * 5
    assert [row.result.returned for row in page.context["rows"]] == [12, 12]
    assert "与相邻单位合并统计" in text(page)


def test_too_low_a_turnout_says_why_and_offers_to_repeat(world: World) -> None:
    found = running(world, subjects=("east_one", "east_two"))
    for voter in voters(found):
        if "east-one" in voter.username:
            vote(found, voter)
    actor = world.user("staff", "east")
    services.round_close(evaluation_round=found, actor=actor, reason="投完")
    staff = as_(actor)
    page = text(staff.get(reverse("round_results", args=[found.pk])))
    assert "1个结果无效" in page
    assert reverse("round_repeat", args=[found.pk]) in page
    invalid = Result.objects.get(verdict="invalid")
    assert "须超过50.00%" in text(staff.get(reverse("round_result", args=[found.pk, invalid.subject_id])))


# ---- form d.5 ----


def sheets(world: World, who: tuple[str, str] | None = ("staff", "east"), at: str = "east") -> dict[str, list[Any]]:
    campaign = Campaign.objects.get()
    period = Period.objects.get(campaign=campaign, code="2026H2")
    user = world.user(*who) if who else None
    request = ReportRequest(user, world.orgs[at], campaign, period)
    report = reports.get("evaluation_summary")
    found = {
        sheet.name: [list(row.values if isinstance(row, Subtotal) else row) for row in rows]
        for sheet, rows in report.sheets(request)
    }
    assert_linked(report, replace(request, user=user or world.user("office", "root")))
    assert report.count(request) == len(found["党组织评议汇总表"]) + len(found["党员评议汇总表"])
    return found


def notes_of(world: World) -> tuple[str, ...]:
    campaign = Campaign.objects.get()
    period = Period.objects.get(campaign=campaign, code="2026H2")
    request = ReportRequest(world.user("staff", "root"), world.orgs["root"], campaign, period)
    return reports.get("evaluation_summary").sheets(request)[0][0].notes


def test_the_summary_ranks_organizations_and_lists_persons(world: World) -> None:
    held(world, at="root", subjects=("east_one", "east_two"), name="年终评议")
    held(world, 1, template="member", name="党员评议")
    found = sheets(world, ("staff", "root"), "root")
    ranking = found["党组织评议汇总表"]
    # Each branch has six ballots: two for each of the first three choices, 80 points.
    assert [(row[0], row[3], *row[7:12]) for row in ranking] == [
        ("东山公司采掘一区党支部", 1, 8000, 10_000, "良好", 6, 6),
        ("东山公司采掘二区党支部", 1, 8000, 10_000, "良好", 6, 6),
    ]
    assert [row[0] for row in found["党员评议汇总表"]] == [
        member.name for member in sorted(world.members["east_one"], key=lambda m: m.pinyin)
    ]
    items = [row for row in found["评议项目统计表"] if row[1] == "年终评议"]
    assert len(items) == 10
    assert items[0][3:] == [2, 3333, 2, 3333, 2, 3333, 0, 0, 0, 6, 10_000, 8000]
    assert [row[2:] for row in found["票类统计表"] if row[1] == "年终评议"] == [
        ["全体参评人员", 10_000, 6, 6, 6, 6, 0, 8000, 8000],
        ["综合得分", 10_000, 6, 6, 6, 6, 0, None, 8000],
    ] * 2
    assert f"年终评议：组织单位{world.orgs['root'].name}，评议时间2026-11-02至2026-11-03。" in notes_of(world)
    # Both branches together: twelve ballots for each question.
    assert [row[2:] for row in found["全单位评议统计表"] if row[0] == "年终评议"] == [
        [4, 3333, 4, 3333, 4, 3333, 0, 0]
    ] * 5


def test_a_hidden_class_stays_hidden_in_the_form(world: World) -> None:
    deputy = world.members["east_one"][5]
    type(deputy).objects.filter(pk=deputy.pk).update(party_post="deputy_secretary")
    for n in range(3):
        member = type(deputy).objects.create(
            personnel_no=f"more-{n}", name=f"增补{n}", sex="male", organization=world.orgs["east_one"]
        )
        User.objects.create(username=f"more-{n}", name=member.name, member=member)
    found = running(world, scheme="abc", leave_out_empty=True)
    for voter in voters(found):
        vote(found, voter, 3 if voter.member and voter.member.party_post else 0)
    actor = world.user("staff", "east")
    services.round_close(evaluation_round=found, actor=actor, reason="投完")
    found = EvaluationRound.objects.select_related("ballot").get(pk=found.pk)
    services.round_publish(evaluation_round=found, actor=actor, leave_out=True)
    filled = sheets(world)
    assert filled["党组织评议汇总表"][0][4:8] == ["不足 k 票", 10_000, None, "不足 k 票"]
    assert filled["票类统计表"][0][4:] == [2, *["不足 k 票"] * 4, None, None]
    # Neither of the class that is hidden nor of all together, from which it could be worked out.
    assert filled["票类统计表"][-1][2:] == ["综合得分", 10_000, 9, None, None, None, None, None, "不足 k 票"]
    # Only the seven 满意 of class B: the two 不满意 are nowhere.
    assert filled["评议项目统计表"][0][3:5] == [7, 10_000]


def test_drafts_other_places_and_other_periods_are_not_in_the_form(world: World) -> None:
    held(world, publish=False)
    assert sheets(world)["党组织评议汇总表"] == []
    held(world)
    assert len(sheets(world)["党组织评议汇总表"]) == 1
    assert sheets(world, ("staff", "west"), "west")["党组织评议汇总表"] == []
    assert sheets(world, ("secretary", "east_two"), "east")["党组织评议汇总表"] == []
    assert len(sheets(world, None, "root")["党组织评议汇总表"]) == 1
    Ballot.objects.filter(state="sealed").update(sealed_at=clock.start_of(dt.date(2026, 1, 5)))
    assert sheets(world)["党组织评议汇总表"] == []


@pytest.mark.parametrize("subjects", [("east_one",), ("east_one", "east_two", "east")])
def test_the_form_takes_a_constant_number_of_statements(world: World, subjects: tuple[str, ...]) -> None:
    held(world, subjects=subjects)
    campaign = Campaign.objects.get()
    request = ReportRequest(
        world.user("staff", "east"), world.orgs["east"], campaign, Period.objects.get(code="2026H2")
    )
    with CaptureQueriesContext(connection) as captured:
        for _sheet, rows in reports.get("evaluation_summary").sheets(request):
            list(rows)
    # The rights, what was asked (five), the rounds held here, who held them, and one for each of five sheets.
    assert len(captured) == 14
