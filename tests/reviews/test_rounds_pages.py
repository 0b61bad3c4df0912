"""Evaluation rounds over HTTP: setting one up, voting once, what pages show and what they do not."""

import datetime as dt
import logging
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaign.audit.models import AuditEntry
from campaign.ballots.models import Ballot, Paper, Result, Tally, fixed_sheet
from campaign.common import clock
from campaign.common.desk import tiles_for
from campaign.common.errors import StateConflict
from campaign.jobs.models import Job
from campaign.notices.models import Notice
from orgs.models import Session, User
from reviews.models.rounds import EvaluationRound, RoundState
from reviews.services.rounds import round_close, round_publish
from tests.reviews.pages import as_, text
from tests.reviews.rounds import STAGE, planned, running, vote, voters
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_the_stage")]


def filled(evaluation_round: EvaluationRound, voter: User, choice: int = 0) -> dict[str, str]:
    paper = Paper.objects.select_related("ballot").get(ballot=evaluation_round.ballot, voter=voter)
    return {
        f"s{pk}q{place}": str(choice) for pk, _name in paper.sheet.subjects for place in range(len(paper.sheet.items))
    }


def published(world: World, **options: Any) -> EvaluationRound:
    held = running(world, **options)
    for place, voter in enumerate(voters(held)):
        vote(held, voter, place % 3)
    actor = world.user("staff", "east")
    round_close(evaluation_round=held, actor=actor, reason="提前结束")
    held = EvaluationRound.objects.select_related("ballot").get(pk=held.pk)
    return round_publish(evaluation_round=held, actor=actor, leave_out=True)


# ---- the page of a round ----


def test_blockers_and_classes_to_be_hidden_stand_on_the_page(world: World) -> None:
    held = planned(world, scheme="abc")
    page = text(as_(world.user("staff", "east")).get(reverse("round_detail", args=[held.pk])))
    assert "没有参评人员：C 票 · 职工群众" in page
    assert "不足5人" in page
    assert "A 票 · 领导班子" in page
    assert reverse("round_step", args=[held.pk, "round_open"]) not in page


def test_classes_without_raters_are_left_out_by_a_button(world: World) -> None:
    held = planned(world, scheme="abc")
    staff, url = as_(world.user("staff", "east")), reverse("round_step", args=[held.pk, "round_leave_out"])
    assert url in text(staff.get(reverse("round_detail", args=[held.pk])))
    staff.post(url)
    assert AuditEntry.objects.get(action="round_leave_out").reason == "C 票 · 职工群众"
    staff.post(reverse("round_step", args=[held.pk, "round_open"]))
    assert EvaluationRound.objects.get().state == RoundState.OPEN
    assert "C 票 · 职工群众</strong>" not in text(staff.get(reverse("round_detail", args=[held.pk])))
    answer = staff.post(url, follow=True)
    assert str(StateConflict.message) in text(answer)
    assert AuditEntry.objects.filter(action="round_leave_out").count() == 1


def test_turnout_of_an_open_round_is_old_and_never_small(world: World) -> None:
    held = running(world)
    staff = as_(world.user("staff", "east"))
    for voter in voters(held):
        vote(held, voter)
    page = text(staff.get(reverse("round_detail", args=[held.pk])))
    assert "目前不足5票，应投6" in page
    from campaign.ballots.services import turnout_refresh

    with clock.at(STAGE + dt.timedelta(hours=1)):
        turnout_refresh()
        page = text(staff.get(reverse("round_detail", args=[held.pk])))
    assert "已投6，应投6" in page


# ---- voting ----


def test_a_member_votes_once_and_sees_that_it_is_done(world: World) -> None:
    held = running(world)
    voter = world.user("member", "east_one")
    client = as_(voter)
    assert [tile.count for tile in tiles_for(voter) if tile.url == reverse("vote_list")] == [1]
    assert reverse("vote", args=[held.pk]) in text(client.get(reverse("vote_list")))
    page = client.get(reverse("vote", args=[held.pk]))
    assert "不能修改" in text(page)
    assert "no-store" in page["Cache-Control"]
    answer = client.post(reverse("vote", args=[held.pk]), filled(held, voter, 1))
    assert answer["Location"] == reverse("vote_list")
    assert "已投票" in text(client.get(reverse("vote_list")))
    assert reverse("vote", args=[held.pk]) not in text(client.get(reverse("vote_list")))
    assert sum(sum(counts) for counts in Tally.objects.values_list("counts", flat=True)) == 5
    voter = world.user("member", "east_one")
    assert not [tile for tile in tiles_for(voter) if tile.url == reverse("vote_list")]


