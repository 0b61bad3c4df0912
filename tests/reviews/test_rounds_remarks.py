"""Remarks and the rules of the ballot paper, from the set-up to the result page and the form: who reads what."""

from typing import Any

import pytest
from django.urls import reverse

from campaign.ballots.models import Paper
from campaign.ballots.services import BallotRules
from campaign.drafts.services import draft_save
from campaign.models import Campaign, Period
from campaign.reports.registry import ReportRequest, reports
from reviews.models.rounds import EvaluationRound
from reviews.services import rounds as services
from reviews.services import setting_up
from tests.reviews.pages import as_, text
from tests.reviews.rounds import planned, voters
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_the_stage")]
SAID = ("多到班组走一走", "承诺的事要有回音", "食堂的事办得好", "培训再多一些", "会少一些")


def opened(world: World, rules: BallotRules, **options: Any) -> EvaluationRound:
    found = planned(world, **options)
    ballot = found.ballot
    setting_up.ballot_set(ballot=ballot, **vars(rules))
    return services.round_open(evaluation_round=found, actor=world.user("staff", "east"))


def answers(found: EvaluationRound, voter: Any, remark: str = "", choice: int | None = None) -> dict[str, str]:
    paper = Paper.objects.select_related("ballot").get(ballot=found.ballot, voter=voter)
    data = {
        f"s{pk}q{place}": str(place % 2 if choice is None else choice)
        for pk, _name in paper.sheet.subjects
        for place in range(len(paper.sheet.items))
    }
    return data | {f"r{pk}": remark for pk, _name in paper.sheet.subjects}


def held(world: World, number: int = 5, **options: Any) -> EvaluationRound:
    """Let all vote over HTTP, `number` of them with a remark; close and seal."""
    found = opened(world, BallotRules(asks_remarks=True), **options)
    for place, voter in enumerate(voters(found)):
        remark = SAID[place] if place < number else ""
        assert as_(voter).post(reverse("vote", args=[found.pk]), answers(found, voter, remark)).status_code == 302
    services.round_close(evaluation_round=found, actor=world.user("staff", "east"), reason="投完")
    return EvaluationRound.objects.select_related("ballot").get(pk=found.pk)


def page(found: EvaluationRound, user: Any) -> str:
    subject = found.ballot.subjects.get()
    return text(as_(user).get(reverse("round_result", args=[found.pk, subject.pk])))


def publish(world: World, found: EvaluationRound) -> None:
    services.round_publish(evaluation_round=found, actor=world.user("staff", "east"), leave_out=True)


def test_the_set_up_asks_and_the_ballot_says_who_reads(world: World) -> None:
    found = planned(world)
    staff = as_(world.user("staff", "east"))
    address = reverse("round_questions", args=[found.pk])
    rows = {
        "items-TOTAL_FORMS": 2,
        "items-INITIAL_FORMS": 0,
        "items-0-text": "总体",
        "items-0-weight": 1,
        "items-1-text": "为民",
        "items-1-weight": 1,
        "choices-TOTAL_FORMS": 2,
        "choices-INITIAL_FORMS": 0,
        "choices-0-label": "满意",
        "choices-0-worth": 100,
        "choices-1-label": "不满意",
        "choices-1-worth": 0,
        "bands-TOTAL_FORMS": 1,
        "bands-INITIAL_FORMS": 0,
        "bands-0-name": "合格",
        "bands-0-edge": 0,
    }
    given = {"version": found.version, "asks_remarks": "on", "uniform_refused": "on", "best_most": "0", **rows}
    refused = staff.post(address, given)
    assert refused.status_code == 200
    assert 'name="asks_remarks" class="checkboxinput form-check-input" aria-describedby=' in refused.content.decode()
    assert staff.post(address, {**given, "best_most": "3"}).status_code == 302
    found = EvaluationRound.objects.select_related("ballot").get()
    assert BallotRules.of(found.ballot) == BallotRules(uniform_refused=True, best_most=3, asks_remarks=True)
    assert "最多3" in text(staff.get(reverse("round_detail", args=[found.pk])))
    copied = setting_up.round_copy(evaluation_round=found, actor=world.user("staff", "east"))
    assert BallotRules.of(copied.ballot) == BallotRules.of(found.ballot)
    services.round_open(evaluation_round=found, actor=world.user("staff", "east"))
    voter = voters(found)[0]
    shown = text(as_(voter).get(reverse("vote", args=[found.pk])))
    assert "意见由" in shown
    assert "同一答案" in shown
    assert 'maxlength="300"' in shown


def test_what_is_typed_of_the_rules_is_kept_in_the_draft(world: World) -> None:
    found, user = planned(world), world.user("staff", "east")
    draft_save(user=user, key=f"round_questions:{found.pk}", fields=[["version", "1"], ["best_most", "7"]])
    assert 'value="7"' in text(as_(user).get(reverse("round_questions", args=[found.pk])))


def test_one_answer_to_everything_comes_back_with_what_was_chosen(world: World) -> None:
    found = opened(world, BallotRules(uniform_refused=True))
    voter = voters(found)[0]
    client, address = as_(voter), reverse("vote", args=[found.pk])
    back = client.post(address, answers(found, voter, choice=1))
    assert back.status_code == 200
    assert "尚未计票" in text(back)
    assert back.content.count(b"checked") == 5
    assert not Paper.objects.filter(marked=True).exists()
    assert client.post(address, answers(found, voter)).status_code == 302


def test_remarks_of_an_open_round_are_nowhere(world: World) -> None:
    found = opened(world, BallotRules(asks_remarks=True))
    voter = voters(found)[0]
    as_(voter).post(reverse("vote", args=[found.pk]), answers(found, voter, SAID[0]))
    staff = as_(world.user("staff", "east"))
    for address in (reverse("round_detail", args=[found.pk]), reverse("audit_list")):
        assert SAID[0] not in text(staff.get(address))
    subject = found.ballot.subjects.get()
    assert staff.get(reverse("round_result", args=[found.pk, subject.pk])).status_code == 404


def test_who_holds_the_round_reads_the_draft_and_the_secretary_what_is_published(world: World) -> None:
    found = held(world)
    assert all(said in page(found, world.user("staff", "east")) for said in SAID)
    publish(world, found)
    assert all(said in page(found, world.user("secretary", "east_one")) for said in SAID)
    seen = page(found, world.user("member", "east_one"))
    assert found.name in seen
    assert not any(said in seen for said in SAID)


def test_too_few_remarks_are_not_shown_and_not_counted(world: World) -> None:
    found = held(world, number=4)
    seen = page(found, world.user("staff", "east"))
    assert "不足5条" in seen
    assert not any(said in seen for said in SAID)


def test_the_form_has_them_for_those_who_read_them(world: World) -> None:
    found = held(world)
    publish(world, found)
    campaign, period = Campaign.objects.get(), Period.objects.get(code="2026H2")

    def remarks(role: str, at: str) -> list[str]:
        request = ReportRequest(world.user(role, at), world.orgs[at], campaign, period)
        sheets = {sheet.name: list(rows) for sheet, rows in reports.get("evaluation_summary").sheets(request)}
        return sorted(row[-1] for row in sheets["评议意见"])  # type: ignore[type-var]

    assert remarks("staff", "east") == sorted(SAID)
    assert remarks("secretary", "east_one") == sorted(SAID)
