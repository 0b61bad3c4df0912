"""Slips: ballot papers with a code for people without an account, and the numbers of ballots on paper.

Only a keyed hash of a code is stored. The codes themselves lie encrypted from the making of a batch to its first download, in
an order that has nothing to do with that of the papers. Nobody notes who gets which slip: so a lost one cannot be
cancelled, only one that is handed back exchanged.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from random import SystemRandom

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.ballots.counting import Remarks, paper_in_hand
from campaign.ballots.models import Ballot, BallotState, Batch, Channel, Paper
from campaign.ballots.services import BATCH, NOTHING, NotCounted, ballot_must_be_draft, paper_cast, slates_for
from campaign.ballots.sheet import Answers
from campaign.ballots.storage import storage_lock
from campaign.common import clock
from campaign.common.crypto import decrypt, digest, encrypt
from campaign.common.errors import DomainError, StateConflict

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 characters without I, O, 0 and 1: five bits each, sixteen of them 80 bits."""
GROUPS, GROUP_LENGTH = 4, 4
LENGTH = GROUPS * GROUP_LENGTH
MOST = 20_000
"""Ballot papers in one batch."""


@dataclass(frozen=True)
class BatchPlan:
    """`count` ballot papers of the class `key` for the people of a unit; `subjects` are ids."""

    channel: Channel
    key: str
    organization_id: int
    subjects: tuple[int, ...]
    count: int


class UnknownSlip(DomainError):
    """No slip with this code can be used now. Whether there ever was one is not told."""

    message = _("This code is not valid, or it was used already. Please compare it with your slip.")


def batches_add(*, ballot: Ballot, plans: Sequence[BatchPlan]) -> list[Batch]:
    """Add batches to a ballot that is being prepared: slips with their codes, or the number of ballots on paper.

    Statements grow by thousands of slips. Raises StateConflict once the ballot is open, DomainError for a number that is
    none or for a batch that is there already.
    """
    ballot_must_be_draft(ballot)
    if any(not 0 < plan.count <= MOST for plan in plans):
        raise DomainError(_("A batch has between 1 and %(most)s ballot papers.") % {"most": MOST})
    classes = dict(ballot.classes.values_list("key", "pk"))
    known = set(ballot.batches.values_list("channel", "rater_class", "organization"))
    keys = [(plan.channel, classes[plan.key], plan.organization_id) for plan in plans]
    if known.intersection(keys) or len(set(keys)) != len(keys):
        raise DomainError(_("There is such a batch already. Remove it first if the number has changed."))
    with transaction.atomic():
        slates = slates_for(ballot, {plan.subjects for plan in plans})
        batches = Batch.objects.bulk_create(
            (
                Batch(
                    ballot=ballot,
                    channel=plan.channel,
                    rater_class_id=classes[plan.key],
                    organization_id=plan.organization_id,
                    slate_id=slates[plan.subjects],
                    count=plan.count,
                )
                for plan in plans
            ),
            batch_size=BATCH,
        )
        for batch in batches:
            if batch.channel == Channel.SLIP:
                _make_slips(batch)
    return batches


def _make_slips(batch: Batch) -> None:
    """Make the papers of a batch, and lay its codes by for printing, in another order."""
    codes = [_new_code() for _place in range(batch.count)]
    Paper.objects.bulk_create(
        (
            Paper(
                ballot_id=batch.ballot_id,
                rater_class_id=batch.rater_class_id,
                slate_id=batch.slate_id,
                batch=batch,
                digest=code_digest(code),
            )
            for code in codes
        ),
        batch_size=BATCH,
    )
    SystemRandom().shuffle(codes)
    Batch.objects.filter(pk=batch.pk).update(cipher=encrypt(json.dumps(codes)), printed_at=None)


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _place in range(LENGTH))


def grouped(code: str) -> str:
    """Return a code as it is printed: ABCD-EFGH-JKLM-NPQR."""
    return "-".join(code[start : start + GROUP_LENGTH] for start in range(0, LENGTH, GROUP_LENGTH))