def test_a_second_vote_changes_nothing_and_says_so(world: World) -> None:
    held = running(world)
    voter = world.user("member", "east_one")
    client = as_(voter)
    data = filled(held, voter)
    client.post(reverse("vote", args=[held.pk]), data)
    before = list(Tally.objects.values_list("counts", flat=True))
    assert client.get(reverse("vote", args=[held.pk]))["Location"] == reverse("vote_list")
    again = client.post(reverse("vote", args=[held.pk]), filled(held, voter, 3))
    assert again.status_code == 409
    assert "没有计票" in text(again)
    assert list(Tally.objects.values_list("counts", flat=True)) == before


def test_a_paper_with_a_gap_comes_back_with_what_was_chosen(world: World) -> None:
    held = running(world)
    voter = world.user("member", "east_one")
    data = filled(held, voter, 1)
    gap = sorted(data)[2]
    del data[gap]
    answer = as_(voter).post(reverse("vote", args=[held.pk]), data)
    assert answer.status_code == 200
    assert "还没有计票" in text(answer)
    assert list(answer.context["form"].errors) == [gap]
    assert text(answer).count(" checked") == 4
    assert not Paper.objects.filter(marked=True).exists()


@pytest.mark.parametrize("value", ["4", "-2", "x", ""])
def test_an_answer_that_is_no_choice_is_refused(world: World, value: str) -> None:
    held = running(world)
    voter = world.user("member", "east_one")
    data = filled(held, voter)
    data[min(data)] = value
    assert as_(voter).post(reverse("vote", args=[held.pk]), data).status_code == 200
    assert not Paper.objects.filter(marked=True).exists()


def test_who_is_not_entitled_finds_nothing(world: World) -> None:
    held = running(world)
    data = filled(held, world.user("member", "east_one"))
    for who in (("member", "east_two"), ("staff", "east"), ("office", "root")):
        client = as_(world.user(*who))
        assert client.get(reverse("vote", args=[held.pk])).status_code == 404
        assert client.post(reverse("vote", args=[held.pk]), data).status_code == 404
    assert not Paper.objects.filter(marked=True).exists()


@pytest.mark.parametrize("end", ["round_close", "round_cancel"])
def test_a_page_left_open_past_the_end_is_told_that_nothing_was_counted(world: World, end: str) -> None:
    held = running(world)
    voter = world.user("member", "east_one")
    data = filled(held, voter)
    as_(world.user("staff", "east")).post(reverse("round_step", args=[held.pk, end]), {"reason": "有误"})
    answer = as_(voter).post(reverse("vote", args=[held.pk]), data)
    assert answer.status_code == (409 if end == "round_close" else 404)


def test_before_the_first_day_and_after_the_last_no_vote_is_taken(world: World) -> None:
    held = running(world, opens_at=STAGE + dt.timedelta(days=1), closes_at=STAGE + dt.timedelta(days=2))
    voter = world.user("member", "east_one")
    data = filled(held, voter)
    client = as_(voter)
    assert reverse("vote", args=[held.pk]) not in text(client.get(reverse("vote_list")))
    assert client.post(reverse("vote", args=[held.pk]), data).status_code == 409
    with clock.at(STAGE + dt.timedelta(days=1)):
        assert client.post(reverse("vote", args=[held.pk]), data).status_code == 302


def test_signing_in_again_loses_the_answers_and_does_not_replay_them(world: World) -> None:
    held = running(world)
    data = filled(held, world.user("member", "east_one"))
    answer = Client().post(reverse("vote", args=[held.pk]), data)
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("login"))
    assert not any(key in answer["Location"] for key in data)
    assert not Paper.objects.filter(marked=True).exists()


