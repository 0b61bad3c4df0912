"""Holding evaluation rounds: set up, open, close and seal, publish, cancel; and the vote itself.

The audit log has the steps of a round, never a vote.
"""

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.ballots.models import Ballot, Paper
from campaign.ballots.selectors import classes_without_raters
from campaign.ballots.services import (
    PaperPlan,
    SubjectPlan,
    Uncounted,
    ballot_cancel,
    ballot_cast,
    ballot_create,
    ballot_leave_out_empty,
    ballot_open,
    ballot_seal,
    papers_add,
    subjects_add,
)
from campaign.ballots.verification import Mismatch, differences
from campaign.common import clock
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed
from campaign.models import Audience, Campaign
from orgs.models import Organization
from reviews.models.rounds import EvaluationRound, PublicationScope, RoundState
from reviews.questionnaires import schemes, templates
from reviews.selectors.rounds import classes_without_ballots, raters_of, subjects_to_rate
from reviews.workflow.rounds import ROUNDS

logger = logging.getLogger(__name__)


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
    if not reaches(actor, Cap.ROUND_MANAGE, organization.path):
        raise NotAllowed
    if not all(subject.path.startswith(organization.path) for subject in subjects):
        raise NotAllowed
    if not organization.path.startswith(campaign.organization.path):
        raise DomainError(_("Your organization does not take part in this campaign."))
    if template not in templates or scheme not in schemes:
        raise DomainError(_("There is no such questionnaire."))
    plan, classes = templates.get(template), schemes.get(scheme)
    with transaction.atomic():
        ballot = ballot_create(
            opens_at=opens_at,
            closes_at=closes_at,
            items=plan.items,
            choices=plan.choices,
            classes=classes.classes,
            k=settings.BALLOT_K,
            leave_out_empty=leave_out_empty,
        )
        _add_papers(ballot, plan.audience, organization, subjects, classes.leading, classes.others)
        made = EvaluationRound.objects.create(
            ballot=ballot,
            campaign=campaign,
            organization=organization,
            name=name,
            audience=plan.audience,
            template=template,
            scope=scope,
        )
        audit_record(action="round_create", actor=actor, target=made, changes={"name": ["", name]})
    return made


def _add_papers(
    ballot: Ballot,
    audience: Audience,
    organization: Organization,
    chosen: Sequence[Organization],
    leading: str,
    others: str,
) -> None:
    plans = [SubjectPlan(*row) for row in subjects_to_rate(audience, chosen)]
    subjects = subjects_add(ballot=ballot, audience=audience, subjects=plans)
    papers = [
        PaperPlan(rater.user_id, leading if rater.is_leading else others, rater.subjects, rater.own)
        for rater in raters_of(audience, organization, subjects)
    ]
    papers_add(ballot=ballot, papers=papers)


def round_open(*, evaluation_round: EvaluationRound, actor: Any) -> EvaluationRound:
    """Fix the roll and let votes in. Raises NotAllowed, StateConflict, DomainError with what stands in the way."""
    with transaction.atomic():
        ROUNDS.take(evaluation_round, "round_open", actor=actor)
        ballot_open(ballot=evaluation_round.ballot)
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


def vote_cast(*, paper: Paper, voter: Any, answers: Mapping[int, Sequence[int]]) -> None:
    """Cast a vote; see `campaign.ballots.services.ballot_cast`. Deliberately without any record but paper and tallies."""
    ballot_cast(paper=paper, voter=voter, answers=answers)


def round_close(*, evaluation_round: EvaluationRound, actor: Any) -> EvaluationRound:
    """Close the round, early or in time, and seal it in the same transaction. Raises NotAllowed, StateConflict."""
    with transaction.atomic():
        ROUNDS.take(evaluation_round, "round_close", actor=actor)
        ballot_seal(ballot=evaluation_round.ballot)
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
            ballot_seal(ballot=evaluation_round.ballot)
            changes = {"state": [RoundState.OPEN, RoundState.SEALED]}
            audit_record(action="round_close", actor=None, target=evaluation_round, changes=changes)
    except Uncounted:
        return False  # those who hold the round see what is missing on its page
    except Mismatch:
        logger.exception("round %s cannot be sealed", evaluation_round.pk)
        return False
    return True


def round_publish(*, evaluation_round: EvaluationRound, actor: Any, leave_out: bool = False) -> EvaluationRound:
    """Publish the results to the round's scope, after a recount.

    `leave_out` confirms that classes from which no ballot came are left out of the totals; it is recorded, and printed as
    a note. Raises NotAllowed, StateConflict, Mismatch, DomainError when the confirmation is missing.
    """
    missing = classes_without_ballots(evaluation_round)
    with transaction.atomic():
        ROUNDS.take(
            evaluation_round,
            "round_publish",
            actor=actor,
            reason=str(_("Left out of the total: %(names)s") % {"names": "、".join(missing)}) if missing else "",
            published_at=clock.now(),
            left_out_confirmed=bool(missing),
        )
        if missing and not (leave_out or evaluation_round.ballot.leave_out_empty):
            raise DomainError(
                _("From some classes no ballot came. Confirm that they are left out of the total before you publish.")
            )
        for difference in differences(evaluation_round.ballot):
            raise Mismatch(difference)
    return evaluation_round


def round_cancel(*, evaluation_round: EvaluationRound, actor: Any, reason: str) -> EvaluationRound:
    """End a round before sealing and destroy its papers, marks and tallies. Raises NotAllowed, StateConflict."""
    with transaction.atomic():
        ROUNDS.take(evaluation_round, "round_cancel", actor=actor, reason=reason)
        ballot_cancel(ballot=evaluation_round.ballot)
    return evaluation_round
