"""What is done with ballots. Who may do it is asked by the app that holds the round; it writes the audit log, too: opening,
closing, sealing, publication, never a vote."""

import datetime as dt
import hashlib
import json
import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Self

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from campaign.ballots import storage
from campaign.ballots.counting import Remarks, TallyMissing, vote_count
from campaign.ballots.models import (
    DEFAULT_K,
    MORE_THAN_HALF,
    Ballot,
    BallotState,
    Batch,
    Choice,
    Item,
    Paper,
    PaperCount,
    RaterClass,
    Result,
    SealedPaper,
    Slate,
    Subject,
    Tally,
)
from campaign.ballots.selectors import blockers, entitled, questionnaire, turnout_now, uncounted
from campaign.ballots.sheet import Answers, BadBallot, zeros
from campaign.ballots.verification import Mismatch, counted, differences, result_row
from campaign.common import clock
from campaign.common.bulk import bulk_load
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.models import Audience

BATCH = 1000
PER_SLOT, MOST_SLOTS = 100, 64
NOTHING: Remarks = MappingProxyType({})
LONGEST_REMARK = 300
TURNOUT_EVERY = dt.timedelta(hours=1)


@dataclass(frozen=True)
class ItemPlan:
    """`standard_id` is the standard of the campaign that the question is about."""

    text: str
    weight: int = 1
    standard_id: int | None = None


@dataclass(frozen=True)
class ChoicePlan:
    """`worth` in whole points, 0–100."""

    label: str
    worth: int
    is_satisfied: bool


@dataclass(frozen=True)
class ClassPlan:
    """`weight` in hundredths of a percent."""

    key: str
    name: str
    weight: int


@dataclass(frozen=True)
class BallotRules:
    """When a paper is handed back (`best_most` None: never for too many best marks), and whether remarks are asked for."""

    uniform_refused: bool = False
    best_most: int | None = None
    asks_remarks: bool = False

    @classmethod
    def of(cls, ballot: Ballot) -> Self:
        return cls(ballot.uniform_refused, ballot.best_most, ballot.asks_remarks)


PLAIN = BallotRules()


@dataclass(frozen=True)
class SubjectPlan:
    """An organization, or with `member_id` a member enrolled there."""

    organization_id: int
    name: str
    member_id: int | None = None


@dataclass(frozen=True)
class PaperPlan:
    """A paper for `voter_id` in the class `key`: `subjects` are ids; `own` is left out of them when it is given."""

    voter_id: int
    key: str
    subjects: tuple[int, ...]
    own: int | None = None


def ballot_create(
    *,
    opens_at: dt.datetime,
    closes_at: dt.datetime,
    items: Sequence[ItemPlan],
    choices: Sequence[ChoicePlan],
    classes: Sequence[ClassPlan],
    k: int = DEFAULT_K,
    minimum_turnout: int = MORE_THAN_HALF,
    leave_out_empty: bool = False,
    rules: BallotRules = PLAIN,
) -> Ballot:
    """Make a ballot that is being prepared. `minimum_turnout` in hundredths of a percent, to be exceeded."""
    if closes_at <= opens_at:
        raise DomainError(_("The round must close after it opens."))
    with transaction.atomic():
        ballot = Ballot.objects.create(
            opens_at=opens_at,
            closes_at=closes_at,
            k=k,
            minimum_turnout=minimum_turnout,
            leave_out_empty=leave_out_empty,
            **asdict(rules),
        )
        Item.objects.bulk_create(
            Item(ballot=ballot, order=place, text=plan.text, weight=plan.weight, standard_id=plan.standard_id)
            for place, plan in enumerate(items)
        )
        Choice.objects.bulk_create(
            Choice(ballot=ballot, order=place, label=plan.label, worth=plan.worth, is_satisfied=plan.is_satisfied)
            for place, plan in enumerate(choices)
        )
        RaterClass.objects.bulk_create(
            RaterClass(ballot=ballot, order=place, key=plan.key, name=plan.name, weight=plan.weight)
            for place, plan in enumerate(classes)
        )
    return ballot


def subjects_add(*, ballot: Ballot, audience: Audience, subjects: Iterable[SubjectPlan]) -> list[Subject]:
    """Add subjects to a ballot that is being prepared; raises StateConflict later."""
    ballot_must_be_draft(ballot)
    return Subject.objects.bulk_create(
        (
            Subject(
                ballot=ballot,
                audience=audience,
                organization_id=plan.organization_id,
                member_id=plan.member_id,
                name=plan.name,
            )
            for plan in subjects
        ),
        batch_size=BATCH,
    )


