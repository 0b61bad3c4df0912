"""Ballots on paper: their totals per subject and class, counted by two people, each from their own sheet.

What two have counted alike goes into the tallies at sealing. Nothing is overwritten by the other: differences are shown to
both, and each corrects their own sheet until they agree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.ballots.models import Ballot, BallotState, PaperCount, RaterClass, Subject
from campaign.ballots.selectors import entitled_on_paper
from campaign.ballots.sheet import by_item
from campaign.common.access import actor_ids, own_member_ids
from campaign.common.errors import DomainError, NotAllowed, StateConflict


@dataclass(frozen=True)
class Count:
    """What one person counted of one class for one subject. `counts` as in a tally: item after item, one number for each
    choice and one for the abstentions."""

    rater_class_id: int
    issued: int
    returned: int
    invalid: int
    counts: tuple[int, ...]

    @property
    def valid(self) -> int:
        return self.returned - self.invalid


def problems(count: Count, *, entitled: int, items: Sequence[str], choices: int, overfull: bool = False) -> list[str]:
    """Return what does not add up, in the reader's words. `overfull` confirms that more were returned than issued."""
    found: list[Any] = []
    if count.issued > entitled:
        found.append(
            _("%(issued)s issued, but only %(entitled)s people vote on paper.")
            % {"issued": count.issued, "entitled": entitled}
        )
    if count.returned > count.issued and not overfull:
        found.append(
            _(
                "More ballots were returned (%(returned)s) than issued (%(issued)s). If it really is so, confirm it below."
            )
            % {"returned": count.returned, "issued": count.issued}
        )
    if count.valid < 0:
        found.append(_("More ballots are invalid than were returned."))
    for text, numbers in zip(items, by_item(count.counts, choices), strict=True):
        if sum(numbers) != count.valid:
            found.append(
                _("“%(item)s”: the answers add up to %(sum)s, but %(valid)s ballots are valid.")
                % {"item": text, "sum": sum(numbers), "valid": count.valid}
            )
    return [str(each) for each in found]


def paper_count_enter(
    *, ballot: Ballot, subject: Subject, counter: Any, count: Count, overfull: bool = False
) -> PaperCount:
    """Store what `counter` counted, in the place of what they entered before; it holds when a second person has the same.

    Until sealing, by two people at most, neither of them the subject. Raises NotAllowed, StateConflict, and DomainError with
    the first thing that does not add up.
    """
    if subject.ballot_id != ballot.pk or (subject.member_id and subject.member_id in own_member_ids(counter)):
        raise NotAllowed
    rater_class = RaterClass.objects.filter(ballot=ballot, pk=count.rater_class_id).first()
    entitled = entitled_on_paper(ballot)[subject.pk, count.rater_class_id]
    if rater_class is None or not entitled:
        raise NotAllowed
    items = list(ballot.items.order_by("order").values_list("text", flat=True))
    choices = ballot.choices.count()
    for problem in problems(count, entitled=entitled, items=items, choices=choices, overfull=overfull):
        raise DomainError(problem)
    with transaction.atomic():
        _lock(ballot)
        others = set(_of(subject, rater_class).exclude(counter=counter.pk).values_list("counter_id", flat=True))
        if len(others) > 1:
            raise DomainError(_("Two people have counted these ballots. Only they can correct their sheets."))
        if others & actor_ids(counter):
            raise DomainError(_("The second sheet must be somebody else's."))
        made, _created = PaperCount.objects.update_or_create(
            subject=subject,
            rater_class=rater_class,
            counter_id=counter.pk,
            defaults={
                "ballot": ballot,
                "issued": count.issued,
                "returned": count.returned,
                "valid": count.valid,
                "invalid": count.invalid,
                "counts": list(count.counts),
            },
        )
    return made


def paper_count_withdraw(*, ballot: Ballot, subject: Subject, counter: Any) -> int:
    """Take back what `counter` entered for a subject, so that somebody else can count; returns for how many classes.

    Raises StateConflict once the ballot is sealed, or when there is nothing to take back.
    """
    with transaction.atomic():
        _lock(ballot)
        deleted, _by_model = PaperCount.objects.filter(ballot=ballot, subject=subject, counter=counter.pk).delete()
        if not deleted:
            raise StateConflict
    return deleted


def _of(subject: Subject, rater_class: RaterClass) -> Any:
    return PaperCount.objects.filter(subject=subject, rater_class=rater_class)


def _lock(ballot: Ballot) -> None:
    """Hold the ballot, so that no third sheet comes in and sealing waits. Raises StateConflict unless it is open."""
    held = Ballot.objects.select_for_update().filter(pk=ballot.pk, state=BallotState.OPEN)
    if not list(held.values_list("pk")):
        raise StateConflict
