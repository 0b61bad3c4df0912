"""Explanations: every point in words, and advice that holds when it is taken."""

from html import unescape
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings

from campaign.scoring.arithmetic import Rules, score_of
from campaign.scoring.explain import ExplainedLine, Explanation, advise, explain, explain_entries
from campaign.scoring.models import EntryKind, PeriodScore
from campaign.scoring.selectors import previous_score
from campaign.scoring.services import entry_add, entry_confirm
from campaign.scoring.standing import ranks_of
from campaign.scoring.tables import rank_text
from tests.scoring.conftest import As, Measured
from tests.scoring.sheets import MEMBERS, ready, run
from tests.scoring.strategies import cases
from tests.scoring.test_arithmetic import entries_from, rules_from
from tests.scoring.test_by_hand import BRANCHES, COMMITTEES
from tests.world import World


@pytest.fixture
def worked(world: World, measured: Measured) -> World:
    for key, (figures, *_rest) in BRANCHES.items():
        for place, (numerator, denominator) in enumerate(figures):
            if denominator:
                measured.set(f"test.m{place}", world.orgs[key], numerator, denominator)
    for key, (coverage, *_rest) in COMMITTEES.items():
        measured.set("test.m0", world.orgs[key], *coverage)
    return world


def explanation_of(world: World, key: str, period: Any) -> Explanation:
    score = PeriodScore.objects.current().get(period=period, organization=world.orgs[key], member=None)
    return explain(score, previous_score(score))


def by_key(explanation: Explanation) -> dict[str, ExplainedLine]:
    return {line.item.key: line for line in explanation.lines}


@pytest.mark.django_db
def test_each_line_says_rule_figure_arithmetic_and_records(worked: World) -> None:
    period = ready(worked)
    run(period, worked.orgs["root"])
    lines = by_key(explanation_of(worked, "east_one", period))
    pledge = lines["fulfilment"]
    assert pledge.rule == "达到100%得30分，不足的按比例得分。"
    assert (pledge.raw, pledge.target) == ("83.33% (5/6)", "100%")
    assert pledge.arithmetic == "0.8333 × 30.00 = 25.00"
    assert pledge.records_url == f"/?counted={worked.orgs['east_one'].pk}&period={period.pk}"
    assert pledge.advice_text == "由83.33% (5/6)提高到100.00% (6/6)，合计可增加5.00分。"
    assert lines["problems"].arithmetic == "10.00 − 2 × 1.50 = 7.00"
    assert lines["evaluation"].arithmetic == "1.0000 × 40.00 = 40.00"
    assert lines["evaluation"].rule == "满分40分，分档得分：90%起得100%；60%起得60%；再低不得分。"
    assert lines["review"].rule == "达到100%得20分，否则不得分。"
    assert lines["review"].advice is None


@pytest.mark.django_db
def test_folding_is_a_line_of_its_own_and_advice_counts_it(worked: World) -> None:
    period = ready(worked)
    run(period, worked.orgs["root"])
    explanation = explanation_of(worked, "west_one", period)
    assert explanation.folding == "50.00 × 100 ÷ 60.00 = 83.33"
    assert by_key(explanation)["evaluation"].skipped
    # 2/3 → 3/3 gives 10 of 60 marks, folded 16.67.
    advice = by_key(explanation)["fulfilment"].advice
    assert advice is not None
    assert (advice.numerator, advice.denominator, advice.gain) == (3, 3, 16_67)
    assert explanation_of(worked, "east_one", period).folding == ""


@pytest.mark.django_db
def test_an_item_with_nothing_to_measure_says_what_it_could_give(worked: World) -> None:
    period = ready(worked)
    run(period, worked.orgs["root"])
    lines = by_key(explanation_of(worked, "west_two", period))
    assert lines["fulfilment"].arithmetic == ""
    assert "最高可得30.00分" in lines["fulfilment"].advice_text
    assert lines["problems"].advice_text == ""


@pytest.mark.django_db
def test_the_advice_taken_gives_the_points(worked: World, measured: Measured) -> None:
    period = ready(worked)
    run(period, worked.orgs["root"])
    taken = 0
    for key in BRANCHES:
        for place, line in enumerate(explanation_of(worked, key, period).lines):
            if line.advice is None:
                continue
            before = explanation_of(worked, key, period).score.total
            old = measured.values[f"test.m{place}", "organization"].get(worked.orgs[key].pk, (0, 0))
            measured.set(f"test.m{place}", worked.orgs[key], line.advice.numerator, line.advice.denominator)
            run(period, worked.orgs["root"])
            assert explanation_of(worked, key, period).score.total == (before or 0) + line.advice.gain
            measured.set(f"test.m{place}", worked.orgs[key], *old)
            run(period, worked.orgs["root"])
            taken += 1
    assert taken >= 5


