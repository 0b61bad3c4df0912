"""Holding evaluation rounds: set up, open, close and seal, publish, cancel; and the vote itself.

The audit log has the steps of a round, never a vote.
"""

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from campaign.audit.services import audit_record
from campaign.ballots.counting import Remarks
from campaign.ballots.models import BallotState, Paper
from campaign.ballots.selectors import classes_without_raters
from campaign.ballots.services import (
    NOTHING,
    Uncounted,
    ballot_cancel,
    ballot_cast,
    ballot_extend,
    ballot_leave_out_empty,
    ballot_open,
    ballot_seal,
    marks_delete,
)
from campaign.ballots.verification import Mismatch, differences
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Campaign
from orgs.models import Organization
from reviews.choosing import CHOSEN, Choosing
from reviews.models.rounds import EvaluationRound, PublicationScope, RoundState
from reviews.questionnaires import templates
from reviews.selectors.rounds import classes_without_ballots
from reviews.services.setting_up import round_begin, round_subjects_set
from reviews.services.telling import calls_take_back, evaluated_tell, opening_text, voters_tell
from reviews.workflow.rounds import ROUNDS

logger = logging.getLogger(__name__)
DECISION_LENGTH = 200
OBJECTIONS, UNPUBLISHED = dt.timedelta(days=settings.BALLOT_OBJECTION_DAYS), dt.timedelta(days=90)


def round_create(
    *,
    actor: Any,
    campaign: Campaign,
    organization: Organization,
    name: str,
    template: str,
    subjects: Sequence[Organization],
    opens_at: dt.datetime,
    closes_at: dt.datetime,
    scheme: str = "abc",
    scope: str = PublicationScope.UNITS,
    leave_out_empty: bool = False,
) -> EvaluationRound:
    """Set up a round that `organization` holds: questionnaire, rater classes, subjects and papers.

    `subjects` are organizations at or below it: rated themselves, or with a questionnaire for members, all members enrolled
    there. Raters are the members of a subject's subtree who have an account (of the same branch, for members), the leading
    posts in the class of the leading group. Source: 2-domain b.7. Raises NotAllowed, DomainError.
    """
    if not all(subject.path.startswith(organization.path) for subject in subjects):
        raise NotAllowed
    with transaction.atomic():
        made = round_begin(
            actor=actor,
            campaign=campaign,
            organization=organization,
            name=name,
            template=template,
            opens_at=opens_at,
            closes_at=closes_at,
            scheme=scheme,
            scope=scope,
            leave_out_empty=leave_out_empty,
        )
        posts = tuple(templates.get(template).posts)
        choosing = Choosing(which=CHOSEN, chosen=tuple(subject.pk for subject in subjects), posts=posts)
        if choosing.subjects(organization, made.audience):
            round_subjects_set(evaluation_round=made, actor=actor, version=made.version, choosing=choosing)
    return made


def round_open(*, evaluation_round: EvaluationRound, actor: Any) -> EvaluationRound:
    """Fix the roll and let votes in. Raises NotAllowed, StateConflict, DomainError with what stands in the way."""
    with transaction.atomic():
        ROUNDS.take(evaluation_round, "round_open", actor=actor)
        ballot_open(ballot=evaluation_round.ballot)
        voters_tell(evaluation_round, "opened", opening_text(evaluation_round))
    return evaluation_round


def round_leave_out(*, evaluation_round: EvaluationRound, actor: Any) -> EvaluationRound:
    """Confirm, before opening, that classes without raters are left out of the totals. Raises NotAllowed, StateConflict."""
    if not reaches(actor, Cap.ROUND_MANAGE, evaluation_round.organization.path):
        raise NotAllowed
    names = "、".join(classes_without_raters(evaluation_round.ballot))
    with transaction.atomic():
        ballot_leave_out_empty(ballot=evaluation_round.ballot)
        audit_record(action="round_leave_out", actor=actor, target=evaluation_round, reason=names)
    return evaluation_round


def vote_cast(*, paper: Paper, voter: Any, answers: Mapping[int, Sequence[int]], remarks: Remarks = NOTHING) -> None:
    """Cast a vote; see `campaign.ballots.services.ballot_cast`. Deliberately without any record but paper and tallies."""
    ballot_cast(paper=paper, voter=voter, answers=answers, remarks=remarks)


def round_close(*, evaluation_round: EvaluationRound, actor: Any, reason: str = "") -> EvaluationRound:
    """Close the round, in time or, with a reason, early, and seal it in the same transaction. Raises NotAllowed, StateConflict,
    DomainError where the reason is missing."""
    if not reason.strip() and evaluation_round.ballot.closes_at > clock.now():
        raise DomainError(_("The round has not ended yet. Please give a reason for closing it early."))
    with transaction.atomic():
        ROUNDS.take(evaluation_round, "round_close", actor=actor, reason=reason)
        calls_take_back(evaluation_round)
        ballot_seal(ballot=evaluation_round.ballot)
    return evaluation_round


