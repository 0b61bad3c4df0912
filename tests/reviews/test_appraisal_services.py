"""The appraisal of members, from the set-up to what follows: what goes through and what is refused, side by side."""

import datetime as dt
from collections import Counter

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from campaign.audit.models import AuditEntry
from campaign.ballots.models import Paper, Subject
from campaign.common import clock
from campaign.common.errors import DomainError, EditConflict, NotAllowed, StateConflict
from orgs.models import Member, MembershipKind, MembershipStatus, RoleAssignment
from reviews.models import AppraisedMember, Attendance, BranchAppraisal, EvaluationRound, MemberAppraisal, PeerRemark
from reviews.models.appraisal import BranchState, FollowUp
from reviews.selectors.appraisal import Share, share_of, votes_of
from reviews.selectors.rounds import valid_results
from reviews.services import (
    appraisal_ballot,
    appraisal_create,
    appraisal_step,
    appraisal_update,
    appraisal_without_ballot,
    attendance_set,
    branch_decide,
    branch_step,
    branches_confirm,
    follow_up_step,
    opinion_give,
    peer_remarks_save,
    roll_refresh,
    round_open,
    self_appraisal_hand_in,
)
from reviews.services.appraisal_branch import Decision
from tests.reviews.appraisals import TODAY, branch_of, confirmed, decided, entry_of, held, submitted, voted
from tests.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_the_stage")]


# -- setting up ------------------------------------------------------------------------------------------------------------


def test_one_set_up_enters_all_branches_with_all_their_members(world: World) -> None:
    Member.objects.filter(pk=world.members["east_one"][3].pk).update(kind=MembershipKind.PROBATIONARY)
    Member.objects.filter(pk=world.members["east_one"][4].pk).update(status=MembershipStatus.LOST_CONTACT)
    Member.objects.filter(pk=world.members["east_one"][5].pk).update(status=MembershipStatus.LEFT)
    found = held(world)
    assert {each.organization for each in found.branches.all()} == {world.orgs["east_one"], world.orgs["east_two"]}
    roll = {each.member_id: each for each in branch_of(found, world.orgs["east_one"]).members.all()}
    assert set(roll) == {member.pk for member in world.members["east_one"][:5]}
    assert roll[world.members["east_one"][3].pk].kind == MembershipKind.PROBATIONARY
    assert roll[world.members["east_one"][4].pk].attendance == Attendance.ABSENT
    assert AuditEntry.objects.get(action="appraisal_create").changes["members"] == [0, 11]


def test_a_branch_has_one_appraisal_a_year(world: World) -> None:
    held(world, ["east_one"])
    second = held(world)
    assert [each.organization for each in second.branches.all()] == [world.orgs["east_two"]]
    with pytest.raises(DomainError, match="都已列入"):
        held(world)
    assert held(world, year=2027).branches.count() == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        BranchAppraisal.objects.create(appraisal=second, organization=world.orgs["east_one"], year=2026)


def test_who_may_hold_one_and_where(world: World) -> None:
    for role, at in (("secretary", "east_one"), ("member", "east_one"), ("staff", "west"), ("leader", "east")):
        with pytest.raises(NotAllowed):
            held(world, actor=world.user(role, at))
    with pytest.raises(DomainError, match="更晚"):
        held(world, decide_until=TODAY)
    with pytest.raises(DomainError, match="不能早于"):
        held(world, votes_until=TODAY - dt.timedelta(days=1))
    foreign = held(world, actor=world.user("office", "root"), organization=world.orgs["root"])
    assert foreign.branches.count() == 4


def test_days_are_changed_by_who_holds_it_while_it_is_under_way(world: World) -> None:
    found = held(world)
    staff = world.user("staff", "east")
    days = {name: getattr(found, name) for name in ("self_until", "votes_from", "votes_until", "decide_until")}
    later = {**days, "decide_until": TODAY + dt.timedelta(days=40)}
    appraisal_update(actor=staff, appraisal=found, version=1, name="年度评议", **later)
    assert MemberAppraisal.objects.get().decide_until == later["decide_until"]
    with pytest.raises(EditConflict):
        appraisal_update(actor=staff, appraisal=found, version=1, name="年度评议", **days)
    with pytest.raises(NotAllowed):
        appraisal_update(actor=world.user("staff", "west"), appraisal=found, version=2, name="年度评议", **days)