def papers_add(*, ballot: Ballot, papers: Sequence[PaperPlan]) -> int:
    """Entitle raters, each by one paper; raises StateConflict once the ballot is open. Statements do not grow with the
    papers."""
    ballot_must_be_draft(ballot)
    return papers_load(ballot, papers)


def papers_load(ballot: Ballot, papers: Sequence[PaperPlan]) -> int:
    """Write papers into the roll; the caller has made sure that it may be written."""
    classes = dict(ballot.classes.values_list("key", "pk"))
    with transaction.atomic():
        slates = slates_for(ballot, {plan.subjects for plan in papers})
        bulk_load(
            Paper,
            ("rater_class_id", "voter_id", "slate_id", "own_id"),
            ((classes[plan.key], plan.voter_id, slates[plan.subjects], plan.own) for plan in papers),
            {"ballot_id": ballot.pk, "marked": False, "struck": False},
        )
    return len(papers)


def papers_clear(*, ballot: Ballot) -> None:
    """Take the roll of a ballot that is being prepared away, to be made anew: papers, slips and numbers of ballots on paper.
    Raises StateConflict later, and DomainError where slips were printed: somebody may hold them."""
    ballot_must_be_draft(ballot)
    if ballot.batches.filter(printed_at__isnull=False).exists():
        raise DomainError(_("Slips were printed for this list of voters already. Remove them first."))
    with transaction.atomic():
        Paper.objects.filter(ballot=ballot).delete()
        ballot.batches.all().delete()
        ballot.slates.all().delete()


def slates_for(ballot: Ballot, lists: set[tuple[int, ...]]) -> dict[tuple[int, ...], int]:
    """Return for each list of subjects (ids) the id of its slate, made where there is none yet."""
    known: dict[int, list[int]] = defaultdict(list)
    through = Slate.subjects.through
    there = through.objects.filter(slate__ballot=ballot).order_by("slate_id", "subject_id")
    for slate_id, subject_id in there.values_list("slate_id", "subject_id"):
        known[slate_id].append(subject_id)
    by_list = {tuple(subjects): slate_id for slate_id, subjects in known.items()}
    found = {subjects: by_list[key] for subjects in lists if (key := tuple(sorted(subjects))) in by_list}
    ordered = sorted(lists - found.keys())
    slates = Slate.objects.bulk_create((Slate(ballot=ballot) for _subjects in ordered), batch_size=BATCH)
    through.objects.bulk_create(
        (
            through(slate_id=slate.pk, subject_id=subject)
            for slate, subjects in zip(slates, ordered, strict=True)
            for subject in subjects
        ),
        batch_size=BATCH,
    )
    return found | {subjects: slate.pk for slate, subjects in zip(slates, ordered, strict=True)}


def ballot_must_be_draft(ballot: Ballot) -> None:
    """Raise StateConflict once the ballot is open: the electorate is fixed then."""
    if ballot.state != BallotState.DRAFT:
        raise StateConflict


def ballot_leave_out_empty(*, ballot: Ballot) -> Ballot:
    """Note that classes without raters are left out of the totals; raises StateConflict once the ballot is open."""
    changed = Ballot.objects.filter(pk=ballot.pk, state=BallotState.DRAFT).update(
        leave_out_empty=True, updated_at=clock.now()
    )
    if changed != 1:
        raise StateConflict
    ballot.refresh_from_db()
    return ballot


def ballot_open(*, ballot: Ballot) -> Ballot:
    """Fix the roll and let votes in from `opens_at` on. Raises DomainError with the first thing that stands in the way."""
    for blocker in blockers(ballot):
        raise DomainError(blocker)
    slots = _slots(max(entitled(ballot).values()))
    with transaction.atomic():
        moment = clock.now()
        changed = Ballot.objects.filter(pk=ballot.pk, state=BallotState.DRAFT).update(
            state=BallotState.OPEN,
            opened_at=moment,
            updated_at=moment,
            roll_digest=roll_digest(ballot),
            slots=slots,
            turnout={},
            turnout_at=moment,
        )
        if changed != 1:
            raise StateConflict
        ballot.refresh_from_db()
        tallies_make(ballot)
    return ballot