def round_extend(
    *, evaluation_round: EvaluationRound, actor: Any, closes_at: dt.datetime, reason: str
) -> EvaluationRound:
    """Let an open round end later, and tell everybody who may vote. Raises NotAllowed, StateConflict, DomainError without a
    reason or when the new end is no later one."""
    if not reaches(actor, Cap.ROUND_MANAGE, evaluation_round.organization.path):
        raise NotAllowed
    if not reason.strip():
        raise DomainError(_("Please give a reason."))
    before = evaluation_round.ballot.closes_at
    with transaction.atomic():
        ballot_extend(ballot=evaluation_round.ballot, closes_at=closes_at)
        changes = {"closes_at": [before.isoformat(), closes_at.isoformat()]}
        audit_record(action="round_extend", actor=actor, target=evaluation_round, reason=reason, changes=changes)
        text = _("“%(name)s” can be voted in until %(day)s now. Reason: %(reason)s") % {
            "name": evaluation_round.name,
            "day": evaluation_round.last_day.isoformat(),
            "reason": reason,
        }
        voters_tell(evaluation_round, f"extended {closes_at:%Y%m%d%H%M}", str(text))
    return evaluation_round


def rounds_close_due() -> int:
    """Close and seal the rounds whose time is over; returns how many. One that fails does not keep the others open."""
    due = EvaluationRound.objects.filter(state=RoundState.OPEN, ballot__closes_at__lte=clock.now())
    return sum(_close_due(found) for found in due.select_related("ballot"))


def _close_due(evaluation_round: EvaluationRound) -> bool:
    try:
        with transaction.atomic():
            changed = EvaluationRound.objects.filter(pk=evaluation_round.pk, state=RoundState.OPEN).update(
                state=RoundState.SEALED, updated_at=clock.now()
            )
            if changed != 1:
                return False
            calls_take_back(evaluation_round)
            ballot_seal(ballot=evaluation_round.ballot)
            changes = {"state": [RoundState.OPEN, RoundState.SEALED]}
            audit_record(action="round_close", actor=None, target=evaluation_round, changes=changes)
    except Uncounted:
        return False  # those who hold the round see what is missing on its page
    except Mismatch:
        logger.exception("round %s cannot be sealed", evaluation_round.pk)
        return False
    return True


def rounds_forget_due() -> int:
    """Delete the marks of rounds whose time for objections is over: so many days after publication (OBJECTIONS), or after
    sealing where nothing was published (UNPUBLISHED). Returns of how many rounds. One that fails does not keep the others."""
    moment = clock.now()
    over = Q(published_at__lte=moment - OBJECTIONS) | Q(published_at=None, ballot__sealed_at__lte=moment - UNPUBLISHED)
    due = EvaluationRound.objects.filter(over, ballot__state=BallotState.SEALED, ballot__marks_deleted_at=None)
    return sum(_forget(found) for found in due.select_related("ballot"))


def _forget(evaluation_round: EvaluationRound) -> bool:
    try:
        with transaction.atomic():
            papers = marks_delete(ballot=evaluation_round.ballot)
            changes = {"papers": [papers, 0]}
            audit_record(action="round_forget", actor=None, target=evaluation_round, changes=changes)
    except (Mismatch, StateConflict):
        logger.exception("the marks of round %s cannot be deleted", evaluation_round.pk)
        return False
    return True


def round_publish(
    *, evaluation_round: EvaluationRound, actor: Any, leave_out: bool = False, decision: str = ""
) -> EvaluationRound:
    """Publish the results to the round's scope, after a recount, and tell those who were evaluated.

    `decision` says what it rests on (who decided, when) and stands on the results. `leave_out` confirms that classes from which
    no ballot came are left out of the totals; it is recorded, and printed as a note. Raises NotAllowed, StateConflict, Mismatch,
    DomainError when the confirmation is missing.
    """
    missing = classes_without_ballots(evaluation_round)
    noted = _("Left out of the total: %(names)s") % {"names": "、".join(missing)} if missing else ""
    with transaction.atomic():
        ROUNDS.take(
            evaluation_round,
            "round_publish",
            actor=actor,
            reason="；".join(str(part) for part in (decision, noted) if part),
            published_at=clock.now(),
            left_out_confirmed=bool(missing),
            decision=decision[:DECISION_LENGTH],
        )
        if missing and not (leave_out or evaluation_round.ballot.leave_out_empty):
            raise DomainError(
                _("From some classes no ballot came. Confirm that they are left out of the total before you publish.")
            )
        for difference in differences(evaluation_round.ballot):
            raise Mismatch(difference)
        evaluated_tell(evaluation_round)
    return evaluation_round


def round_cancel(*, evaluation_round: EvaluationRound, actor: Any, reason: str) -> EvaluationRound:
    """End a round before sealing, destroy its papers, marks and tallies, and tell those who could vote. Raises NotAllowed,
    StateConflict."""
    with transaction.atomic():
        was_open = evaluation_round.state == RoundState.OPEN
        ROUNDS.take(evaluation_round, "round_cancel", actor=actor, reason=reason)
        if was_open:
            text = _("“%(name)s” was cancelled, and all votes in it were destroyed. Reason: %(reason)s") % {
                "name": evaluation_round.name,
                "reason": reason,
            }
            calls_take_back(evaluation_round)
            voters_tell(evaluation_round, "cancelled", str(text))
        ballot_cancel(ballot=evaluation_round.ballot)
    return evaluation_round
