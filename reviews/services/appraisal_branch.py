"""What members and their branch do in an appraisal: write about oneself and colleagues, keep the roll, decide, hand in,
confirm, follow up (2-domain b.8)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import Changes, audit_record, audit_record_many
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.common.models import lock_and_read
from orgs.models import MembershipKind
from reviews.models.appraisal import (
    REMARK,
    AppraisalGrade,
    AppraisedMember,
    Attendance,
    BranchAppraisal,
    BranchState,
    Consequence,
    FollowUp,
    PeerRemark,
)
from reviews.models.yearly import AppraisalState
from reviews.selectors.appraisal import colleagues
from reviews.services.appraisal import roll_enter
from reviews.workflow.appraisal import BRANCHES, FOLLOW_UPS, confirmable

LONGEST = 3000
"""Characters of a self-appraisal."""


def self_appraisal_hand_in(
    *, actor: Any, appraised: AppraisedMember, version: int, text: str, grade: str = ""
) -> AppraisedMember:
    """Hand in one's own appraisal, or a better one while the branch has not decided.

    Probationary members give themselves no grade. Raises NotAllowed for anybody but the member, EditConflict, DomainError:
    nothing written, too long, no own grade, or the branch has decided already.
    """
    _own(actor, appraised)
    if not text.strip():
        raise DomainError(_("Please write how you see your year."))
    if len(text.strip()) > LONGEST:
        raise DomainError(_("A self-appraisal may have up to %(n)s characters. Please shorten it.") % {"n": LONGEST})
    full = appraised.kind == MembershipKind.FULL
    if full and grade not in AppraisalGrade.values:
        raise DomainError(_("Please say which grade you would give yourself."))
    with transaction.atomic():
        _must_be_open(appraised.branch)
        appraised.save_version(version, self_text=text.strip(), self_grade=grade if full else "", self_at=clock.now())
        audit_record(action="self_appraisal", actor=actor, target=appraised)
    return appraised


def _own(actor: Any, appraised: AppraisedMember) -> None:
    own = AppraisedMember.objects.allowed(actor, Cap.APPRAISAL_WRITE).filter(pk=appraised.pk)
    if actor.acting_for is not None or not own.exists():
        raise NotAllowed


def _must_be_open(branch: BranchAppraisal) -> None:
    """Raise DomainError once the branch has decided; until the transaction ends it cannot."""
    lock_and_read(branch)
    if not branch.appraisal.is_open or not branch.is_editable:
        raise DomainError(_("Your branch has decided already. If something is missing, tell its secretary."))


def peer_remarks_save(*, actor: Any, entry: AppraisedMember, remarks: Mapping[int, str]) -> int:
    """Keep what the member of `entry` says of colleagues (their entries' ids → text), in place of what was said before; an
    empty text takes a remark back. Returns how many remarks there are now.

    Raises NotAllowed for another's entry or somebody who is not in the roll, DomainError when the branch has decided.
    """
    own = actor.acting_for is None and entry.member.pk == actor.member_id
    if not own or not reaches(actor, Cap.APPRAISAL_PEER, entry.organization.path):
        raise NotAllowed
    known = set(colleagues(entry).values_list("pk", flat=True))
    if not remarks.keys() <= known:
        raise NotAllowed
    texts = {pk: text.strip() for pk, text in remarks.items()}
    if any(len(text) > REMARK for text in texts.values()):
        raise DomainError(_("A remark may have up to %(n)s characters.") % {"n": REMARK})
    with transaction.atomic():
        _must_be_open(entry.branch)
        PeerRemark.objects.filter(author=entry, about__in=[pk for pk, text in texts.items() if not text]).delete()
        PeerRemark.objects.bulk_create(
            [PeerRemark(about_id=pk, author=entry, text=text) for pk, text in texts.items() if text],
            update_conflicts=True,
            unique_fields=["about", "author"],
            update_fields=["text", "updated_at"],
        )
        audit_record(action="peer_remarks", actor=actor, target=entry, changes={"remarks": [None, len(texts)]})
    return PeerRemark.objects.filter(author=entry).count()


# -- the roll --------------------------------------------------------------------------------------------------------------


def roll_refresh(*, actor: Any, branch: BranchAppraisal) -> int:
    """Bring the roll in step with the members enrolled now: newcomers are entered, who left is marked, and whoever became a
    full member since is one. Returns how many entries changed. A ballot that is open keeps its voters.

    Raises NotAllowed, or DomainError when the branch has decided.
    """
    with transaction.atomic():
        _may_decide(actor, branch)
        known = list(branch.members.values_list("member", flat=True))
        here = branch.members.filter(member__organization=branch.organization_id)
        entered = roll_enter({branch.organization_id: branch}, known)
        left = branch.members.exclude(pk__in=here.values("pk")).exclude(attendance=Attendance.LEFT)
        gone = left.update(
            attendance=Attendance.LEFT,
            grade="",
            consequence=Consequence.NONE,
            version=F("version") + 1,
            updated_at=clock.now(),
        )
        full = here.filter(kind=MembershipKind.PROBATIONARY, member__kind=MembershipKind.FULL)
        promoted = full.update(kind=MembershipKind.FULL, version=F("version") + 1, updated_at=clock.now())
        changed = entered + gone + promoted
        if changed:
            audit_record(action="appraisal_roll", actor=actor, target=branch, changes={"members": [None, changed]})
    return changed


def _may_decide(actor: Any, branch: BranchAppraisal) -> None:
    """Raise unless `actor` decides for the branch and has not handed it in; until the transaction ends nobody does."""
    lock_and_read(branch)
    if not reaches(actor, Cap.APPRAISAL_DECIDE, branch.organization.path):
        raise NotAllowed
    if not branch.appraisal.is_open or not branch.is_editable:
        raise DomainError(_("The decision is handed in. Take it back, or ask the organization above to return it."))


def attendance_set(
    *, actor: Any, appraised: AppraisedMember, version: int, attendance: str, reason: str = ""
) -> AppraisedMember:
    """Note whether a member takes part, is away, or is exempt (old or ill members; 2-domain b.3), with the reason. Who is
    exempt loses a grade given before. Raises NotAllowed, EditConflict, DomainError without a reason."""
    if attendance not in (Attendance.PRESENT, Attendance.ABSENT, Attendance.EXEMPT):
        raise NotAllowed
    if attendance != Attendance.PRESENT and not reason.strip():
        raise DomainError(_("Please give a reason."))
    changes: Changes = {"attendance": [appraised.attendance, attendance]}
    exempt = attendance == Attendance.EXEMPT
    with transaction.atomic():
        _may_decide(actor, appraised.branch)
        appraised.save_version(
            version,
            attendance=attendance,
            attendance_reason="" if attendance == Attendance.PRESENT else reason.strip()[:200],
            **({"grade": "", "consequence": Consequence.NONE, "due_on": None} if exempt else {}),
        )
        audit_record(action="appraisal_attendance", actor=actor, target=appraised, changes=changes, reason=reason)
    return appraised


# -- the decision ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decision:
    """What a branch decides on one member (the id of the entry). `due_on` is needed where there is a consequence."""

    pk: int
    grade: str
    problems: str = ""
    consequence: str = Consequence.NONE
    due_on: dt.date | None = None


def branch_decide(
    *,
    actor: Any,
    branch: BranchAppraisal,
    version: int,
    decisions: Sequence[Decision],
    met_on: dt.date | None = None,
    remarks: str = "",
) -> BranchAppraisal:
    """Enter what the branch decided, as far as it has: grades may be left open until it is handed in.

    More than a third of 优秀 is no obstacle (2-domain b.8: 一般); the pages warn. Raises NotAllowed, EditConflict, or
    DomainError: the decision is handed in, the meeting lies in the future, a consequence without a day.
    """
    if met_on is not None and met_on > clock.today():
        raise DomainError(_("The day of the meeting cannot lie in the future."))
    if any(len(each.problems.strip()) > REMARK for each in decisions) or len(remarks.strip()) > REMARK:
        raise DomainError(_("Each text may have up to %(n)s characters. Please shorten it.") % {"n": REMARK})
    with transaction.atomic():
        _may_decide(actor, branch)
        branch.save_version(version, met_on=met_on, remarks=remarks.strip())
        entries = {each.pk: each for each in branch.members.all()}
        changed: dict[tuple[str, str], list[AppraisedMember]] = defaultdict(list)
        for decision in decisions:
            entry = _decided(entries.get(decision.pk), decision)
            before, entry.grade = entry.grade, decision.grade
            if before != entry.grade:
                changed[before, entry.grade].append(entry)
        fields = ("grade", "problems", "consequence", "due_on", "updated_at")
        AppraisedMember.objects.bulk_update([entries[each.pk] for each in decisions], fields, batch_size=200)
        audit_record(action="appraisal_decide", actor=actor, target=branch, changes={"met_on": [None, met_on]})
        for (before, after), targets in sorted(changed.items()):
            audit_record_many(
                action="appraisal_grade", actor=actor, targets=targets, changes={"grade": [before, after]}
            )
    return branch


def _decided(entry: AppraisedMember | None, decision: Decision) -> AppraisedMember:
    """Return the entry with everything but its grade; raises NotAllowed for one of another branch."""
    if entry is None:
        raise NotAllowed
    if decision.grade and (not entry.is_gradable or decision.grade not in AppraisalGrade.values):
        raise DomainError(_("%(name)s cannot be graded.") % {"name": entry.name})
    if decision.consequence not in Consequence.values:
        raise NotAllowed
    if decision.consequence != Consequence.NONE and decision.due_on is None:
        raise DomainError(_("By which day has %(name)s to put it right?") % {"name": entry.name})
    entry.problems = decision.problems.strip()
    entry.consequence, entry.due_on = decision.consequence, decision.due_on
    entry.updated_at = clock.now()
    return entry


def branch_step(*, actor: Any, branch: BranchAppraisal, step: str, reason: str = "") -> BranchAppraisal:
    """Hand in, take back, confirm or return the decision of a branch. With the confirmation members read their grades, and
    what follows is to be done; with a return it rests again.

    Raises NotAllowed, StateConflict, or DomainError when a check refuses.
    """
    if step not in BRANCHES.steps:
        raise NotAllowed
    moment, updates = clock.now(), dict[str, Any](version=F("version") + 1)
    if step == "branch_submit":
        updates |= {"submitted_at": moment, "submitted_by": actor, "return_reason": ""}
    elif step in ("branch_confirm", "branch_return"):
        said = reason.strip() if step == "branch_return" else ""
        updates |= {"decided_at": moment, "decided_by": actor, "return_reason": said[:REMARK]}
    with transaction.atomic():
        lock_and_read(branch)  # nobody changes grades or the roll between the checks and the step
        BRANCHES.take(branch, step, actor=actor, reason=reason, **updates)
        _set_follow_up([branch.pk], confirmed=branch.is_confirmed)
    return branch


def _set_follow_up(branches: Sequence[int], *, confirmed: bool) -> None:
    members = AppraisedMember.objects.filter(branch__in=branches)
    if confirmed:
        members.filter(~Q(consequence=Consequence.NONE), follow_up=FollowUp.NONE).update(follow_up=FollowUp.OPEN)
    else:
        members.filter(follow_up=FollowUp.OPEN).update(follow_up=FollowUp.NONE)


def branches_confirm(*, actor: Any, branches: Sequence[BranchAppraisal]) -> int:
    """Confirm the decisions of many branches at once, all or none, in a constant number of statements. Raises as
    `branch_step` does."""
    keys = [branch.pk for branch in branches]
    with transaction.atomic():
        chosen = BranchAppraisal.objects.filter(pk__in=keys)
        list(chosen.select_for_update().order_by("pk").values_list("pk", flat=True))
        free = set(confirmable(chosen, actor).values_list("pk", flat=True))
        for branch in branches:
            if branch.pk not in free:
                branch_step(actor=actor, branch=branch, step="branch_confirm")  # says why it cannot be
                raise StateConflict
        confirmed = {"version": F("version") + 1, "decided_at": clock.now(), "decided_by": actor, "return_reason": ""}
        BRANCHES.take_all(chosen, "branch_confirm", actor=actor, **confirmed)
        _set_follow_up(keys, confirmed=True)
    return len(branches)


# -- afterwards ------------------------------------------------------------------------------------------------------------


def opinion_give(*, actor: Any, appraised: AppraisedMember, version: int, opinion: str) -> AppraisedMember:
    """Say what one thinks of the own result (本人意见 of form d.6), once it is confirmed and until the appraisal is closed.
    Raises NotAllowed, EditConflict, StateConflict, DomainError for an empty or too long text."""
    _own(actor, appraised)
    if not appraised.branch.is_confirmed or appraised.branch.appraisal.state != AppraisalState.OPEN:
        raise StateConflict
    if not opinion.strip() or len(opinion.strip()) > REMARK:
        raise DomainError(_("Please write between 1 and %(n)s characters.") % {"n": REMARK})
    with transaction.atomic():
        appraised.save_version(version, opinion=opinion.strip(), opinion_at=clock.now())
        audit_record(action="appraisal_opinion", actor=actor, target=appraised)
    return appraised


def follow_up_step(*, actor: Any, appraised: AppraisedMember, step: str, reason: str) -> AppraisedMember:
    """Settle what a member was told to put right, with what came of it, or take it up again.
    Raises NotAllowed, StateConflict, or DomainError: without words, or about oneself."""
    if step not in FOLLOW_UPS.steps:
        raise NotAllowed
    if appraised.branch.state != BranchState.CONFIRMED:
        raise StateConflict
    updates: dict[str, Any] = {"version": F("version") + 1, "done_on": None}
    if step == "follow_up_done":
        updates |= {"outcome": reason.strip()[:REMARK], "done_on": clock.today()}
    return FOLLOW_UPS.take(appraised, step, actor=actor, reason=reason, **updates)