@pytest.mark.parametrize("subjects", [("east_one",), ("east_one", "east", "east_two")])
def test_voting_takes_a_constant_number_of_statements(world: World, subjects: tuple[str, ...]) -> None:
    held = running(world, subjects=subjects)
    voter = world.user("member", "east_one")
    client, data = as_(voter), filled(held, voter)
    fixed_sheet.cache_clear()
    with CaptureQueriesContext(connection) as shown:
        client.get(reverse("vote", args=[held.pk]))
    with CaptureQueriesContext(connection) as cast:
        client.post(reverse("vote", args=[held.pk]), data)
    # PostgreSQL counts a vote in one statement, SQLite in two.
    assert (len(shown), len(cast)) == (12, 8 if connection.vendor == "postgresql" else 11)


def test_after_a_vote_nothing_speaks_of_it(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Logs, audit rows, sessions, cache, jobs and notices, searched for the voter's answers and for the vote itself."""
    held = running(world)
    voter = world.user("member", "east_one")
    client, data = as_(voter), filled(held, voter, 2)
    client.get(reverse("vote", args=[held.pk]))
    entries, jobs, notices = AuditEntry.objects.count(), Job.objects.count(), Notice.objects.count()
    before = {session.pk: session.get_decoded() for session in Session.objects.all()}
    with caplog.at_level(logging.DEBUG):
        # Django's own log of statements exists only with DEBUG on, which an installation has not.
        client.post(reverse("vote", args=[held.pk]), data)
        client.get(reverse("vote_list"))
    assert Paper.objects.get(voter=voter).marked
    assert (AuditEntry.objects.count(), Job.objects.count(), Notice.objects.count()) == (entries, jobs, notices)
    after = {session.pk: session.get_decoded() for session in Session.objects.all()}
    assert after == before
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert not any(key in logged for key in data)
    assert voter.username not in logged
    assert voter.name not in logged
    assert not any(name in str(dict(client.cookies)) for name in (*data, "messages"))
    assert not cached()
    voter.refresh_from_db()
    assert {field.name for field in User._meta.fields if "_at" in field.name} == {"created_at", "password_changed_at"}


def cached() -> list[str]:
    """Return the keys in Django's cache, in memory or in Redis."""
    if settings.REDIS_URL:
        return [str(key) for key in redis.from_url(settings.REDIS_URL).keys(":1:*")]
    return list(cache._cache)  # type: ignore[attr-defined]


# ---- results ----


def test_nothing_of_an_open_round_can_be_read(world: World) -> None:
    held = running(world)
    for voter in voters(held):
        vote(held, voter)
    for who in (("staff", "east"), ("office", "root"), ("leader", "root"), ("secretary", "east_one")):
        client = as_(world.user(*who))
        assert client.get(reverse("round_results", args=[held.pk])).status_code == 404
        subject = held.ballot.subjects.get().pk
        assert client.get(reverse("round_result", args=[held.pk, subject])).status_code == 404


def test_the_draft_is_for_those_who_hold_the_round(world: World) -> None:
    held = running(world)
    for voter in voters(held):
        vote(held, voter)
    round_close(evaluation_round=held, actor=world.user("staff", "east"), reason="提前结束")
    url = reverse("round_results", args=[held.pk])
    assert "结果草稿" in text(as_(world.user("staff", "east")).get(url))
    assert as_(world.user("secretary", "east_one")).get(url).status_code == 404
    assert as_(world.user("leader", "east")).get(url).status_code == 404


def test_a_result_page_shows_form_d5(world: World) -> None:
    held = published(world)
    subject = held.ballot.subjects.get()
    url = reverse("round_result", args=[held.pk, subject.pk])
    page = text(as_(world.user("member", "east_one")).get(url))
    # Six ballots: two 满意, two 比较满意, two 基本满意 for every question: 80 points, each a third.
    assert "80.00" in page
    assert page.count("33.33%") == 15
    assert "100.00%" in page
    assert as_(world.user("member", "east_two")).get(url).status_code == 404


def test_a_hidden_class_shows_as_such_and_gives_no_number(world: World) -> None:
    member = world.members["east_one"][5]
    type(member).objects.filter(pk=member.pk).update(party_post="deputy_secretary")
    from tests.ballots.making import people

    for place, user in enumerate(people(3)):
        extra = type(member).objects.create(
            personnel_no=f"extra-{place}", name=f"增补{place}", sex="male", organization=world.orgs["east_one"]
        )
        User.objects.filter(pk=user.pk).update(member=extra)
    held = running(world, scheme="abc", leave_out_empty=True)
    for voter in voters(held):
        vote(held, voter, 3 if voter.member and voter.member.party_post else 0)
    actor = world.user("staff", "east")
    round_close(evaluation_round=held, actor=actor, reason="提前结束")
    held = EvaluationRound.objects.select_related("ballot").get(pk=held.pk)
    for state in (RoundState.SEALED, RoundState.PUBLISHED):
        if state == RoundState.PUBLISHED:
            round_publish(evaluation_round=held, actor=actor, leave_out=True)
        summary = text(as_(actor).get(reverse("round_results", args=[held.pk])))
        assert "不足5票" in summary
        subject = held.ballot.subjects.get().pk
        page = text(as_(actor).get(reverse("round_result", args=[held.pk, subject])))
        assert "不足5票" in page
        assert "综合得分也不公布" in page
        # Only class B's seven 满意 are there; the two 不满意 of class A are nowhere.
        assert "40.00" not in page.replace('-weight">40.00<', "")
        assert "C 票 · 职工群众没有收到票" in page
    assert Result.objects.get().total is None


def test_organizations_are_ranked_and_ties_share_a_rank(world: World) -> None:
    held = running(world, at="root", subjects=("east_one", "east_two", "west_one", "west_two"))
    places = {"east-one": 1, "east-two": 0, "west-one": 1, "west-two": 2}
    for voter in voters(held):
        vote(held, voter, next(n for name, n in places.items() if name in voter.username))
    actor = world.user("staff", "root")
    round_close(evaluation_round=held, actor=actor, reason="提前结束")
    held = EvaluationRound.objects.select_related("ballot").get(pk=held.pk)
    round_publish(evaluation_round=held, actor=actor)
    rows = as_(actor).get(reverse("round_results", args=[held.pk])).context["rows"]
    assert [(row.rank, row.result.total) for row in rows] == [(1, 10_000), (2, 8_000), (2, 8_000), (4, 6_000)]
    own = as_(world.user("secretary", "west_two")).get(reverse("round_results", args=[held.pk])).context["rows"]
    assert [(row.rank, row.subject.organization_id) for row in own] == [(4, world.orgs["west_two"].pk)]


def test_persons_are_listed_without_rank(world: World) -> None:
    held = published(world, template="member")
    page = as_(world.user("secretary", "east_one")).get(reverse("round_results", args=[held.pk]))
    assert [row.rank for row in page.context["rows"]] == [None] * 6
    assert "名次" not in text(page)
    own = as_(world.user("member", "east_one")).get(reverse("round_results", args=[held.pk])).context["rows"]
    assert [row.subject.member_id for row in own] == [world.user("member", "east_one").member_id]


def test_an_invalid_result_says_why(world: World) -> None:
    held = running(world, subjects=("east_one", "east_two"))
    for voter in voters(held):
        if "east-one" in voter.username or voter.username == "member-east-two":
            vote(held, voter)
    actor = world.user("staff", "east")
    round_close(evaluation_round=held, actor=actor, reason="提前结束")
    invalid = Result.objects.get(verdict="invalid")
    page = text(as_(actor).get(reverse("round_result", args=[held.pk, invalid.subject_id])))
    assert "应到6人，收回1票" in page
    assert "满意率" not in page


@pytest.mark.parametrize("rounds", [1, 3])
def test_the_list_takes_a_constant_number_of_statements(world: World, rounds: int) -> None:
    for _ in range(rounds):
        planned(world)
    client = as_(world.user("staff", "east"))
    with CaptureQueriesContext(connection) as captured:
        page = client.get(reverse("round_list"))
    assert text(page).count("年度群众评议") == rounds
    assert len(captured) == 8


@pytest.mark.parametrize("subjects", [("east_one",), ("east_one", "east_two", "east")])
def test_result_pages_take_a_constant_number_of_statements(world: World, subjects: tuple[str, ...]) -> None:
    held = published(world, subjects=subjects)
    client = as_(world.user("staff", "east"))
    with CaptureQueriesContext(connection) as summary:
        client.get(reverse("round_results", args=[held.pk]))
    subject = held.ballot.subjects.order_by("pk")[0]
    with CaptureQueriesContext(connection) as single:
        client.get(reverse("round_result", args=[held.pk, subject.pk]))
    assert (len(summary), len(single)) == (13, 12)
    assert Ballot.objects.count() == 1
