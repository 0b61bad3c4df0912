"""Holding an appraisal of members: one set-up for all branches, its ballot, its end (2-domain b.8)."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import Changes, audit_record
from campaign.ballots.models import Ballot
from campaign.ballots.services import (
    ChoicePlan,
    ClassPlan,
    ItemPlan,
    PaperPlan,
    SubjectPlan,
    papers_add,
    subjects_add,
)
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.models import Audience, Campaign, CampaignState
from orgs.models import Member, MembershipStatus, Organization
from reviews.models.appraisal import (
    EDITABLE,
    AppraisedMember,
    Attendance,
    BranchAppraisal,
    BranchState,
    MemberAppraisal,
)
from reviews.models.rounds import EvaluationRound
from reviews.questionnaires import MEMBER_APPRAISAL
from reviews.selectors.appraisal import Electorate, branches_without, electorates
from reviews.services.appraisal_ballots import (
    ballot_begin,
    ballot_leave_out,
    has_ballot,
    must_have_no_ballot,
    must_manage,
    round_attach,
)
from reviews.workflow.appraisal import APPRAISALS

BATCH = 1000
QUESTION = ItemPlan("民主评议党员测评")
CHOICES = (
    ChoicePlan("优秀", 100, True),
    ChoicePlan("合格", 80, True),
    ChoicePlan("基本合格", 60, True),
    ChoicePlan("不合格", 40, False),
)
"""In the order of `AppraisalGrade`."""
RATERS = ClassPlan("all", "参评党员", 10_000)


def appraisal_create(
    *,
    actor: Any,
    campaign: Campaign,
    organization: Organization,
    year: int,
    name: str,
    self_until: dt.date,
    votes_from: dt.date,
    votes_until: dt.date,
    decide_until: dt.date,
    branches: Iterable[Organization] | None = None,
) -> MemberAppraisal:
    """Set up the appraisal of `year` in `branches`, or in all at or below `organization`, with all their members.

    Branches that are in an appraisal of this year already are left out. Raises NotAllowed, or DomainError: a campaign that
    is not running or does not reach the organization, days in the wrong order, no branch left.
    """
    if not reaches(actor, Cap.APPRAISAL_MANAGE, organization.path):
        raise NotAllowed
    chosen = None if branches is None else [branch.pk for branch in branches]
    if campaign.state != CampaignState.RUNNING or not organization.path.startswith(campaign.organization.path):
        raise DomainError(_("Your organization does not take part in this campaign."))
    _check_days(self_until, votes_from, votes_until, decide_until)
    free = branches_without(organization, year)
    places = list(free if chosen is None else free.filter(pk__in=chosen))
    if not places:
        raise DomainError(_("All these branches are in an appraisal of this year already."))
    try:
        with transaction.atomic():
            made = MemberAppraisal.objects.create(
                campaign=campaign,
                organization=organization,
                year=year,
                name=name.strip(),
                self_until=self_until,
                votes_from=votes_from,
                votes_until=votes_until,
                decide_until=decide_until,
            )
            entered = BranchAppraisal.objects.bulk_create(
                (BranchAppraisal(appraisal=made, organization=place, year=year) for place in places), batch_size=BATCH
            )
            roll = roll_enter({each.organization_id: each for each in entered})
            changes: Changes = {"name": ["", made.name], "branches": [0, len(entered)], "members": [0, roll]}
            audit_record(action="appraisal_create", actor=actor, target=made, changes=changes)
    except IntegrityError as error:
        raise DomainError(_("Somebody has just set up an appraisal of this year for one of these branches.")) from error
    return made


def _check_days(self_until: dt.date, votes_from: dt.date, votes_until: dt.date, decide_until: dt.date) -> None:
    if votes_until < votes_from:
        raise DomainError(_("The last day of the ballot must not be before its first."))
    if decide_until < votes_until or decide_until < self_until:
        raise DomainError(_("Branches decide after self-appraisal and ballot: choose a later day for it."))


def roll_enter(branches: dict[int, BranchAppraisal], known: Sequence[int] = ()) -> int:
    """Enter the present members of these branches (by organization), but for those who are `known`; returns how many. Called
    within the transaction of what asks for it."""
    members = Member.objects.present().filter(organization__in=branches).exclude(pk__in=known).order_by("pk")
    made = AppraisedMember.objects.bulk_create(
        (_entry(branches[member.organization_id], member) for member in members.iterator()), batch_size=BATCH
    )
    return len(made)


def _entry(branch: BranchAppraisal, member: Member) -> AppraisedMember:
    """Who is out of touch or suspended cannot take part; the secretary may change that."""
    away = member.status != MembershipStatus.NORMAL
    return AppraisedMember(
        branch=branch,
        organization_id=branch.organization_id,
        member=member,
        name=member.name,
        kind=member.kind,
        attendance=Attendance.ABSENT if away else Attendance.PRESENT,
        attendance_reason=str(member.get_status_display()) if away else "",
    )


def appraisal_update(
    *,
    actor: Any,
    appraisal: MemberAppraisal,
    version: int,
    name: str,
    self_until: dt.date,
    votes_from: dt.date,
    votes_until: dt.date,
    decide_until: dt.date,
) -> MemberAppraisal:
    """Change name and days of an appraisal that is under way; those of its ballot only until that is set up.

    Raises NotAllowed, StateConflict, EditConflict, DomainError for days in the wrong order.
    """
    must_manage(actor, appraisal, Cap.APPRAISAL_MANAGE)
    given = {
        "name": name.strip(),
        "self_until": self_until,
        "votes_from": votes_from,
        "votes_until": votes_until,
        "decide_until": decide_until,
    }
    if has_ballot(appraisal):
        given |= {"votes_from": appraisal.votes_from, "votes_until": appraisal.votes_until}
    _check_days(self_until, given["votes_from"], given["votes_until"], decide_until)  # type: ignore[arg-type]
    changes: Changes = {
        field: [getattr(appraisal, field), value]
        for field, value in given.items()
        if getattr(appraisal, field) != value
    }
    with transaction.atomic():
        appraisal.save_version(version, **given)
        audit_record(action="appraisal_update", actor=actor, target=appraisal, changes=changes)
    return appraisal


def appraisal_ballot(*, actor: Any, appraisal: MemberAppraisal) -> EvaluationRound:
    """Set up the secret ballot on the members of all branches: a round that is opened, closed and published like any other.

    A branch in which fewer than k could vote on somebody holds none, which is noted. Raises NotAllowed, StateConflict, or
    DomainError: there is a ballot already, or nobody to vote on.
    """
    must_manage(actor, appraisal, Cap.APPRAISAL_MANAGE)
    must_have_no_ballot(appraisal)
    found = electorates(appraisal)
    voting = {branch: each for branch, each in found.items() if each.fewest >= settings.BALLOT_K}
    if not voting:
        raise DomainError(
            _("In no branch enough members with an account can vote. Let the branches decide without a ballot.")
        )
    with transaction.atomic():
        made = round_attach(
            actor=actor, appraisal=appraisal, ballot=_ballot(appraisal, voting), template=MEMBER_APPRAISAL
        )
        live = appraisal.branches.filter(state__in=EDITABLE)
        live.filter(pk__in=voting).update(has_ballot=True)
        live.exclude(pk__in=voting).update(has_ballot=False)
        audit_record(action="appraisal_ballot", actor=actor, target=appraisal, changes={"branches": [0, len(voting)]})
    appraisal.refresh_from_db()
    return made


def _ballot(appraisal: MemberAppraisal, voting: dict[int, Electorate]) -> Ballot:
    first, last = appraisal.votes_from, appraisal.votes_until
    ballot = ballot_begin(question=QUESTION, choices=CHOICES, raters=RATERS, first=first, last=last)
    plans = [
        SubjectPlan(each.organization_id, each.name, each.member_id)
        for electorate in voting.values()
        for each in electorate.members
    ]
    made = subjects_add(ballot=ballot, audience=Audience.MEMBER, subjects=plans)
    subject_of = {subject.member_id: subject.pk for subject in made}
    papers_add(
        ballot=ballot,
        papers=[paper for electorate in voting.values() for paper in _papers(electorate, subject_of)],
    )
    return ballot


def _papers(electorate: Electorate, subject_of: dict[int | None, int]) -> Iterable[PaperPlan]:
    slate = tuple(subject_of[each.member_id] for each in electorate.members)
    own = {each.pk: subject_of[each.member_id] for each in electorate.members}
    for voter in electorate.voters:
        entry = electorate.own.get(voter)
        yield PaperPlan(voter, RATERS.key, slate, own[entry] if entry is not None else None)


def appraisal_without_ballot(*, actor: Any, appraisal: MemberAppraisal, reason: str) -> MemberAppraisal:
    """Let the branches decide without a ballot through the portal. Raises NotAllowed, StateConflict, DomainError without a
    reason or when there is a ballot."""
    with transaction.atomic():
        ballot_leave_out(
            actor=actor,
            appraisal=appraisal,
            capability=Cap.APPRAISAL_MANAGE,
            action="appraisal_without_ballot",
            reason=reason,
        )
        appraisal.branches.filter(state__in=EDITABLE).update(has_ballot=False, updated_at=clock.now())
    return appraisal


def appraisal_step(*, actor: Any, appraisal: MemberAppraisal, step: str, reason: str = "") -> MemberAppraisal:
    """Close, open again or cancel an appraisal. Raises NotAllowed, StateConflict, or DomainError when a check refuses."""
    if step not in APPRAISALS.steps:
        raise NotAllowed
    with transaction.atomic():
        APPRAISALS.take(appraisal, step, actor=actor, reason=reason)
        if step == "appraisal_cancel":
            appraisal.branches.update(state=BranchState.CANCELLED, updated_at=clock.now())
    return appraisal