# -- writing ---------------------------------------------------------------------------------------------------------------


def test_a_member_hands_in_and_betters_the_own_appraisal(world: World) -> None:
    found, member = held(world), world.user("member", "east_one")
    entry = entry_of(found, world.members["east_one"][1])
    self_appraisal_hand_in(actor=member, appraised=entry, version=1, text=" 全年出勤 ", grade="qualified")
    assert (entry.self_text, entry.self_grade, entry.self_at) == ("全年出勤", "qualified", clock.now())
    with pytest.raises(EditConflict):
        self_appraisal_hand_in(actor=member, appraised=entry, version=1, text="又写", grade="qualified")
    for text, grade, said in (("", "qualified", "请填写"), ("写了", "", "自评等次"), ("字" * 3001, "basic", "不超过")):
        with pytest.raises(DomainError, match=said):
            self_appraisal_hand_in(actor=member, appraised=entry, version=2, text=text, grade=grade)
    for role in ("member2", "secretary"):
        with pytest.raises(NotAllowed):
            self_appraisal_hand_in(
                actor=world.user(role, "east_one"), appraised=entry, version=2, text="代写", grade="basic"
            )


def test_a_probationary_member_writes_and_gives_no_grade(world: World) -> None:
    Member.objects.filter(pk=world.members["east_one"][1].pk).update(kind=MembershipKind.PROBATIONARY)
    entry = entry_of(held(world), world.members["east_one"][1])
    self_appraisal_hand_in(
        actor=world.user("member", "east_one"), appraised=entry, version=1, text="入党一年", grade="excellent"
    )
    assert entry.self_at is not None
    assert entry.self_grade == ""


def test_remarks_on_colleagues_replace_those_before(world: World) -> None:
    found = held(world)
    entry, other, third = (entry_of(found, world.members["east_one"][place]) for place in (1, 2, 3))
    foreign = entry_of(found, world.members["east_two"][1])
    member = world.user("member", "east_one")
    assert peer_remarks_save(actor=member, entry=entry, remarks={other.pk: "肯干", third.pk: "多学习"}) == 2
    assert peer_remarks_save(actor=member, entry=entry, remarks={other.pk: "肯干，也要多带徒弟", third.pk: " "}) == 1
    assert PeerRemark.objects.get().text == "肯干，也要多带徒弟"
    for wrong in ({foreign.pk: "外支部"}, {entry.pk: "本人"}):
        with pytest.raises(NotAllowed):
            peer_remarks_save(actor=member, entry=entry, remarks=wrong)
    with pytest.raises(NotAllowed):
        peer_remarks_save(actor=world.user("member2", "east_one"), entry=entry, remarks={third.pk: "代写"})
    with pytest.raises(DomainError, match="不超过"):
        peer_remarks_save(actor=member, entry=entry, remarks={other.pk: "长" * 501})


# -- the roll --------------------------------------------------------------------------------------------------------------


def test_the_roll_follows_who_is_enrolled(world: World) -> None:
    found = held(world)
    branch = branch_of(found, world.orgs["east_one"])
    first, *_others = world.members["east_one"]
    Member.objects.filter(pk=world.members["east_one"][5].pk).update(organization=world.orgs["west_one"])
    Member.objects.filter(pk=world.members["west_two"][0].pk).update(organization=world.orgs["east_one"])
    secretary = world.user("secretary", "east_one")
    assert roll_refresh(actor=secretary, branch=branch) == 2
    assert entry_of(found, world.members["east_one"][5]).attendance == Attendance.LEFT
    assert entry_of(found, world.members["west_two"][0]).attendance == Attendance.PRESENT
    assert roll_refresh(actor=secretary, branch=branch) == 0
    AppraisedMember.objects.filter(member=first).update(kind=MembershipKind.PROBATIONARY)
    assert roll_refresh(actor=secretary, branch=branch) == 1
    assert entry_of(found, first).kind == MembershipKind.FULL
    with pytest.raises(NotAllowed):
        roll_refresh(actor=world.user("secretary", "east_two"), branch=branch)


