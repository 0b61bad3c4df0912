"""What evaluation rounds tell the rest of the portal: metrics, timelines, reminders."""

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from campaign.ballots.models import Ballot
from campaign.common import clock
from campaign.models import Audience, Campaign, Period
from campaign.notices.models import Notice
from campaign.notices.services import reminders_sweep
from campaign.scoring.engine import figures_of
from campaign.scoring.registry import MetricScope, metrics
from campaign.scoring.roll import Extent
from orgs.timeline import member_timeline, organization_timeline
from reviews.models.rounds import EvaluationRound
from reviews.services.rounds import round_close, round_publish
from tests.reviews.rounds import STAGE, running, vote, voters
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_the_stage")]


def held(
    world: World, choice: int = 0, *, publish: bool = True, only: int | None = None, **options: Any
) -> EvaluationRound:
    found = running(world, **options)
    for voter in voters(found)[:only]:
        vote(found, voter, choice)
    actor = world.user("staff", "east")
    round_close(evaluation_round=found, actor=actor, reason="提前结束")
    found = EvaluationRound.objects.select_related("ballot").get(pk=found.pk)
    return round_publish(evaluation_round=found, actor=actor) if publish else found


def figures(world: World, key: str, audience: Audience = Audience.ORGANIZATION, code: str = "2026H2", **at: Any) -> Any:
    period = Period.objects.get(campaign=Campaign.objects.get(), code=code)
    extent = Extent(period, at.get("path", world.orgs["root"].path), at.get("as_of", clock.now()))
    found = figures_of(metrics.get(key), extent, audience)
    return [(subject, *found[subject]) for subject in sorted(found)]


def test_published_valid_results_of_the_period_count(world: World) -> None:
    held(world, 1)
    expected = (world.orgs["east_one"].pk, 8_000, 10_000)
    assert figures(world, "evaluation.score") == [expected]
    assert figures(world, "evaluation.satisfaction") == [(expected[0], 10_000, 10_000)]
    assert figures(world, "evaluation.score", Audience.MEMBER) == []
    assert figures(world, "evaluation.score", code="2026H1") == []
    assert figures(world, "evaluation.score", path=world.orgs["west"].path) == []
    assert figures(world, "evaluation.score", as_of=STAGE - dt.timedelta(seconds=1)) == []


def test_drafts_and_invalid_results_do_not_count(world: World) -> None:
    held(world, publish=False)
    held(world, only=3, publish=False)
    assert figures(world, "evaluation.score") == []


def test_of_several_rounds_the_last_one_counts(world: World) -> None:
    held(world, 2)
    with clock.at(STAGE + dt.timedelta(hours=1)):
        held(world, 1)
        assert figures(world, "evaluation.score") == [(world.orgs["east_one"].pk, 8_000, 10_000)]


def test_members_have_figures_of_their_own(world: World) -> None:
    held(world, 3, template="member")
    rows = figures(world, "evaluation.score", Audience.MEMBER)
    assert rows == [(member.pk, 4_000, 10_000) for member in sorted(world.members["east_one"], key=lambda m: m.pk)]
    assert {row[1] for row in figures(world, "evaluation.satisfaction", Audience.MEMBER)} == {0}


def test_metrics_take_one_query(world: World, django_assert_num_queries: Any) -> None:
    for subjects in (("east_one",), ("east_one", "east_two", "east")):
        held(world, subjects=subjects)
        period = Period.objects.select_related("campaign").get(code="2026H2")
        scope = MetricScope(period, Audience.ORGANIZATION, clock.now())
        for key in ("evaluation.score", "evaluation.satisfaction"):
            with django_assert_num_queries(1):
                list(metrics.get(key).figures(scope))


def test_the_link_leads_to_the_result_that_was_counted(world: World) -> None:
    found = held(world)
    period = Period.objects.get(code="2026H2")
    url = metrics.get("evaluation.score").records_url
    subject = found.ballot.subjects.get().pk
    assert url(world.orgs["east_one"], period) == reverse("round_result", args=[found.pk, subject])
    assert url(world.orgs["east_two"], period) == ""


def test_results_stand_on_the_timeline_of_those_who_may_see_them(world: World) -> None:
    held(world, 1)
    branch = world.orgs["east_one"]

    def shown(who: str, at: str) -> list[str]:
        return [e.text for e in organization_timeline(branch, world.user(who, at)) if e.icon == "clipboard-check"]

    assert shown("member", "east_one") == ["年度群众评议：80.00分"]
    assert shown("leader", "east") == ["年度群众评议：80.00分"]
    assert shown("secretary", "east_two") == []


def test_a_member_meets_no_colleagues_result(world: World) -> None:
    held(world, 1, template="member")
    own, colleague = world.members["east_one"][1:3]

    def shown(member: Any, who: str) -> int:
        viewer = world.user(who, "east_one")
        return sum(e.icon == "clipboard-check" for e in member_timeline(member, viewer))

    assert (shown(own, "member"), shown(colleague, "member"), shown(colleague, "secretary")) == (1, 0, 1)


def test_everybody_entitled_is_reminded_whether_they_have_voted_or_not(world: World) -> None:
    found = running(world, closes_at=clock.start_of(dt.date(2026, 11, 5)))
    vote(found, world.user("member", "east_one"))
    people = {voter.pk for voter in voters(found)}

    def reminded(day: int) -> set[int]:
        reminders_sweep(day=dt.date(2026, 11, day))
        return set(Notice.objects.filter(rule="rounds.ending").values_list("user_id", flat=True))

    assert reminded(2) == set()
    assert reminded(3) == people
    assert Notice.objects.filter(rule="rounds.ending").values("text").distinct().count() == 1
    assert "2026-11-04" in Notice.objects.filter(rule="rounds.ending")[0].text
    Ballot.objects.update(opens_at=clock.start_of(dt.date(2026, 11, 4)))
    Notice.objects.all().delete()
    assert reminded(3) == set()
