"""Votes without an account: slips with a code, ballots on paper and their counts.

The audit log has what is done with batches and sheets, never a code, a vote or a number of votes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.audit.services import audit_record
from campaign.ballots import on_paper, slips
from campaign.ballots.models import Batch, Channel, PaperCount, Subject
from campaign.ballots.slips import BatchPlan
from campaign.common.access import reaches
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from reviews.electorate import rated_at
from reviews.models.rounds import EvaluationRound, RoundState
from reviews.selectors.channels import units_of


def _must_manage(evaluation_round: EvaluationRound, actor: Any) -> None:
    if not reaches(actor, Cap.ROUND_MANAGE, evaluation_round.organization.path):
        raise NotAllowed


def ballots_plan(
    *, evaluation_round: EvaluationRound, actor: Any, channel: Channel, key: str, numbers: Mapping[int, int]
) -> list[Batch]:
    """Give workers without an account slips or ballots on paper: so many of the class `key` for each unit, by the id of its
    organization. They rate what members of their unit rate. Raises NotAllowed, StateConflict after opening, DomainError.
    """
    _must_manage(evaluation_round, actor)
    units = {unit.organization.pk: unit.organization for unit in units_of(evaluation_round)}
    ballot = evaluation_round.ballot
    if not numbers.keys() <= units.keys() or not ballot.classes.filter(key=key).exists():
        raise NotAllowed
    wanted = {pk: count for pk, count in numbers.items() if count}
    if not wanted:
        raise DomainError(_("No unit has workers. Enter a number, or keep the list of workers first."))
    rated = rated_at(evaluation_round.audience, list(ballot.subjects.all()))
    plans = [BatchPlan(channel, key, pk, rated(units[pk].path), count) for pk, count in wanted.items()]
    with transaction.atomic():
        made = slips.batches_add(ballot=ballot, plans=plans)
        changes: dict[str, list[Any]] = {
            "channel": ["", str(Channel(channel).label)],
            "count": ["", sum(wanted.values())],
        }
        audit_record(action="ballots_plan", actor=actor, target=evaluation_round, changes=changes)
    return made


def ballots_remove(*, evaluation_round: EvaluationRound, batch: Batch, actor: Any) -> None:
    """Take a batch back before opening. Raises NotAllowed, StateConflict."""
    _must_manage(evaluation_round, actor)
    with transaction.atomic():
        slips.batch_remove(batch=batch)
        audit_record(action="ballots_remove", actor=actor, target=evaluation_round, changes=_named(batch))


def slips_print(*, evaluation_round: EvaluationRound, batches: Sequence[Batch], actor: Any) -> dict[Batch, list[str]]:
    """Hand out the codes of batches for printing, once. Raises NotAllowed, StateConflict."""
    _must_manage(evaluation_round, actor)
    if not batches:
        raise StateConflict
    with transaction.atomic():
        codes = {batch: slips.batch_codes(batch=batch) for batch in batches}
        for batch in batches:
            audit_record(action="slips_print", actor=actor, target=evaluation_round, changes=_named(batch))
    return codes


def slips_renew(*, evaluation_round: EvaluationRound, batch: Batch, actor: Any, reason: str) -> Batch:
    """Make new codes for a whole batch before voting begins. Raises NotAllowed, StateConflict, DomainError."""
    _must_manage(evaluation_round, actor)
    _must_say_why(reason)
    with transaction.atomic():
        slips.batch_renew(batch=batch)
        audit_record(action="slips_renew", actor=actor, target=evaluation_round, reason=reason, changes=_named(batch))
    return batch


def slips_block(*, evaluation_round: EvaluationRound, batch: Batch, actor: Any, reason: str) -> Batch:
    """Block the slips of a batch that were not used yet. Raises NotAllowed, StateConflict, DomainError."""
    _must_manage(evaluation_round, actor)
    _must_say_why(reason)
    with transaction.atomic():
        slips.batch_block(batch=batch)
        audit_record(action="slips_block", actor=actor, target=evaluation_round, reason=reason, changes=_named(batch))
    return batch


def slip_exchange(*, evaluation_round: EvaluationRound, code: str, actor: Any) -> str:
    """Return a new code for a spoiled slip that was handed back. Raises NotAllowed, UnknownSlip."""
    _must_manage(evaluation_round, actor)
    with transaction.atomic():
        fresh = slips.slip_exchange(ballot=evaluation_round.ballot, code=code)
        audit_record(action="slip_exchange", actor=actor, target=evaluation_round)
    return fresh


def _must_say_why(reason: str) -> None:
    if not reason.strip():
        raise DomainError(_("Please give a reason."))


def _named(batch: Batch) -> dict[str, list[Any]]:
    return {"batch": ["", str(batch)]}


# -- ballots on paper ----------------------------------------------------------------------------------------------


def paper_count_enter(
    *,
    evaluation_round: EvaluationRound,
    subject: Subject,
    actor: Any,
    counts: Sequence[on_paper.Count],
    overfull: bool = False,
) -> list[PaperCount]:
    """Store what `actor` counted of the ballots on paper about a subject, class by class; all of it or nothing.

    Raises NotAllowed, StateConflict, and DomainError with what does not add up.
    """
    _must_count(evaluation_round, subject, actor)
    with transaction.atomic():
        made = [
            on_paper.paper_count_enter(
                ballot=evaluation_round.ballot, subject=subject, counter=actor, count=count, overfull=overfull
            )
            for count in counts
        ]
        audit_record(action="paper_count_enter", actor=actor, target=evaluation_round, changes=_about(subject))
    return made


def paper_count_withdraw(*, evaluation_round: EvaluationRound, subject: Subject, actor: Any) -> None:
    """Take back one's own count, so that somebody else can count. Raises NotAllowed, StateConflict."""
    _must_count(evaluation_round, subject, actor)
    with transaction.atomic():
        on_paper.paper_count_withdraw(ballot=evaluation_round.ballot, subject=subject, counter=actor)
        audit_record(action="paper_count_withdraw", actor=actor, target=evaluation_round, changes=_about(subject))


def _must_count(evaluation_round: EvaluationRound, subject: Subject, actor: Any) -> None:
    if not Subject.objects.allowed(actor, Cap.ROUND_COUNT).filter(pk=subject.pk).exists():
        raise NotAllowed
    if evaluation_round.state != RoundState.OPEN:
        raise StateConflict


def _about(subject: Subject) -> dict[str, list[Any]]:
    return {"subject": ["", subject.name]}