def test_who_is_away_or_exempt_is_noted_with_a_reason(world: World) -> None:
    entry = entry_of(held(world), world.members["east_one"][2])
    secretary = world.user("secretary", "east_one")
    decided(world, entry.branch)
    entry.refresh_from_db()
    with pytest.raises(DomainError, match="理由"):
        attendance_set(actor=secretary, appraised=entry, version=entry.version, attendance="exempt")
    attendance_set(actor=secretary, appraised=entry, version=entry.version, attendance="exempt", reason="年老体弱")
    assert (entry.attendance, entry.attendance_reason, entry.grade) == ("exempt", "年老体弱", "")
    with pytest.raises(NotAllowed):
        attendance_set(actor=secretary, appraised=entry, version=entry.version, attendance="left", reason="走了")
    with pytest.raises(NotAllowed):
        attendance_set(
            actor=world.user("member", "east_one"), appraised=entry, version=entry.version, attendance="present"
        )


# -- the ballot ------------------------------------------------------------------------------------------------------------


def test_one_ballot_for_all_branches_where_full_members_vote_on_each_other(world: World) -> None:
    """Six members, each with an account: five can vote on each, which is k."""
    Member.objects.filter(pk=world.members["east_two"][5].pk).update(kind=MembershipKind.PROBATIONARY)
    found = held(world)
    ballot = appraisal_ballot(actor=world.user("staff", "east"), appraisal=found)
    subjects = Subject.objects.filter(ballot=ballot.ballot)
    assert set(subjects.values_list("member", flat=True)) == {each.pk for each in world.members["east_one"]}
    papers = Paper.objects.filter(ballot=ballot.ballot).select_related("voter")
    assert {paper.voter.member_id for paper in papers} == {each.pk for each in world.members["east_one"]}
    for paper in papers:
        assert paper.own is not None
        assert paper.own.member_id == paper.voter.member_id
    # Five full members are one too few for k = 5: that branch decides without a ballot.
    assert not branch_of(found, world.orgs["east_two"]).has_ballot
    assert branch_of(found, world.orgs["east_one"]).has_ballot
    with pytest.raises(DomainError, match="已经设置"):
        appraisal_ballot(actor=world.user("staff", "east"), appraisal=found)


def test_exempt_members_may_vote_and_are_not_voted_on(world: World) -> None:
    found = held(world, ["east_one"])
    entry = entry_of(found, world.members["east_one"][1])
    attendance_set(
        actor=world.user("secretary", "east_one"), appraised=entry, version=1, attendance="exempt", reason="年老"
    )
    ballot = appraisal_ballot(actor=world.user("staff", "east"), appraisal=found)
    assert not Subject.objects.filter(ballot=ballot.ballot, member=entry.member).exists()
    assert Paper.objects.get(ballot=ballot.ballot, voter=world.user("member", "east_one")).own is None


def test_where_nobody_can_vote_in_secret_there_is_no_ballot(world: World) -> None:
    found, staff = held(world), world.user("staff", "east")
    for key in ("east_one", "east_two"):
        world.users[f"member5@{key}"].delete()
    with pytest.raises(DomainError, match="没有一个党支部"):
        appraisal_ballot(actor=staff, appraisal=found)
    with pytest.raises(DomainError, match="理由"):
        appraisal_without_ballot(actor=staff, appraisal=found, reason=" ")
    appraisal_without_ballot(actor=staff, appraisal=found, reason="人数少，会上举手")
    assert submitted(world, branch_of(found, world.orgs["east_one"])).state == BranchState.SUBMITTED
    assert AuditEntry.objects.get(action="appraisal_without_ballot").reason == "人数少，会上举手"


