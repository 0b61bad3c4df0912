"""Evaluation rounds through their services: who may, when, and what becomes of the electorate."""

import datetime as dt

import pytest

from campaign.audit.models import AuditEntry
from campaign.ballots.models import Ballot, Paper, Result, SealedPaper, Tally
from campaign.ballots.verification import differences
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Action, StageAction
from campaign.notices.models import Notice
from orgs.models import User
from reviews.models.rounds import EvaluationRound, PublicationScope, RoundState
from reviews.selectors import rounds as selectors
from reviews.services.rounds import (
    round_cancel,
    round_close,
    round_open,
    round_publish,
    rounds_close_due,
    rounds_forget_due,
)
from tests.reviews.rounds import STAGE, planned, running, vote, voters
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_the_stage")]


def papers(evaluation_round: EvaluationRound) -> dict[str, tuple[str, int]]:
    found = Paper.objects.filter(ballot=evaluation_round.ballot).select_related("voter", "rater_class", "ballot")
    return {paper.voter.username: (paper.rater_class.key, len(paper.sheet.subjects)) for paper in found}


# ---- electorate ----


def test_the_members_of_a_branch_rate_it_in_their_classes(world: World) -> None:
    member = world.members["east_one"][1]
    type(member).objects.filter(pk=member.pk).update(party_post="group_leader")
    held = planned(world, scheme="abc")
    assert papers(held) == {
        "secretary-east-one": ("A", 1),
        **{f"member{number}-east-one": ("B", 1) for number in ("", 2, 3, 4, 5)},
    }


def test_a_committee_and_its_branches_are_rated_together(world: World) -> None:
    held = planned(world, subjects=("east", "east_one"))
    found = papers(held)
    assert found["member-east-one"] == ("all", 2)
    assert found["member-east-two"] == ("all", 1)
    assert len(found) == 12


def test_who_left_or_has_no_active_account_has_no_paper(world: World) -> None:
    gone, locked = world.members["east_one"][1:3]
    type(gone).objects.filter(pk=gone.pk).update(status="left")
    User.objects.filter(member=locked).update(is_active=False)
    held = planned(world)
    assert len(papers(held)) == 4


def test_members_rate_each_other_but_not_themselves(world: World) -> None:
    held = planned(world, subjects=("east_one", "east_two"), template="member")
    found = papers(held)
    assert len(found) == 12
    assert {count for _key, count in found.values()} == {5}
    paper = Paper.objects.select_related("ballot").get(voter=world.user("member", "east_one"))
    assert world.user("member", "east_one").name not in [name for _pk, name in paper.sheet.subjects]


# ---- who may, and when ----


def test_only_those_who_hold_rounds_there_may_set_one_up(world: World) -> None:
    with pytest.raises(NotAllowed):
        planned(world, actor=world.user("secretary", "east_one"))
    with pytest.raises(NotAllowed):
        planned(world, actor=world.user("staff", "west"))
    with pytest.raises(NotAllowed):
        planned(world, subjects=("west_one",))
    with pytest.raises(DomainError):
        planned(world, template="nothing")
    assert planned(world).state == RoundState.DRAFT


def test_a_campaign_of_elsewhere_is_refused(world: World) -> None:
    campaign = world.campaign()
    type(campaign).objects.filter(pk=campaign.pk).update(organization=world.orgs["west"])
    campaign.refresh_from_db()
    with pytest.raises(DomainError):
        planned(world, campaign=campaign)


def test_opening_needs_the_stage_and_enough_raters(world: World) -> None:
    held = planned(world)
    actor = world.user("staff", "east")
    StageAction.objects.filter(action=Action.EVALUATE).delete()
    with pytest.raises(DomainError, match="阶段"):
        round_open(evaluation_round=held, actor=actor)
    StageAction.objects.create(stage=held.campaign.stages.get(order=2), action=Action.EVALUATE)
    with pytest.raises(NotAllowed):
        round_open(evaluation_round=held, actor=world.user("staff", "west"))
    assert round_open(evaluation_round=held, actor=actor).state == RoundState.OPEN
    with pytest.raises(StateConflict):
        round_open(evaluation_round=held, actor=actor)


def test_too_few_raters_block(world: World) -> None:
    User.objects.filter(member__organization=world.orgs["east_one"]).exclude(username__contains="secretary").update(
        is_active=False
    )
    held = planned(world)
    with pytest.raises(DomainError, match="采掘一区"):
        round_open(evaluation_round=held, actor=world.user("staff", "east"))
    assert EvaluationRound.objects.get().state == RoundState.DRAFT
    assert Ballot.objects.get().state == "draft"
    assert not Tally.objects.exists()


