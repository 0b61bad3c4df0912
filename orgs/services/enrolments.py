"""Keeping the history of branches and positions in step with members, for any number of them at once.

Invariants: a present member has exactly one open enrolment, in `Member.organization`; `Member.party_post` is the
highest open position in that organization, and every open position in it is backed by a row.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When
from django.utils.translation import gettext

from campaign.audit.services import audit_record_many
from campaign.common import clock
from campaign.common.bulk import bulk_load
from campaign.common.capabilities import ADMINISTRATORS
from orgs.models import (
    Enrolment,
    EnrolmentOrigin,
    Member,
    PartyPost,
    Position,
    RoleAssignment,
    Transfer,
    TransferState,
    User,
)
from orgs.services.roles import role_end

BATCH = 500


class Enrolled(Protocol):
    """What is needed of a stored member; a member is one."""

    @property
    def pk(self) -> int: ...
    @property
    def organization_id(self) -> int: ...
    @property
    def party_post(self) -> str: ...


def enrolments_open(members: Sequence[Enrolled], *, starts_on: dt.date | None, origin: EnrolmentOrigin) -> None:
    """Open an enrolment for each of `members` (stored, new) in their organization; None: the day is not known.

    Their party positions, if any, begin with it.
    """
    _enrolments_open(members, starts_on, origin)
    _positions_open([member for member in members if member.party_post], starts_on)


def _enrolments_open(members: Sequence[Enrolled], starts_on: dt.date | None, origin: EnrolmentOrigin) -> None:
    moment = clock.now()
    same = {
        "starts_on": starts_on, "ends_on": None, "origin": str(origin), "created_at": moment, "updated_at": moment
    }  # fmt: skip
    rows = ((member.pk, member.organization_id) for member in members)
    bulk_load(Enrolment, ("member_id", "organization_id"), rows, same)


def enrolments_move(members: Sequence[Member], *, moved_on: dt.date, origin: EnrolmentOrigin) -> None:
    """Close the open enrolments of `members`, and their positions there, on the day before `moved_on`; open enrolments
    where they are now. Positions held elsewhere (in the committee above) go on: one in the new organization counts for
    `party_post` from now on. Their accounts follow, and transfers under way are withdrawn.

    Call it after `Member.organization` (and `party_post`) were written, in the same transaction.
    """
    for batch in _batches(members):
        keys = [member.pk for member in batch]
        _close_branch(keys, moved_on)
        accounts_follow(keys)
        _transfers_withdraw(keys)
    _enrolments_open(members, moved_on, origin)
    for batch in _batches(members):
        _positions_begin(batch, moved_on)
        party_posts_follow([member.pk for member in batch], renew=False)


def enrolments_settle(members: Sequence[Member], *, changed_on: dt.date) -> None:
    """Close the open enrolments and all positions of those of `members` who are no longer present, and end the roles that
    they hold in their branch; open an enrolment for those who are again. Call it after `Member.status` was written, in the
    same transaction."""
    for batch in _batches([member for member in members if not member.is_present]):
        keys = [member.pk for member in batch]
        _close(Enrolment.objects.filter(member__in=keys, ends_on=None), changed_on)
        _close(Position.objects.filter(member__in=keys, ends_on=None), changed_on)
        _transfers_withdraw(keys)
        _roles_end(keys)
        Member.objects.filter(pk__in=keys).exclude(party_post="").update(party_post="")
    for batch in _batches([member for member in members if member.is_present]):
        enrolled = Enrolment.objects.filter(member__in=[member.pk for member in batch], ends_on=None)
        kept = set(enrolled.values_list("member_id", flat=True))
        back = [member for member in batch if member.pk not in kept]
        enrolments_open(back, starts_on=changed_on, origin=EnrolmentOrigin.ENTERED)


def _close_branch(keys: Sequence[int], moved_on: dt.date) -> None:
    """End the open enrolments, and the open positions in the same organizations, of members who are somewhere else now."""
    left = Position.objects.filter(
        member__in=keys,
        ends_on=None,
        member__enrolments__ends_on=None,
        organization=F("member__enrolments__organization"),
    ).exclude(organization=F("member__organization"))
    _close(Position.objects.filter(pk__in=list(left.values_list("pk", flat=True))), moved_on)
    _close(Enrolment.objects.filter(member__in=keys, ends_on=None), moved_on)


def accounts_follow(keys: Iterable[int]) -> None:
    """Place the accounts of members (`keys`, at most BATCH) where the members are enrolled now."""
    place = Member.objects.filter(pk=OuterRef("member_id")).order_by().values("organization")[:1]
    User.objects.filter(member__in=list(keys)).update(organization=Subquery(place))


def _transfers_withdraw(keys: Sequence[int]) -> None:
    """Withdraw the transfers under way of members who moved or left by another way."""
    overtaken = list(Transfer.objects.open().filter(member__in=keys).select_related("member", "source", "target"))
    if not overtaken:
        return
    note = gettext("The member has been moved or has left meanwhile.")
    Transfer.objects.open().filter(pk__in=[transfer.pk for transfer in overtaken]).update(
        state=TransferState.WITHDRAWN, closed_at=clock.now(), updated_at=clock.now(), note=note
    )
    audit_record_many(action="transfer_overtaken", actor=None, targets=overtaken, reason=note)


def _roles_end(keys: Sequence[int]) -> None:
    """Nobody goes on leading a branch whose member they are no more. Roles elsewhere are the security administrator's, who
    is told of them (`orgs.oversight.of_people_who_left`)."""
    own = RoleAssignment.objects.now_or_later().filter(
        user__member__in=keys, organization=F("user__member__organization")
    )
    for assignment in own.exclude(role__in=ADMINISTRATORS).select_related("user", "organization"):
        role_end(actor=None, assignment=assignment, reason=gettext("No member of the branch any more."))


def _close(spans: Any, moved_on: dt.date) -> None:
    """End spans the day before; one that began on the day itself or later ends with its first day."""
    day = moved_on - dt.timedelta(days=1)
    spans.update(ends_on=Case(When(starts_on__gt=day, then=F("starts_on")), default=Value(day)), updated_at=clock.now())


def positions_follow(members: Sequence[Member], *, changed_on: dt.date) -> None:
    """Make the open positions in the members' own organizations agree with `party_post`: end others, begin the new."""
    for batch in _batches(members):
        stale = _own([member.pk for member in batch]).filter(~Q(post=F("member__party_post")))
        _close(Position.objects.filter(pk__in=list(stale.values_list("pk", flat=True))), changed_on)
        _positions_begin(batch, changed_on)