def test_votes_stand_beside_the_members_once_they_are_published(world: World) -> None:
    found = held(world, ["east_one"])
    ballot = voted(world, found, choice=1)
    found = MemberAppraisal.objects.select_related("round__ballot").get(pk=found.pk)
    votes = votes_of(found.round)
    assert set(votes) == {each.pk for each in world.members["east_one"]}
    assert {each.counts for each in votes.values()} == {(0, 5, 0, 0)}
    assert {each.result for each in votes.values()} == {"合格"}
    EvaluationRound.objects.filter(pk=ballot.pk).update(state="sealed", published_at=None)
    assert votes_of(MemberAppraisal.objects.select_related("round").get(pk=found.pk).round) == {}


def test_the_ballot_of_an_appraisal_is_no_mass_evaluation(world: World) -> None:
    """Otherwise it would count as `evaluation.score` of the member."""
    voted(world, held(world, ["east_one"]))
    assert not valid_results("member").exists()  # type: ignore[arg-type]


# -- the decision ----------------------------------------------------------------------------------------------------------


def test_a_branch_decides_after_the_ballot_and_the_organization_above_confirms(world: World) -> None:
    found = held(world, ["east_one"])
    branch, secretary, staff = (
        branch_of(found, world.orgs["east_one"]),
        world.user("secretary", "east_one"),
        world.user("staff", "east"),
    )
    decided(world, branch)
    with pytest.raises(DomainError, match="还没有进行"):
        branch_step(actor=secretary, branch=branch, step="branch_submit")
    voted(world, found)
    branch = branch_of(found, world.orgs["east_one"])
    with pytest.raises(StateConflict):
        branch_step(actor=staff, branch=branch, step="branch_confirm")
    branch_step(actor=secretary, branch=branch, step="branch_submit")
    with pytest.raises(DomainError, match="已经上报"):
        decided(world, branch)
    for role, at in (("secretary", "east_one"), ("staff", "west"), ("leader", "east")):
        with pytest.raises(NotAllowed):
            branch_step(actor=world.user(role, at), branch=branch, step="branch_confirm")
    branch_step(actor=staff, branch=branch, step="branch_return", reason="说明不够")
    assert (branch.state, branch.return_reason) == (BranchState.RETURNED, "说明不够")
    branch_step(actor=secretary, branch=branch, step="branch_submit")
    branch_step(actor=staff, branch=branch, step="branch_confirm")
    assert branch.is_confirmed
    assert appraisal_step(actor=staff, appraisal=found, step="appraisal_close").state == "closed"


def test_nobody_confirms_what_they_handed_in_or_their_own_grade(world: World) -> None:
    found = held(world, ["east_one"])
    voted(world, found)
    branch = submitted(world, branch_of(found, world.orgs["east_one"]))
    RoleAssignment.objects.create(
        user=world.users["secretary@east_one"], role="staff", organization=world.orgs["east"], starts_on=TODAY
    )
    RoleAssignment.objects.create(
        user=world.users["member@east_one"], role="staff", organization=world.orgs["east"], starts_on=TODAY
    )
    with pytest.raises(DomainError, match="本人上报"):
        branch_step(actor=world.user("secretary", "east_one"), branch=branch, step="branch_confirm")
    with pytest.raises(DomainError, match="本人的评定"):
        branch_step(actor=world.user("member", "east_one"), branch=branch, step="branch_confirm")


def test_everybody_present_needs_a_grade_and_the_weak_a_measure_with_a_day(world: World) -> None:
    found = held(world, ["east_one"])
    voted(world, found)
    branch, secretary = branch_of(found, world.orgs["east_one"]), world.user("secretary", "east_one")
    roll = list(branch.members.order_by("pk"))
    qualified = [Decision(each.pk, "qualified") for each in roll[1:]]
    branch_decide(actor=secretary, branch=branch, version=1, decisions=qualified, met_on=TODAY)
    with pytest.raises(DomainError, match=f"还没有评定等次：{roll[0].name}"):
        branch_step(actor=secretary, branch=branch, step="branch_submit")
    weak = Decision(roll[0].pk, "basic")
    branch_decide(actor=secretary, branch=branch, version=2, decisions=[weak], met_on=TODAY)
    with pytest.raises(DomainError, match=f"请为{roll[0].name}"):
        branch_step(actor=secretary, branch=branch, step="branch_submit")
    with pytest.raises(DomainError, match="完成期限"):
        branch_decide(
            actor=secretary, branch=branch, version=3, decisions=[Decision(roll[0].pk, "basic", "学习少", "rectify")]
        )
    told = Decision(roll[0].pk, "basic", "学习少，补课", "rectify", TODAY + dt.timedelta(days=60))
    branch_decide(actor=secretary, branch=branch, version=3, decisions=[told])
    with pytest.raises(DomainError, match="会议的日期"):
        branch_step(actor=secretary, branch=branch, step="branch_submit")
    branch_decide(actor=secretary, branch=branch, version=4, decisions=[], met_on=TODAY)
    branch_step(actor=secretary, branch=branch, step="branch_submit")
    assert AuditEntry.objects.filter(action="appraisal_grade", changes={"grade": ["", "basic"]}).count() == 1


