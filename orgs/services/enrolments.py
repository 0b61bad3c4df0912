"""Keeping the history of branches and positions in step with members, for any number of them at once.

Invariants: a present member has exactly one open enrolment, in `Member.organization`; `Member.party_post` is the
highest open position in that organization, and every open position in it is backed by a row.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Case, F, Q, Value, When

from campaign.common import clock
from orgs.models import Enrolment, EnrolmentOrigin, Member, PartyPost, Position

BATCH = 500


def enrolments_open(members: Sequence[Member], *, starts_on: dt.date | None, origin: EnrolmentOrigin) -> None:
    """Open an enrolment for each of `members` (stored, new) in their organization; None: the day is not known.

    Their party positions, if any, begin with it.
    """
    Enrolment.objects.bulk_create(
        (
            Enrolment(member=member, organization_id=member.organization_id, starts_on=starts_on, origin=origin)
            for member in members
        ),
        batch_size=BATCH,
    )
    _positions_open([member for member in members if member.party_post], starts_on)


def enrolments_move(members: Sequence[Member], *, moved_on: dt.date, origin: EnrolmentOrigin) -> None:
    """Close the open enrolments and positions of `members` on the day before `moved_on`; open ones where they are now.

    Call it after `Member.organization` (and `party_post`) were written, in the same transaction.
    """
    for batch in _batches(members):
        keys = [member.pk for member in batch]
        _close(Enrolment.objects.filter(member__in=keys, ends_on=None), moved_on)
        gone = Position.objects.filter(member__in=keys, ends_on=None).exclude(organization=F("member__organization"))
        _close(Position.objects.filter(pk__in=list(gone.values_list("pk", flat=True))), moved_on)
    enrolments_open(members, starts_on=moved_on, origin=origin)


def _close(spans: Any, moved_on: dt.date) -> None:
    """End spans the day before; one that began on the day itself or later ends with its first day."""
    day = moved_on - dt.timedelta(days=1)
    spans.update(ends_on=Case(When(starts_on__gt=day, then=F("starts_on")), default=Value(day)), updated_at=clock.now())


def positions_follow(members: Sequence[Member], *, changed_on: dt.date) -> None:
    """Make the open positions in the members' own organizations agree with `party_post`: end others, begin the new."""
    for batch in _batches(members):
        keys = [member.pk for member in batch]
        own = Position.objects.filter(member__in=keys, ends_on=None, organization=F("member__organization"))
        stale = own.filter(~Q(post=F("member__party_post")))
        _close(Position.objects.filter(pk__in=list(stale.values_list("pk", flat=True))), changed_on)
        kept = set(own.values_list("member_id", flat=True))
        _positions_open([member for member in batch if member.party_post and member.pk not in kept], changed_on)


def party_posts_follow(keys: Iterable[int]) -> None:
    """Write `Member.party_post` from the open positions in the members' own organizations (`keys`: of members)."""
    wanted = list(keys)
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        held: dict[int, set[str]] = {}
        own = Position.objects.filter(member__in=some, ends_on=None, organization=F("member__organization"))
        for member, post in own.values_list("member_id", "post"):
            held.setdefault(member, set()).add(post)
        members = list(Member.objects.filter(pk__in=some))
        for member in members:
            posts = held.get(member.pk, set())
            member.party_post = next((post for post in PartyPost.values if post in posts), "")
        Member.objects.bulk_update(members, ["party_post"], batch_size=BATCH)


def _positions_open(members: Sequence[Member], starts_on: dt.date | None) -> None:
    Position.objects.bulk_create(
        (
            Position(member=member, organization_id=member.organization_id, post=member.party_post, starts_on=starts_on)
            for member in members
        ),
        batch_size=BATCH,
    )


def _batches(members: Sequence[Member]) -> Iterable[Sequence[Member]]:
    return (members[start : start + BATCH] for start in range(0, len(members), BATCH))
