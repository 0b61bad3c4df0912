"""Appraisals of members to test with, made through the services."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from campaign.common import clock
from campaign.models import Campaign
from orgs.models import Member, Organization
from reviews.models import AppraisalGrade, AppraisedMember, BranchAppraisal, EvaluationRound, MemberAppraisal
from reviews.services import (
    appraisal_ballot,
    appraisal_create,
    branch_decide,
    branch_step,
    round_close,
    round_open,
    round_publish,
)
from reviews.services.appraisal_branch import Decision
from tests.reviews.rounds import STAGE, vote, voters
from tests.world import World

TODAY = STAGE.date()
GRADES = (AppraisalGrade.EXCELLENT, *(AppraisalGrade.QUALIFIED,) * 20)
"""What the first of a roll gets, the second, and so on."""


def held(world: World, branches: Sequence[str] | None = None, **options: Any) -> MemberAppraisal:
    """Set up the appraisal of 2026 that the staff of the east holds, its ballot beginning today."""
    given: dict[str, Any] = {
        "actor": world.user("staff", "east"),
        "campaign": Campaign.objects.first() or world.campaign(),
        "organization": world.orgs["east"],
        "year": 2026,
        "name": "2026年度民主评议党员",
        "self_until": TODAY + dt.timedelta(days=3),
        "votes_from": TODAY,
        "votes_until": TODAY + dt.timedelta(days=5),
        "decide_until": TODAY + dt.timedelta(days=20),
        "branches": None if branches is None else [world.orgs[key] for key in branches],
        **options,
    }
    return appraisal_create(**given)


def branch_of(appraisal: MemberAppraisal, organization: Organization) -> BranchAppraisal:
    found = BranchAppraisal.objects.select_related("appraisal__round__ballot", "organization")
    return found.get(appraisal=appraisal, organization=organization)


def entry_of(appraisal: MemberAppraisal, member: Member) -> AppraisedMember:
    found = AppraisedMember.objects.select_related("branch__appraisal__round", "organization", "member")
    return found.get(branch__appraisal=appraisal, member=member)


def voted(world: World, appraisal: MemberAppraisal, choice: int = 0) -> EvaluationRound:
    """Hold the ballot: everybody gives everybody the grade in place `choice`; its result is published."""
    staff = world.user("staff", "east")
    ballot = round_open(evaluation_round=appraisal_ballot(actor=staff, appraisal=appraisal), actor=staff)
    for voter in voters(ballot):
        vote(ballot, voter, choice)
    round_close(evaluation_round=ballot, actor=staff, reason="全部投完")
    return round_publish(evaluation_round=ballot, actor=staff)


def decided(
    world: World, branch: BranchAppraisal, at: str = "east_one", grades: Sequence[str] = GRADES, **options: Any
) -> BranchAppraisal:
    """Enter grades for those who may have one, in the order of their names."""
    roll = branch.members.gradable().order_by("member__pinyin", "pk")
    decisions = [Decision(each.pk, grade) for each, grade in zip(roll, grades, strict=False)]
    given: dict[str, Any] = {"version": branch.version, "met_on": clock.today(), "decisions": decisions, **options}
    return branch_decide(actor=world.user("secretary", at), branch=branch, **given)


def submitted(world: World, branch: BranchAppraisal, at: str = "east_one") -> BranchAppraisal:
    decided(world, branch, at)
    return branch_step(actor=world.user("secretary", at), branch=branch, step="branch_submit")


def confirmed(world: World, branch: BranchAppraisal, at: str = "east_one") -> BranchAppraisal:
    submitted(world, branch, at)
    return branch_step(actor=world.user("staff", "east"), branch=branch, step="branch_confirm")