def test_closing_seals_and_publishing_recounts(world: World) -> None:
    held = running(world)
    actor = world.user("staff", "east")
    for voter in voters(held):
        vote(held, voter)
    with pytest.raises(StateConflict):
        round_publish(evaluation_round=held, actor=actor)
    round_close(evaluation_round=held, actor=actor, reason="提前结束")
    assert not Paper.objects.exists()
    assert Result.objects.get().total == 10_000
    assert not selectors.results_visible(world.user("secretary", "east_one"), held)
    assert selectors.results_visible(actor, held)
    round_publish(evaluation_round=held, actor=actor)
    assert selectors.results_visible(world.user("secretary", "east_one"), held)
    assert EvaluationRound.objects.get().published_at == STAGE
    with pytest.raises(StateConflict):
        round_cancel(evaluation_round=held, actor=actor, reason="重来")


def test_a_round_with_too_low_turnout_is_not_published(world: World) -> None:
    held = running(world)
    actor = world.user("staff", "east")
    for voter in voters(held)[:3]:
        vote(held, voter)
    round_close(evaluation_round=held, actor=actor, reason="提前结束")
    assert Result.objects.get().verdict == "invalid"
    with pytest.raises(DomainError):
        round_publish(evaluation_round=held, actor=actor)


def test_a_class_from_which_no_ballot_came_is_left_out_by_decision_only(world: World) -> None:
    held = running(world, scheme="abc", leave_out_empty=True)
    Ballot.objects.update(leave_out_empty=False)
    for voter in voters(held):
        if "secretary" not in voter.username:
            vote(held, voter, voter.pk % 2)
    actor = world.user("staff", "east")
    round_close(evaluation_round=held, actor=actor, reason="提前结束")
    held = EvaluationRound.objects.select_related("ballot").get()
    assert selectors.classes_without_ballots(held) == ["A 票 · 领导班子", "C 票 · 职工群众"]
    with pytest.raises(DomainError):
        round_publish(evaluation_round=held, actor=actor)
    held.refresh_from_db()
    assert held.state == RoundState.SEALED
    round_publish(evaluation_round=held, actor=actor, leave_out=True)
    assert held.left_out_confirmed
    assert "职工群众" in AuditEntry.objects.get(action="round_publish").reason


def test_a_changed_result_is_not_published(world: World) -> None:
    from campaign.ballots.verification import Mismatch

    held = running(world)
    for voter in voters(held):
        vote(held, voter)
    actor = world.user("staff", "east")
    round_close(evaluation_round=held, actor=actor, reason="提前结束")
    Result.objects.update(total=9_000)
    with pytest.raises(Mismatch):
        round_publish(evaluation_round=held, actor=actor)
    assert EvaluationRound.objects.get().state == RoundState.SEALED


def test_cancelling_needs_a_reason_and_destroys_marks(world: World) -> None:
    held = running(world)
    vote(held, voters(held)[0])
    actor = world.user("staff", "east")
    with pytest.raises(DomainError):
        round_cancel(evaluation_round=held, actor=actor, reason=" ")
    round_cancel(evaluation_round=held, actor=actor, reason="对象有误")
    assert EvaluationRound.objects.get().state == RoundState.CANCELLED
    assert not Paper.objects.exists()
    assert not Tally.objects.exists()
    assert not SealedPaper.objects.exists()


def test_rounds_close_by_themselves_when_their_time_is_over(world: World) -> None:
    held = running(world)
    late = running(world, closes_at=STAGE + dt.timedelta(days=3))
    for voter in voters(held):
        vote(held, voter)
    assert rounds_close_due() == 0
    with clock.at(STAGE + dt.timedelta(days=1)):
        assert rounds_close_due() == 1
        assert rounds_close_due() == 0
    held.refresh_from_db()
    late.refresh_from_db()
    assert (held.state, late.state) == (RoundState.SEALED, RoundState.OPEN)
    entry = AuditEntry.objects.get(action="round_close")
    assert entry.actor is None


def test_nobody_is_called_to_vote_any_more_once_voting_is_over(world: World) -> None:
    held, other = running(world), running(world)
    calls = Notice.objects.filter(rule="rounds.told").unread()
    called = set(calls.values_list("user_id", flat=True))
    assert called
    round_close(evaluation_round=held, actor=world.user("staff", "east"), reason="提前结束")
    assert set(calls.values_list("subject", "user_id")) == {(f"{other.pk} opened", user) for user in called}


def test_one_round_that_cannot_be_sealed_does_not_keep_the_others_open(world: World) -> None:
    broken, sound = running(world), running(world)
    for held in (broken, sound):
        for voter in voters(held):
            vote(held, voter)
    Tally.objects.filter(ballot=broken.ballot).update(counts=[0] * 25)
    with clock.at(STAGE + dt.timedelta(days=1)):
        assert rounds_close_due() == 1
    broken.refresh_from_db()
    sound.refresh_from_db()
    assert (broken.state, sound.state) == (RoundState.OPEN, RoundState.SEALED)


