"""Changing the roll of an open round, by a recorded reason."""

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.ballots import roll
from campaign.ballots.services import PaperPlan
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from reviews.models.rounds import EvaluationRound
from reviews.selectors.roll import named, roll_can_change, roll_difference
from reviews.services.telling import opening_text, people_tell


def round_roll_change(
    *,
    evaluation_round: EvaluationRound,
    actor: Any,
    joining: Collection[int],
    leaving: Collection[int],
    reason: str,
) -> EvaluationRound:
    """Enter accounts that joined since the round was opened, and strike those that left. Whether somebody who left had voted is
    told to nobody: a vote that was cast stays, and the paper counts as before. The audit log has who, why, and both hashes of
    the roll. Raises NotAllowed, StateConflict, DomainError without a reason, without anybody, or when someone is neither.
    """
    if not reaches(actor, Cap.ROUND_MANAGE, evaluation_round.organization.path):
        raise NotAllowed
    if not roll_can_change(evaluation_round):
        raise StateConflict
    if not reason.strip():
        raise DomainError(_("Please give a reason."))
    with transaction.atomic():
        found = roll_difference(evaluation_round)
        entering = [rater for rater in found.joining if rater.user_id in set(joining)]
        striking = [user for user in found.leaving if user in set(leaving)]
        if (not entering and not striking) or len(entering) + len(striking) != len(set(joining)) + len(set(leaving)):
            raise DomainError(
                _("Choose who joins or leaves from the lists. They may have changed meanwhile: look again.")
            )
        before = evaluation_round.ballot.roll_digest
        plans = [PaperPlan(rater.user_id, rater.key, rater.subjects, rater.own) for rater in entering]
        roll.roll_change(ballot=evaluation_round.ballot, joining=plans, leaving=striking)
        changes = {
            "entered": ["", "、".join(named([rater.user_id for rater in entering]).values())],
            "struck": ["", "、".join(named(striking).values())],
            "roll_digest": [before, evaluation_round.ballot.roll_digest],
        }
        audit_record(action="round_roll_change", actor=actor, target=evaluation_round, reason=reason, changes=changes)
        people_tell(evaluation_round, [rater.user_id for rater in entering], "opened", opening_text(evaluation_round))
    return evaluation_round