def _positions_begin(members: Sequence[Member], starts_on: dt.date) -> None:
    """Open a row for each `party_post` that has none yet."""
    held = _own([member.pk for member in members]).filter(post=F("member__party_post"))
    kept = set(held.values_list("member_id", flat=True))
    _positions_open([member for member in members if member.party_post and member.pk not in kept], starts_on)


def _own(keys: Sequence[int]) -> Any:
    """Return the open positions that members hold where they are enrolled."""
    return Position.objects.filter(member__in=keys, ends_on=None, organization=F("member__organization"))


def party_posts_follow(keys: Iterable[int], *, renew: bool = True) -> None:
    """Write `Member.party_post` from the open positions in the members' own organizations (`keys`: of members).

    `renew` raises the version with it, so that a form opened before does not bring the old one back; not where the caller
    has just done so.
    """
    wanted = list(keys)
    for start in range(0, len(wanted), BATCH):
        some = wanted[start : start + BATCH]
        held: dict[int, set[str]] = {}
        for member, post in _own(some).values_list("member_id", "post"):
            held.setdefault(member, set()).add(post)
        changed = []
        for found in Member.objects.filter(pk__in=some):
            posts = held.get(found.pk, set())
            highest = next((post for post in PartyPost.values if post in posts), "")
            if highest != found.party_post:
                found.party_post, found.version = highest, found.version + renew
                changed.append(found)
        Member.objects.bulk_update(changed, ["party_post", "version"], batch_size=BATCH)


def _positions_open(members: Sequence[Enrolled], starts_on: dt.date | None) -> None:
    moment = clock.now()
    columns = (
        "member_id", "organization_id", "post", "is_acting", "starts_on", "ends_on", "created_at", "updated_at"
    )  # fmt: skip
    rows = (
        (member.pk, member.organization_id, str(member.party_post), False, starts_on, None, moment, moment)
        for member in members
    )
    bulk_load(Position, columns, rows)


def _batches(members: Sequence[Member]) -> Iterable[Sequence[Member]]:
    return (members[start : start + BATCH] for start in range(0, len(members), BATCH))