def test_what_a_decision_may_not_say(world: World) -> None:
    Member.objects.filter(pk=world.members["east_one"][1].pk).update(kind=MembershipKind.PROBATIONARY)
    found = held(world)
    branch, secretary = branch_of(found, world.orgs["east_one"]), world.user("secretary", "east_one")
    probationary = entry_of(found, world.members["east_one"][1])
    foreign = entry_of(found, world.members["east_two"][1])
    full = entry_of(found, world.members["east_one"][2])
    for wrong in (Decision(probationary.pk, "qualified"), Decision(full.pk, "wonderful")):
        with pytest.raises(DomainError, match="不能评定"):
            branch_decide(actor=secretary, branch=branch, version=1, decisions=[wrong])
    with pytest.raises(NotAllowed):
        branch_decide(actor=secretary, branch=branch, version=1, decisions=[Decision(foreign.pk, "qualified")])
    with pytest.raises(DomainError, match="不能晚于"):
        branch_decide(actor=secretary, branch=branch, version=1, decisions=[], met_on=TODAY + dt.timedelta(days=1))
    branch.refresh_from_db()
    assert branch.version == 1
    branch_decide(actor=secretary, branch=branch, version=1, decisions=[Decision(full.pk, "qualified")])
    with pytest.raises(EditConflict):
        branch_decide(actor=secretary, branch=branch, version=1, decisions=[Decision(full.pk, "basic")])
    with pytest.raises(IntegrityError), transaction.atomic():
        AppraisedMember.objects.filter(pk=probationary.pk).update(grade="qualified")


@pytest.mark.parametrize(
    ("excellent", "graded", "exceeded", "most"),
    [(2, 6, False, 2), (3, 6, True, 2), (1, 2, True, 0), (0, 0, False, 2), (4, 12, False, 4)],
)
def test_a_third_is_the_most_and_only_warned_of(excellent: int, graded: int, exceeded: bool, most: int) -> None:
    share = Share(Counter(excellent=excellent, qualified=graded - excellent), gradable=6)
    assert (share.is_exceeded, share.most) == (exceeded, most)


def test_more_than_a_third_is_handed_in_all_the_same(world: World) -> None:
    found = held(world, ["east_one"])
    voted(world, found)
    branch = branch_of(found, world.orgs["east_one"])
    decided(world, branch, grades=["excellent"] * 6)
    assert share_of(branch.members.all()).is_exceeded
    assert (
        branch_step(actor=world.user("secretary", "east_one"), branch=branch, step="branch_submit").state == "submitted"
    )


def test_many_are_confirmed_at_once_or_none(world: World) -> None:
    found, staff = held(world), world.user("staff", "east")
    voted(world, found)
    branches = [branch_of(found, world.orgs[key]) for key in ("east_one", "east_two")]
    submitted(world, branches[0], "east_one")
    with pytest.raises(StateConflict):
        branches_confirm(actor=staff, branches=branches)
    assert not BranchAppraisal.objects.filter(state=BranchState.CONFIRMED).exists()
    branches = [branch_of(found, world.orgs[key]) for key in ("east_one", "east_two")]
    submitted(world, branches[1], "east_two")
    handed_in = BranchAppraisal.objects.filter(pk=branches[1].pk)
    by_whom = handed_in.get().submitted_by
    handed_in.update(submitted_by=staff)
    with pytest.raises(DomainError, match="本人上报"):
        branches_confirm(actor=staff, branches=branches)
    assert not BranchAppraisal.objects.filter(state=BranchState.CONFIRMED).exists()
    handed_in.update(submitted_by=by_whom)
    assert branches_confirm(actor=staff, branches=branches) == 2
    assert AuditEntry.objects.filter(action="branch_confirm").count() == 2


