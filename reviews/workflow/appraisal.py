"""The states of an appraisal of members, of each branch in it, and of what follows for a member, as tables."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from campaign.audit.selectors import done_for
from campaign.common.access import actor_ids, own_member_ids
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.common.workflow import Step, Workflow
from reviews.models.appraisal import (
    EDITABLE,
    WEAK,
    AppraisedMember,
    Attendance,
    BranchAppraisal,
    BranchAppraisalQuerySet,
    BranchState,
    Consequence,
    FollowUp,
    MemberAppraisal,
)
from reviews.models.rounds import RoundState
from reviews.models.yearly import AppraisalState


def all_confirmed(appraisal: MemberAppraisal, _actor: Any) -> None:
    """An appraisal is closed when every branch has its result."""
    left = appraisal.branches.exclude(state=BranchState.CONFIRMED).count()
    if left:
        raise DomainError(
            ngettext(
                "%(n)s branch is not confirmed yet. Remind it, or cancel the appraisal.",
                "%(n)s branches are not confirmed yet. Remind them, or cancel the appraisal.",
                left,
            )
            % {"n": left}
        )


def none_confirmed(appraisal: MemberAppraisal, _actor: Any) -> None:
    """What members have been told is not taken away from them."""
    if appraisal.branches.filter(state=BranchState.CONFIRMED).exists():
        raise DomainError(
            _("Results of some branches are confirmed and told to their members. Close the appraisal instead.")
        )


def ballot_over(appraisal: MemberAppraisal, _actor: Any) -> None:
    """Votes that are being given are ended where they are held."""
    if appraisal.round is not None and appraisal.round.state in (RoundState.DRAFT, RoundState.OPEN):
        raise DomainError(_("Its ballot is still under way. Cancel or close the ballot first."))


APPRAISALS: Workflow[MemberAppraisal] = Workflow(
    MemberAppraisal,
    [
        Step(
            "appraisal_close",
            (AppraisalState.OPEN,),
            AppraisalState.CLOSED,
            Cap.APPRAISAL_MANAGE,
            gettext_lazy("Close the appraisal"),
            checks=(all_confirmed,),
        ),
        Step(
            "appraisal_reopen",
            (AppraisalState.CLOSED,),
            AppraisalState.OPEN,
            Cap.APPRAISAL_MANAGE,
            gettext_lazy("Open the appraisal again"),
            needs_reason=True,
        ),
        Step(
            "appraisal_cancel",
            (AppraisalState.OPEN,),
            AppraisalState.CANCELLED,
            Cap.APPRAISAL_MANAGE,
            gettext_lazy("Cancel the appraisal"),
            needs_reason=True,
            checks=(ballot_over, none_confirmed),
        ),
    ],
)


def still_open(branch: BranchAppraisal, _actor: Any) -> None:
    if not branch.appraisal.is_open:
        raise DomainError(_("This appraisal is closed."))


def voted(branch: BranchAppraisal, _actor: Any) -> None:
    """The branch decides after the ballot (2-domain b.8: self, mutual, ballot, decision)."""
    if not branch.has_ballot:
        return
    ballot = branch.appraisal.round
    if ballot is None or ballot.state == RoundState.CANCELLED:
        raise DomainError(_("The ballot has not been held yet. The organization above sets it up."))
    if ballot.state != RoundState.PUBLISHED:
        raise DomainError(_("The result of the ballot is not published yet. Decide when it is."))


def graded(branch: BranchAppraisal, _actor: Any) -> None:
    """Whoever took part has a grade; whoever was away may go without."""
    left = branch.members.gradable().filter(attendance=Attendance.PRESENT, grade="")
    names = list(left.order_by("member__pinyin", "pk").values_list("name", flat=True)[:5])
    if names:
        raise DomainError(
            _("Without a grade so far: %(names)s. Grade them, or note why they take no part.")
            % {"names": "、".join(names)}
        )
    if branch.members.gradable().exists() and not branch.members.exclude(grade="").exists():
        raise DomainError(_("Nobody has a grade yet."))


def told_what_is_wrong(branch: BranchAppraisal, _actor: Any) -> None:
    """Who is only basically qualified, or not, is told the gap and by when it is to be closed (2-domain b.8)."""
    untold = branch.members.filter(Q(problems="") | Q(consequence=Consequence.NONE), grade__in=WEAK)
    names = list(untold.order_by("member__pinyin", "pk").values_list("name", flat=True)[:5])
    if names:
        raise DomainError(
            _("Write down the main problems and measures, the consequence and its day for: %(names)s.")
            % {"names": "、".join(names)}
        )


def met(branch: BranchAppraisal, _actor: Any) -> None:
    if branch.met_on is None:
        raise DomainError(_("Enter the day of the meeting that decided."))


def not_own(branch: BranchAppraisal, actor: Any) -> None:
    """Who handed the decision in does not confirm it (separation of 2-domain (e)); with a deputy this holds for both."""
    by_deputy = BranchAppraisal.objects.filter(done_for(BranchAppraisal, actor, "branch_submit"), pk=branch.pk)
    if branch.submitted_by_id in actor_ids(actor) or by_deputy.exists():
        raise DomainError(
            _("You handed this decision in yourself. Somebody else of the organization above confirms it.")
        )


def not_about_oneself(branch: BranchAppraisal, actor: Any) -> None:
    """Nobody confirms an appraisal in which the own grade stands."""
    if branch.members.filter(member__in=own_member_ids(actor)).exists():
        raise DomainError(_("Your own appraisal is among these. Somebody else of the organization above confirms it."))


def confirmable(branches: BranchAppraisalQuerySet, actor: Any) -> BranchAppraisalQuerySet:
    """Keep those whose decision `actor` may confirm: state, reach and the checks of the step below, as conditions."""
    found: BranchAppraisalQuerySet = (
        branches.allowed(actor, Cap.APPRAISAL_CONFIRM)
        .filter(state=BranchState.SUBMITTED, appraisal__state=AppraisalState.OPEN)
        .exclude(submitted_by__in=actor_ids(actor))
        .exclude(done_for(BranchAppraisal, actor, "branch_submit"))
        .exclude(members__member__in=own_member_ids(actor))
    )
    return found


BRANCHES: Workflow[BranchAppraisal] = Workflow(
    BranchAppraisal,
    [
        Step(
            "branch_submit",
            EDITABLE,
            BranchState.SUBMITTED,
            Cap.APPRAISAL_DECIDE,
            gettext_lazy("Hand the decision in"),
            checks=(still_open, voted, met, graded, told_what_is_wrong),
        ),
        Step(
            "branch_recall",
            (BranchState.SUBMITTED,),
            BranchState.WRITING,
            Cap.APPRAISAL_DECIDE,
            gettext_lazy("Take the decision back"),
            checks=(still_open,),
        ),
        Step(
            "branch_confirm",
            (BranchState.SUBMITTED,),
            BranchState.CONFIRMED,
            Cap.APPRAISAL_CONFIRM,
            pgettext_lazy("appraisal", "Confirm"),
            checks=(still_open, not_own, not_about_oneself),
        ),
        Step(
            "branch_return",
            (BranchState.SUBMITTED, BranchState.CONFIRMED),
            BranchState.RETURNED,
            Cap.APPRAISAL_CONFIRM,
            pgettext_lazy("appraisal", "Return"),
            needs_reason=True,
            checks=(still_open, not_own, not_about_oneself),
        ),
    ],
)


def not_ones_own(appraised: AppraisedMember, actor: Any) -> None:
    """Nobody settles what they were told to put right themselves."""
    if appraised.member_id in own_member_ids(actor):
        raise DomainError(_("This is about yourself. Somebody else settles it."))


FOLLOW_UPS: Workflow[AppraisedMember] = Workflow(
    AppraisedMember,
    [
        Step(
            "follow_up_done",
            (FollowUp.OPEN,),
            FollowUp.DONE,
            Cap.APPRAISAL_FOLLOW,
            gettext_lazy("Settle the follow-up"),
            needs_reason=True,
            checks=(not_ones_own,),
        ),
        Step(
            "follow_up_reopen",
            (FollowUp.DONE,),
            FollowUp.OPEN,
            Cap.APPRAISAL_FOLLOW,
            gettext_lazy("Follow up again"),
            needs_reason=True,
            checks=(not_ones_own,),
        ),
    ],
    field="follow_up",
)