def normalized(typed: str) -> str:
    """Return a code as it was made, however it was typed, or read by a scanner with the address before it."""
    return "".join(letter for letter in typed.rpartition("#")[2].upper() if letter in ALPHABET)


def code_digest(code: str) -> str:
    """Return the keyed hash under which a slip is found."""
    return digest(normalized(code), purpose="ballot_slip")


def batch_remove(*, batch: Batch) -> None:
    """Take a batch back before the ballot is opened; its codes are worth nothing then. Raises StateConflict."""
    ballot_must_be_draft(batch.ballot)
    with transaction.atomic():
        batch.delete()


def batch_renew(*, batch: Batch) -> Batch:
    """Make new codes for a whole batch, the old ones are worth nothing then: as long as nobody can have voted.

    Raises StateConflict once voting has begun: how many new slips it takes would tell how many have voted.
    """
    with transaction.atomic():
        storage_lock()  # before the ballot's row, as sealing does
        ballot = Ballot.objects.select_for_update().get(pk=batch.ballot_id)
        begun = ballot.state == BallotState.OPEN and ballot.opens_at <= clock.now()
        if begun or ballot.state not in (BallotState.DRAFT, BallotState.OPEN) or batch.channel != Channel.SLIP:
            raise StateConflict(
                _("Voting has begun, so the slips cannot be made anew. A slip handed back can be exchanged.")
            )
        if Paper.objects.filter(batch=batch, marked=False).delete()[0] != batch.count:
            raise StateConflict
        Batch.objects.filter(pk=batch.pk).update(blocked_at=None)
        _make_slips(batch)
    batch.refresh_from_db()
    return batch


def batch_codes(*, batch: Batch) -> list[str]:
    """Hand out the codes of a batch for printing, once: they are deleted with it. Raises StateConflict a second time."""
    with transaction.atomic():
        found = Batch.objects.select_for_update().get(pk=batch.pk)
        if not found.cipher:
            raise StateConflict(
                _("These slips were downloaded already, and the codes are kept nowhere. Make new ones.")
            )
        codes = [str(code) for code in json.loads(decrypt(found.cipher))]
        Batch.objects.filter(pk=batch.pk).update(cipher="", printed_at=clock.now())
    return codes


def batch_block(*, batch: Batch) -> Batch:
    """Block the slips of a batch that were not used yet, for good: they were lost or stolen. How many is not told.

    The people keep their place in the roll. Raises StateConflict unless voting is going on.
    """
    with transaction.atomic():
        # Papers before the batch, as sealing does: in the other order the two would block each other.
        Paper.objects.filter(batch=batch, marked=False).update(digest=None)
        running = Ballot.objects.filter(pk=batch.ballot_id, state=BallotState.OPEN)
        changed = Batch.objects.filter(pk=batch.pk, ballot__in=running, channel=Channel.SLIP, blocked_at=None).update(
            blocked_at=clock.now(), cipher=""
        )
        if changed != 1:
            raise StateConflict
    batch.refresh_from_db()
    return batch


def slip_exchange(*, ballot: Ballot, code: str) -> str:
    """Give a new code for a spoiled slip that was handed back; the old one is worth nothing then. Raises UnknownSlip."""
    fresh = _new_code()
    running = Ballot.objects.filter(pk=ballot.pk, state=BallotState.OPEN, closes_at__gt=clock.now())
    unused = Paper.objects.filter(ballot__in=running, digest=code_digest(code), marked=False)
    if unused.update(digest=code_digest(fresh)) != 1:
        raise UnknownSlip
    return fresh


def slip_paper(*, code: str) -> Paper:
    """Return the paper of a slip that can be cast now. Raises UnknownSlip, also where it was used already."""
    found = paper_in_hand(digest=code_digest(code)) if len(normalized(code)) == LENGTH else None
    if found is None:
        raise UnknownSlip
    return found


def slip_cast(*, paper: Paper, answers: Answers, remarks: Remarks = NOTHING) -> None:
    """Cast the paper that a slip has opened; raises UnknownSlip where it was used meanwhile, BadBallot. Nothing is logged."""
    try:
        paper_cast(paper=paper, answers=answers, remarks=remarks)
    except NotCounted as used:
        raise UnknownSlip from used
