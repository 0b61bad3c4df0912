"""Suspected doubles: two members of the same name with the same date of birth or the same phone.

The same id number cannot stand with two members: its keyed hash is unique in the database.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from campaign.common.capabilities import Cap
from orgs.models import DistinctPair, Member, MemberQuerySet, ResolvedDouble
from orgs.models.members import PRESENT


@dataclass(frozen=True)
class Pair:
    """Two members who look like one, and by what."""

    first: Member
    second: Member
    same_birth: bool
    same_phone: bool


def managed(user: Any) -> MemberQuerySet:
    """Return the present members that `user` keeps (None: all): both of a pair must be among them."""
    members = Member.objects.all() if user is None else Member.objects.allowed(user, Cap.MEMBER_MANAGE)
    return members.present()


def doubles(user: Any) -> MemberQuerySet:
    """Return the members in sight who look like another one entered after them; each probe is one look into an index."""
    parted = DistinctPair.objects.filter(first=OuterRef(OuterRef("pk")), second=OuterRef("pk"))
    later = managed(user).filter(~Exists(parted), name=OuterRef("name"), pk__gt=OuterRef("pk"))
    by_birth = later.filter(birth_date=OuterRef("birth_date"))
    by_phone = later.filter(phone=OuterRef("phone")).exclude(phone="")
    return managed(user).filter(Exists(by_birth.order_by()) | Exists(by_phone.order_by()))


def pairs_of(members: Iterable[Member], user: Any) -> list[Pair]:
    """Return the pairs that the later members in sight make with `members` (a page of `doubles`); two queries."""
    firsts = list(members)
    condition = Q(pk__in=())
    for one in firsts:
        same = Q(birth_date=one.birth_date) if one.birth_date else Q(pk__in=())
        same |= Q(phone=one.phone) if one.phone else Q(pk__in=())
        condition |= Q(name=one.name, pk__gt=one.pk) & same
    found = managed(user).filter(condition).select_related("organization").order_by("pk")
    by_name: dict[str, list[Member]] = defaultdict(list)
    for member in found:
        by_name[member.name].append(member)
    parted = set(DistinctPair.objects.filter(first__in=firsts).values_list("first_id", "second_id"))
    return [
        pair
        for one in firsts
        for other in by_name[one.name]
        if other.pk > one.pk and (one.pk, other.pk) not in parted and (pair := pair_made(one, other))
    ]


def pair_made(first: Member, second: Member) -> Pair | None:
    """Return what makes a pair of the two; None when they do not look alike."""
    if first.name != second.name:
        return None
    same_birth = first.birth_date is not None and first.birth_date == second.birth_date
    same_phone = bool(first.phone) and first.phone == second.phone
    return Pair(first, second, same_birth, same_phone) if same_birth or same_phone else None


@dataclass(frozen=True)
class OtherRecord:
    """A record of the same person: an ended one, or the one that was kept for it."""

    member: Member
    kept: bool


def other_records(member: Member, viewer: Any) -> list[OtherRecord]:
    """Return the other records of the person of `member` that `viewer` sees; two queries at most.

    A record that was put into use again is no double any more.
    """
    of_person = ResolvedDouble.objects.filter(Q(kept=member) | Q(dropped=member)).exclude(dropped__status__in=PRESENT)
    pairs = list(of_person)
    keys = {one.dropped_id if one.kept_id == member.pk else one.kept_id for one in pairs}
    if not keys:
        return []
    ended = {one.dropped_id for one in pairs}
    seen = Member.objects.visible_to(viewer).filter(pk__in=keys).select_related("organization").order_by("pk")
    return [OtherRecord(one, kept=one.pk not in ended) for one in seen]