def test_confirming_many_costs_the_same_for_one_and_for_two(world: World) -> None:
    found, staff, numbers = held(world), world.user("staff", "east"), []
    voted(world, found)
    for keys in (("east_one",), ("east_one", "east_two")):
        branches = [branch_of(found, world.orgs[key]) for key in keys]
        for branch, key in zip(branches, keys, strict=True):
            if not branch.submitted_at:
                submitted(world, branch, key)
        BranchAppraisal.objects.filter(pk__in=[branch.pk for branch in branches]).update(state=BranchState.SUBMITTED)
        with CaptureQueriesContext(connection) as caught:
            assert branches_confirm(actor=staff, branches=branches) == len(keys)
        numbers.append(len(caught))
    assert numbers[0] == numbers[1]


# -- afterwards ------------------------------------------------------------------------------------------------------------


def with_follow_up(world: World) -> AppraisedMember:
    """The secretary and a member are told to put something right; the branch is confirmed."""
    found = held(world, ["east_one"])
    voted(world, found)
    branch, secretary = branch_of(found, world.orgs["east_one"]), world.user("secretary", "east_one")
    decided(world, branch)
    told = [
        Decision(
            entry_of(found, world.members["east_one"][place]).pk, "basic", "学习少", "rectify", TODAY + dt.timedelta(30)
        )
        for place in (0, 1)
    ]
    branch_decide(actor=secretary, branch=branch, version=branch.version, decisions=told, met_on=TODAY)
    assert entry_of(found, world.members["east_one"][1]).follow_up == FollowUp.NONE
    branch_step(actor=secretary, branch=branch, step="branch_submit")
    branch_step(actor=world.user("staff", "east"), branch=branch, step="branch_confirm")
    return entry_of(found, world.members["east_one"][1])


def test_what_follows_becomes_due_with_the_confirmation_and_is_settled_in_words(world: World) -> None:
    entry, secretary = with_follow_up(world), world.user("secretary", "east_one")
    assert entry.follow_up == FollowUp.OPEN
    with pytest.raises(DomainError, match="理由"):
        follow_up_step(actor=secretary, appraised=entry, step="follow_up_done", reason="")
    with pytest.raises(NotAllowed):
        follow_up_step(actor=world.user("member", "east_one"), appraised=entry, step="follow_up_done", reason="已改")
    follow_up_step(actor=secretary, appraised=entry, step="follow_up_done", reason="已补课，考试合格")
    assert (entry.follow_up, entry.outcome, entry.done_on) == (FollowUp.DONE, "已补课，考试合格", TODAY)
    follow_up_step(actor=secretary, appraised=entry, step="follow_up_reopen", reason="又缺课")
    assert (entry.follow_up, entry.done_on) == (FollowUp.OPEN, None)


def test_the_own_follow_up_is_settled_by_somebody_else(world: World) -> None:
    entry = with_follow_up(world)
    own = AppraisedMember.objects.select_related("branch").get(branch=entry.branch, member=world.members["east_one"][0])
    with pytest.raises(DomainError, match="本人的事项"):
        follow_up_step(actor=world.user("secretary", "east_one"), appraised=own, step="follow_up_done", reason="已改")
    follow_up_step(actor=world.user("staff", "east"), appraised=own, step="follow_up_done", reason="已谈话")
    assert own.follow_up == FollowUp.DONE


def test_a_return_lets_what_follows_rest(world: World) -> None:
    entry = with_follow_up(world)
    branch = branch_of(entry.branch.appraisal, world.orgs["east_one"])
    branch_step(actor=world.user("staff", "east"), branch=branch, step="branch_return", reason="等次有误")
    entry.refresh_from_db()
    assert entry.follow_up == FollowUp.NONE