@settings(max_examples=300, deadline=None)
@given(cases())
def test_any_advice_taken_gives_the_points(case: tuple[Any, Any, Any]) -> None:
    sheet, figures, given_entries = case
    rules, entries = rules_from(sheet), entries_from(given_entries)
    now = score_of(rules, figures, entries)
    stored = PeriodScore(base=now.base, bonus=now.bonus, deductions=now.deductions, total=now.total)
    for place in range(len(figures)):
        advice = advise(stored, rules, figures, place)
        if advice:
            better = [*figures[:place], (advice.numerator, advice.denominator), *figures[place + 1 :]]
            assert score_of(rules, better, entries).total == (now.total or 0) + advice.gain
            assert advice.gain > 0
        else:
            assert nothing_to_advise(rules, figures, place, now.total, entries)


def nothing_to_advise(rules: Rules, figures: Any, place: int, total: int | None, entries: Any) -> bool:
    """No advice is right when there is no score, nothing measured, or even the best figure gives no more."""
    numerator, denominator = figures[place]
    if total is None or not denominator:
        return True
    goal = rules.items[place].method.goal(numerator, denominator)
    if goal is None:
        return True
    return score_of(rules, [*figures[:place], (goal, denominator), *figures[place + 1 :]], entries).total == total


@pytest.mark.django_db
def test_the_period_before_stands_beside_this_one(worked: World, measured: Measured) -> None:
    first = ready(worked)
    run(first, worked.orgs["root"])
    measured.set("test.m0", worked.orgs["east_one"], 6, 6)
    second = first.campaign.periods.get(code="2026H2")
    run(second, worked.orgs["root"])
    explanation = explanation_of(worked, "east_one", second)
    assert by_key(explanation)["fulfilment"].previous == 25_00
    assert (explanation.difference, explanation.difference_text) == (5_00, "上期92.00，增减+5.00")
    assert explanation_of(worked, "east_one", first).difference is None


@pytest.mark.django_db
def test_a_subject_without_score_is_told_so(world: World, measured: Measured) -> None:
    period = ready(world, MEMBERS)
    run(period, world.orgs["root"])
    explanation = explain(PeriodScore.objects.current().filter(period=period).earliest("pk"))
    assert [(each.label, each.text) for each in explanation.sums] == [("合计", "各项均不计，不产生得分（不等于0分）。")]
    assert [line.advice for line in explanation.lines] == [None]


@pytest.mark.django_db
def test_the_command_says_every_point_that_the_page_says(worked: World, as_: As) -> None:
    period, branch = ready(worked), worked.orgs["west_one"]
    for points, reason in ((2_00, "省级表彰"), (1_00, "集团表彰")):
        entry = entry_add(
            actor=worked.user("staff", "west"), campaign=period.campaign, subject=branch, kind=EntryKind.BONUS,
            points=points, work="抢险", reason=reason, basis="8号文", happened_on=period.starts_on,
        )  # fmt: skip
        entry_confirm(entry=entry, actor=worked.user("office", "root"))
    run(period, worked.orgs["root"])
    score = PeriodScore.objects.current().get(period=period, organization=branch, member=None)
    page = unescape(as_("office@root").get(score.get_absolute_url()).content.decode())
    out = StringIO()
    call_command("explain_score", "WEST_ONE", period="2026H1", stdout=out)
    printed, explanation = out.getvalue(), explain(score, previous_score(score))
    said = [text for line in explanation.lines for text in (line.rule, line.raw, line.arithmetic, line.advice_text)]
    said += [text for row in explain_entries(score) for text in (row.worth, row.entry.reason, row.entry.basis)]
    said += [each.text for each in explanation.sums]
    said += ["同一工作已按最高一级计分", explanation.next_grade, rank_text(ranks_of([score])[score.pk])]
    said += [line.records_url for line in explanation.lines]
    for text in said:
        assert text in page, text
        assert text in printed, text


@pytest.mark.django_db
def test_the_command_explains(worked: World) -> None:
    period = ready(worked)
    run(period, worked.orgs["root"])
    out = StringIO()
    call_command("explain_score", "WEST_ONE", period="2026H1", stdout=out)
    printed = out.getvalue()
    assert "0.6667 × 30.00 = 20.00" in printed
    assert "50.00 × 100 ÷ 60.00 = 83.33" in printed
    assert period.score_runs.get().digest in printed
    with pytest.raises(CommandError):
        call_command("explain_score", "NOBODY", period="2026H1")
    with pytest.raises(CommandError):
        call_command("explain_score", "WEST_ONE", period="2026H1", campaign="C9")
