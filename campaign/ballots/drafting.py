"""Changing a ballot that is still being prepared: its questions, classes, subjects and times. Each raises StateConflict once
the ballot is open."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaign.ballots.models import Ballot, BallotState, Choice, Item, RaterClass, Subject
from campaign.ballots.services import ChoicePlan, ClassPlan, ItemPlan, papers_clear
from campaign.common import clock
from campaign.common.errors import DomainError, StateConflict


def _touch(ballot: Ballot, **updates: Any) -> None:
    """Write `updates`, and hold the ballot until the transaction ends, so that nobody opens it meanwhile."""
    changed = Ballot.objects.filter(pk=ballot.pk, state=BallotState.DRAFT).update(**updates, updated_at=clock.now())
    if changed != 1:
        raise StateConflict
    for name, value in updates.items():
        setattr(ballot, name, value)


def ballot_set(*, ballot: Ballot, **values: Any) -> None:
    """Set plain fields of a ballot: its times, minimum turnout and rules. Raises DomainError when it would close before it
    opens."""
    opens_at: dt.datetime = values.get("opens_at", ballot.opens_at)
    if values.get("closes_at", ballot.closes_at) <= opens_at:
        raise DomainError(_("The round must close after it opens."))
    _touch(ballot, **values)


def questions_set(*, ballot: Ballot, items: Sequence[ItemPlan], choices: Sequence[ChoicePlan]) -> None:
    """Replace questions and choices."""
    with transaction.atomic():
        _touch(ballot)
        ballot.items.all().delete()
        ballot.choices.all().delete()
        Item.objects.bulk_create(
            Item(ballot=ballot, order=place, text=plan.text, weight=plan.weight, standard_id=plan.standard_id)
            for place, plan in enumerate(items)
        )
        Choice.objects.bulk_create(
            Choice(ballot=ballot, order=place, label=plan.label, worth=plan.worth, is_satisfied=plan.is_satisfied)
            for place, plan in enumerate(choices)
        )


def classes_set(*, ballot: Ballot, classes: Sequence[ClassPlan]) -> None:
    """Replace the classes of raters, and take the roll away, which spoke of the old ones."""
    with transaction.atomic():
        _touch(ballot)
        papers_clear(ballot=ballot)
        ballot.classes.all().delete()
        RaterClass.objects.bulk_create(
            RaterClass(ballot=ballot, order=place, key=plan.key, name=plan.name, weight=plan.weight)
            for place, plan in enumerate(classes)
        )


def subjects_clear(*, ballot: Ballot) -> None:
    """Take the subjects away, and with them the roll."""
    with transaction.atomic():
        _touch(ballot)
        papers_clear(ballot=ballot)
        ballot.subjects.all().delete()


def classes_pool(*, ballot: Ballot, subjects: Iterable[int]) -> int:
    """Count the classes of these subjects (ids) together; returns of how many."""
    with transaction.atomic():
        _touch(ballot)
        return ballot.subjects.filter(pk__in=list(subjects)).update(classes_pooled=True)


def units_pool(*, ballot: Ballot, groups: Mapping[int, Sequence[int]]) -> int:
    """Count the ballots of the subjects (ids) together with those of the subject that is their key; returns how many joined."""
    with transaction.atomic():
        _touch(ballot)
        known = set(ballot.subjects.values_list("pk", flat=True))
        rows = [
            Subject(pk=pk, counted_with_id=first)
            for first, others in groups.items()
            for pk in others
            if pk != first and {pk, first} <= known
        ]
        Subject.objects.bulk_update(rows, ["counted_with"], batch_size=300)
        return len(rows)


def pools_clear(*, ballot: Ballot) -> None:
    """Count every subject and every class on its own again."""
    with transaction.atomic():
        _touch(ballot)
        ballot.subjects.update(counted_with=None, classes_pooled=False)
