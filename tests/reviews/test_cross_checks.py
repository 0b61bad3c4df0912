"""The cross-checks of forms d.5 and d.6 (2-domain d.20): silent where all adds up, with the page that mends it where not."""

from typing import Any

import pytest

from campaign.ballots.models import RaterClass, Result
from campaign.models import Campaign, Period, PeriodState
from campaign.reports.registry import ReportRequest, reports
from campaign.reports.services import report_discrepancies
from reviews.models.appraisal import AppraisalGrade, AppraisedMember
from tests.reviews import appraisals
from tests.reviews.test_rounds_results import held
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_the_stage")]


def found(key: str, request: ReportRequest) -> dict[str, Any]:
    """Return what each rule has to say, those that hold left out."""
    checked = report_discrepancies(reports.get(key), request)
    return {each.check.key: each.found for each in checked if each.found}


def test_ballots_and_weights_of_evaluations(world: World) -> None:
    made = held(world)
    period = Period.objects.get(campaign=Campaign.objects.get(), code="2026H2")
    request = ReportRequest(world.user("staff", "east"), world.orgs["east"], period.campaign, period)
    silent = found("evaluation_summary", request)
    assert set(silent) == {"d.20.2", "d.20.11"}  # the round is not about everybody, and the period is not frozen
    RaterClass.objects.filter(ballot=made.pk).update(weight=9_000)
    Result.objects.filter(ballot=made.pk).update(
        verdict="invalid", reason="overfull", total=None, total_kind="hidden", satisfaction=None,
        satisfaction_kind="hidden",
    )  # fmt: skip
    said = found("evaluation_summary", request)
    assert f"/rounds/{made.pk}/" in said["d.20.4"][0].url
    assert "90.00" in said["d.20.4"][0].text
    assert f"/rounds/{made.pk}/results/" in said["d.20.3"][0].url


def test_a_third_and_every_branch_in_the_appraisal(world: World) -> None:
    held_one = appraisals.held(world, ["east_one"])
    branch = appraisals.branch_of(held_one, world.orgs["east_one"])
    appraisals.voted(world, held_one)
    appraisals.decided(world, branch)
    appraisals.submitted(world, branch)
    period = Period.objects.filter(campaign=Campaign.objects.get(), ends_on__year=2026).latest("ends_on")
    request = ReportRequest(world.user("staff", "east"), world.orgs["east"], period.campaign, period)
    said = found("member_appraisals", request)
    assert [each.text for each in said["d.20.2"]] == [f"{world.orgs['east_two'].name}未列入本年度民主评议。"]
    assert "d.20.5" not in said
    AppraisedMember.objects.filter(branch=branch).exclude(grade="").update(grade=AppraisalGrade.EXCELLENT)
    assert f"/branches/{branch.pk}/" in found("member_appraisals", request)["d.20.5"][0].url
    Period.objects.filter(pk=period.pk).update(state=PeriodState.FROZEN)
    request.period.refresh_from_db()  # type: ignore[union-attr]
    assert "d.20.11" not in found("member_appraisals", request)