def tallies_make(ballot: Ballot) -> None:
    """Lay out empty tallies for every class of a subject that has raters and no tally yet."""
    empty = zeros(ballot.items.count(), ballot.choices.count())
    there = set(Tally.objects.filter(ballot=ballot, slot=0).values_list("subject_id", "rater_class_id"))
    Tally.objects.bulk_create(
        (
            Tally(ballot=ballot, subject_id=subject, rater_class_id=rater_class, slot=slot, counts=empty)
            for (subject, rater_class), n in sorted(entitled(ballot).items())
            if n > 0 and (subject, rater_class) not in there
            for slot in range(ballot.slots)
        ),
        batch_size=BATCH,
    )


def _slots(raters: int) -> int:
    """Spread the tallies of a class with many raters over several rows, so that they do not queue for one."""
    return min(MOST_SLOTS, 1 + raters // PER_SLOT)


def roll_digest(ballot: Ballot) -> str:
    """Return SHA-256 over all that opening fixes: the questionnaire, the classes, the subjects, and the roll: every paper of
    an account with its voter, class, own subject and slate, every batch of slips or ballots on paper with its number."""
    through = Slate.subjects.through.objects.filter(slate__ballot=ballot).order_by("slate_id", "subject_id")
    parts: list[Iterable[Sequence[object]]] = [
        ballot.items.order_by("order").values_list("text", "weight"),
        ballot.choices.order_by("order").values_list("label", "worth", "is_satisfied"),
        ballot.classes.order_by("order").values_list("pk", "key", "name", "weight"),
        [(ballot.uniform_refused, ballot.best_most, ballot.asks_remarks)],
        ballot.subjects.order_by("pk").values_list(
            "pk", "organization_id", "member_id", "name", "counted_with", "classes_pooled"
        ),
        through.values_list("slate_id", "subject_id"),
        ballot.papers.filter(batch=None)
        .order_by("voter_id")
        .values_list("voter_id", "rater_class_id", "own_id", "slate_id", "struck")
        .iterator(),
        ballot.batches.order_by("pk").values_list("channel", "rater_class_id", "organization_id", "slate_id", "count"),
        ballot.papers.filter(voter=None).order_by("batch_id").values_list("batch_id").annotate(Count("pk")),
    ]
    digest = hashlib.sha256()
    for part in parts:
        for row in part:
            digest.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        digest.update(b"\n")
    return digest.hexdigest()


class Uncounted(DomainError):
    """Ballots on paper have not been counted by two people alike, so the ballot cannot be sealed yet."""

    message = _("Ballots on paper are still to be counted by two people. Enter their totals first.")


class NotCounted(StateConflict):
    """The paper was used before, or the ballot does not take votes now. Nothing was counted."""

    message = _("This vote was not counted: you have voted already, or the round is not open now.")


def ballot_cast(*, paper: Paper, voter: Any, answers: Answers, remarks: Remarks = NOTHING) -> None:
    """Cast the paper of an account: mark it and add its answers to the tallies, both or neither. It cannot be changed
    afterwards.

    Raises NotAllowed for another's paper, BadBallot when it is not filled in by the rules, NotCounted for a second time or
    outside the opening times. Nothing is logged.
    """
    if paper.voter_id is None or paper.voter_id != voter.pk:
        raise NotAllowed
    paper_cast(paper=paper, answers=answers, remarks=remarks)


def paper_cast(*, paper: Paper, answers: Answers, remarks: Remarks = NOTHING) -> None:
    """Cast a paper that its holder, an account or a slip, has brought; raises BadBallot, NotCounted, Mismatch."""
    places = paper.sheet.places(answers)
    written = {subject: text.strip()[:LONGEST_REMARK] for subject, text in remarks.items() if text.strip()}
    if written and not (paper.sheet.asks_remarks and written.keys() <= places.keys()):
        raise BadBallot
    try:
        counted = vote_count(
            paper=paper.pk,
            voter=paper.voter_id,
            digest=paper.digest,
            moment=clock.now(),
            rater_class=paper.rater_class_id,
            slot=secrets.randbelow(paper.ballot.slots),
            places=places,
            remarks=written,
        )
    except TallyMissing as missing:
        raise Mismatch("a tally is missing") from missing
    if not counted:
        raise NotCounted


def ballot_seal(*, ballot: Ballot) -> Ballot:
    """Close and seal: no vote after this, papers and tallies written anew and recounted, results computed, the storage in
    which the votes fell emptied; all of it or nothing. Raises StateConflict, Uncounted while ballots on paper are not counted,
    Mismatch when the recount finds a difference.
    """
    with transaction.atomic():
        storage.storage_lock()
        moment = clock.now()
        changed = Ballot.objects.filter(pk=ballot.pk, state=BallotState.OPEN).update(
            state=BallotState.SEALED, sealed_at=moment, updated_at=moment, turnout={}, turnout_at=None
        )
        if changed != 1:
            raise StateConflict
        ballot.refresh_from_db()
        if uncounted(ballot):
            raise Uncounted
        storage.storage_seal(ballot)
        _store_results(ballot)
        for difference in differences(ballot):
            raise Mismatch(difference)
        storage.storage_empty(ballot)
        transaction.on_commit(_announce_cleaning)
    return ballot


def _store_results(ballot: Ballot) -> None:
    rules = questionnaire(ballot).rules
    Result.objects.bulk_create(
        (result_row(ballot, subject, result) for subject, result in counted(ballot, rules)), batch_size=BATCH
    )


def ballot_extend(*, ballot: Ballot, closes_at: dt.datetime) -> Ballot:
    """Let an open ballot close later. Raises StateConflict, DomainError where the new time is no later one."""
    if closes_at <= ballot.closes_at or closes_at <= clock.now():
        raise DomainError(_("The new end must be later than the present one."))
    changed = Ballot.objects.filter(pk=ballot.pk, state=BallotState.OPEN, closes_at=ballot.closes_at).update(
        closes_at=closes_at, updated_at=clock.now()
    )
    if changed != 1:
        raise StateConflict
    ballot.refresh_from_db()
    return ballot


def marks_delete(*, ballot: Ballot) -> int:
    """Delete who had a paper and who had voted of a sealed ballot, after a last recount; the numbers stay with the tallies.
    Returns how many papers there were. Raises StateConflict, Mismatch."""
    with transaction.atomic():
        for difference in differences(ballot):
            raise Mismatch(difference)
        changed = Ballot.objects.filter(pk=ballot.pk, state=BallotState.SEALED, marks_deleted_at=None).update(
            marks_deleted_at=clock.now()
        )
        if changed != 1:
            raise StateConflict
        papers = SealedPaper.objects.filter(ballot=ballot)
        deleted = papers.count()
        papers.delete()
    ballot.refresh_from_db()
    return deleted


def ballot_cancel(*, ballot: Ballot) -> Ballot:
    """End a ballot that is not sealed, and destroy its papers, marks and tallies. Raises StateConflict."""
    with transaction.atomic():
        storage.storage_lock()
        changed = Ballot.objects.filter(pk=ballot.pk, state__in=(BallotState.DRAFT, BallotState.OPEN)).update(
            state=BallotState.CANCELLED, updated_at=clock.now(), turnout={}, turnout_at=None
        )
        if changed != 1:
            raise StateConflict
        storage.storage_empty(ballot)
        PaperCount.objects.filter(ballot=ballot).delete()
        Batch.objects.filter(ballot=ballot).update(cipher="")
        transaction.on_commit(_announce_cleaning)
    ballot.refresh_from_db()
    return ballot


def _announce_cleaning() -> None:
    from campaign.ballots.tasks import announce

    announce()


def storage_clean() -> int:
    """Clean the files of the database of what sealing and cancelling emptied; returns for how many ballots. Run by a task:
    when somebody is reading just now it can be a minute later."""
    waiting = Ballot.objects.filter(Q(state=BallotState.SEALED) | Q(state=BallotState.CANCELLED), cleaned_at=None)
    found = list(waiting.values_list("pk", flat=True))
    if not found or not storage.storage_clean():
        return 0
    return Ballot.objects.filter(pk__in=found).update(cleaned_at=clock.now())


def turnout_refresh() -> int:
    """Count the turnout of open ballots anew where the last count is an hour old; returns how many."""
    before = clock.now() - TURNOUT_EVERY
    due = list(Ballot.objects.filter(state=BallotState.OPEN, turnout_at__lte=before))
    return sum(
        Ballot.objects.filter(pk=ballot.pk, state=BallotState.OPEN, turnout_at__lte=before).update(
            turnout=turnout_now(ballot), turnout_at=clock.now()
        )
        for ballot in due
    )