def test_a_member_says_something_to_the_confirmed_result(world: World) -> None:
    found, member = held(world, ["east_one"]), world.user("member", "east_one")
    voted(world, found)
    entry = entry_of(found, world.members["east_one"][1])
    with pytest.raises(StateConflict):
        opinion_give(actor=member, appraised=entry, version=1, opinion="同意")
    confirmed(world, branch_of(found, world.orgs["east_one"]))
    entry = entry_of(found, world.members["east_one"][1])
    with pytest.raises(NotAllowed):
        opinion_give(actor=world.user("member2", "east_one"), appraised=entry, version=entry.version, opinion="同意")
    opinion_give(actor=member, appraised=entry, version=entry.version, opinion="同意")
    assert entry.opinion == "同意"
    appraisal_step(actor=world.user("staff", "east"), appraisal=found, step="appraisal_close")
    entry = entry_of(found, world.members["east_one"][1])
    with pytest.raises(StateConflict):
        opinion_give(actor=member, appraised=entry, version=entry.version, opinion="不同意")


def test_an_appraisal_ends_when_all_is_confirmed_or_is_cancelled_before(world: World) -> None:
    found, staff = held(world), world.user("staff", "east")
    with pytest.raises(DomainError, match="还有2个"):
        appraisal_step(actor=staff, appraisal=found, step="appraisal_close")
    ballot = round_open(evaluation_round=appraisal_ballot(actor=staff, appraisal=found), actor=staff)
    with pytest.raises(DomainError, match="测评还在进行"):
        appraisal_step(actor=staff, appraisal=found, step="appraisal_cancel", reason="重来")
    EvaluationRound.objects.filter(pk=ballot.pk).update(state="cancelled")
    found = MemberAppraisal.objects.select_related("round", "organization").get(pk=found.pk)
    appraisal_step(actor=staff, appraisal=found, step="appraisal_cancel", reason="重来")
    assert set(found.branches.values_list("state", flat=True)) == {BranchState.CANCELLED}
    assert held(world).branches.count() == 2
    with pytest.raises(NotAllowed):
        appraisal_step(actor=staff, appraisal=found, step="nothing")


def test_setting_up_takes_the_same_statements_for_many(world: World) -> None:
    campaign = world.campaign()
    numbers = []
    for organization, year in (("east", 2026), ("root", 2027)):
        with CaptureQueriesContext(connection) as caught:
            appraisal_create(
                actor=world.user("office", "root"), campaign=campaign, organization=world.orgs[organization], year=year,
                name="评议", self_until=TODAY, votes_from=TODAY, votes_until=TODAY, decide_until=TODAY,
            )  # fmt: skip
        numbers.append(len(caught))
    assert numbers[0] == numbers[1]


def test_what_was_looked_at_before_the_branch_handed_in_is_not_written_after(world: World) -> None:
    """A page read a moment ago says that the branch is open still; what counts is how it is now."""
    found, member, secretary = held(world), world.user("member", "east_one"), world.user("secretary", "east_one")
    appraisal_without_ballot(actor=world.user("staff", "east"), appraisal=found, reason="现场测评")
    entry, other = (entry_of(found, world.members["east_one"][place]) for place in (1, 2))
    branch = branch_of(found, world.orgs["east_one"])
    submitted(world, branch_of(found, world.orgs["east_one"]))
    with pytest.raises(DomainError, match="已经评定"):
        self_appraisal_hand_in(actor=member, appraised=entry, version=1, text="补写", grade="qualified")
    with pytest.raises(DomainError, match="已经评定"):
        peer_remarks_save(actor=member, entry=entry, remarks={other.pk: "肯干"})
    with pytest.raises(DomainError, match="已经上报"):
        attendance_set(actor=secretary, appraised=other, version=other.version, attendance="exempt", reason="年老")
    with pytest.raises(DomainError, match="已经上报"):
        roll_refresh(actor=secretary, branch=branch)
    assert not PeerRemark.objects.exists()
    assert not AppraisedMember.objects.filter(attendance=Attendance.EXEMPT).exists()