def test_the_audit_log_has_the_steps_and_no_vote(world: World) -> None:
    held = running(world)
    actor = world.user("staff", "east")
    for voter in voters(held):
        vote(held, voter)
    round_close(evaluation_round=held, actor=actor, reason="提前结束")
    round_publish(evaluation_round=held, actor=actor)
    entries = AuditEntry.objects.filter(target_type="reviews.evaluationround").order_by("pk")
    steps = ["round_create", "round_update", "round_open", "round_close", "round_publish"]
    assert [entry.action for entry in entries] == steps
    assert {entry.actor_id for entry in entries} == {actor.pk}


def test_who_voted_is_deleted_when_the_time_for_objections_is_over(world: World) -> None:
    published, sealed, still_open = running(world), running(world), running(world)
    actor = world.user("staff", "east")
    for held in (published, sealed):
        for voter in voters(held)[:5]:
            vote(held, voter)
        round_close(evaluation_round=held, actor=actor, reason="提前结束")
    round_publish(evaluation_round=published, actor=actor)
    before = list(Result.objects.order_by("subject").values())
    assert rounds_forget_due() == 0
    with clock.at(STAGE + dt.timedelta(days=8)):
        assert rounds_forget_due() == 1
        assert rounds_forget_due() == 0
    assert set(SealedPaper.objects.values_list("ballot", flat=True)) == {sealed.pk}
    assert Paper.objects.filter(ballot=still_open.pk).count() == 6
    with clock.at(STAGE + dt.timedelta(days=91)):
        assert rounds_forget_due() == 1
    assert not SealedPaper.objects.exists()
    assert list(Result.objects.order_by("subject").values()) == before
    assert AuditEntry.objects.filter(action="round_forget", actor=None).count() == 2
    for held in (published, sealed):
        ballot = Ballot.objects.get(pk=held.pk)
        assert ballot.marks_deleted_at is not None
        assert not list(differences(ballot))


def test_marks_are_kept_where_the_recount_finds_a_difference(world: World) -> None:
    held = running(world)
    for voter in voters(held):
        vote(held, voter)
    actor = world.user("staff", "east")
    round_close(evaluation_round=held, actor=actor, reason="提前结束")
    round_publish(evaluation_round=held, actor=actor)
    Result.objects.update(total=9_999)
    with clock.at(STAGE + dt.timedelta(days=8)):
        assert rounds_forget_due() == 0
    assert SealedPaper.objects.count() == 6


# ---- who sees results ----


@pytest.mark.parametrize(
    ("scope", "who", "seen"),
    [
        (PublicationScope.UNITS, ("member", "east_one"), True),
        (PublicationScope.UNITS, ("member", "east_two"), False),
        (PublicationScope.UNITS, ("member", "west_one"), False),
        (PublicationScope.UNITS, ("secretary", "east_one"), True),
        (PublicationScope.UNITS, ("leader", "east"), True),
        (PublicationScope.UNITS, ("staff", "west"), False),
        (PublicationScope.LEADERS, ("member", "east_one"), False),
        (PublicationScope.LEADERS, ("secretary", "east_one"), True),
    ],
)
def test_results_go_to_their_scope(world: World, scope: str, who: tuple[str, str], seen: bool) -> None:
    held = running(world, scope=scope)
    for voter in voters(held):
        vote(held, voter)
    actor = world.user("staff", "east")
    round_close(evaluation_round=held, actor=actor, reason="提前结束")
    user = world.user(*who)
    assert not selectors.results_for(user).exists()
    round_publish(evaluation_round=held, actor=actor)
    assert selectors.results_for(user).exists() is seen


def test_members_see_their_own_result_only(world: World) -> None:
    held = running(world, template="member")
    for voter in voters(held):
        vote(held, voter)
    actor = world.user("staff", "east")
    round_close(evaluation_round=held, actor=actor, reason="提前结束")
    round_publish(evaluation_round=held, actor=actor)
    member = world.user("member", "east_one")
    assert [subject.member_id for subject in selectors.subjects_seen(member, held)] == [member.member_id]
    assert len(selectors.subjects_seen(world.user("secretary", "east_one"), held)) == 6
    assert len(selectors.subjects_seen(world.user("secretary", "east_two"), held)) == 0


def test_setting_up_takes_a_constant_number_of_statements(world: World) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    world.campaign()
    found = []
    for subjects in (("east_one",), ("east_one", "east_two", "east")):
        with CaptureQueriesContext(connection) as captured:
            planned(world, subjects=subjects)
        found.append(len(captured))
    assert found[0] == found[1]
