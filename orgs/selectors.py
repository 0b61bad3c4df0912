"""Reads of organizations, members, accounts and roles. Each begins with what the user may see."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Length

from campaign.common import clock
from campaign.common.access import grants_for, paths_of, under
from campaign.common.capabilities import Cap, Role, roles_with
from campaign.common.listing import BOUND
from campaign.common.masking import TAIL_SHOWN, mask
from orgs.guessing import looked_up
from orgs.lockout import locked_accounts
from orgs.models import (
    Delegation,
    HeadCount,
    Member,
    MemberQuerySet,
    Organization,
    OrganizationQuerySet,
    PartyPost,
    Position,
    RoleAssignment,
    Transfer,
    TransferQuerySet,
    TransferState,
    User,
    Worker,
    WorkerQuerySet,
)
from orgs.models.members import PHONE_TAIL, PRESENT, id_digest

BRANCH_STAFF = frozenset({Role.SECRETARY, Role.STAFF, Role.OFFICE})
"""Who sees phones in full, within the organization in which the role is held (2-domain, masking table of section (e))."""
LONGEST_PHONE = 12
ID_NUMBER = re.compile(r"[0-9]{17}[0-9Xx]")
CHILDREN_SHOWN = 300
OFFERED = 20


# -- organizations -------------------------------------------------------------------------------------------------


def organization_roots(user: Any) -> OrganizationQuerySet:
    """Return where the tree begins for `user`: the highest organizations of the scope."""
    paths = paths_of(user, Cap.ORG_VIEW)
    highest = [path for path in paths if not any(path != other and path.startswith(other) for other in paths)]
    found: OrganizationQuerySet = Organization.objects.visible_to(user).filter(path__in=highest)
    return found


def organizations_addable(user: Any) -> OrganizationQuerySet:
    """Return the organizations below which `user` may make others."""
    condition = Q(pk__in=())
    for path in paths_of(user, Cap.ORG_MANAGE):
        condition |= under(path)
    found: OrganizationQuerySet = Organization.objects.active().filter(condition)
    return found


def organizations_enrolling(user: Any) -> OrganizationQuerySet:
    """Return the organizations in which `user` may enrol members."""
    found: OrganizationQuerySet = Organization.objects.active().allowed(user, Cap.MEMBER_MANAGE)
    return found


def organizations_matching(queryset: OrganizationQuerySet, words: str) -> OrganizationQuerySet:
    """Keep organizations whose name, pinyin initials or code holds `words`."""
    words = words.strip()
    if not words:
        return queryset
    typed = "".join(words.split()).lower()
    return queryset.filter(
        Q(name__icontains=words) | Q(short_name__icontains=words) | Q(initials__contains=typed) | Q(code__iexact=words)
    )


def within(queryset: Any, organization: Organization | None, place: str = "organization") -> Any:
    """Keep what lies in the subtree of `organization`, to which `place` leads, or the organizations there; all without one."""
    lookup = "path" if queryset.model is Organization else f"{place}__path"
    return queryset if organization is None else queryset.filter(under(organization.path, lookup))


def without_secretary(queryset: OrganizationQuerySet) -> OrganizationQuerySet:
    """Keep the active branches in which no member is secretary."""
    secretaries = Member.objects.present().filter(party_post=PartyPost.SECRETARY, organization=OuterRef("pk"))
    held = Position.objects.open().filter(post=PartyPost.SECRETARY, organization=OuterRef("pk"))
    from_elsewhere = held.exclude(member__organization=F("organization"))
    return queryset.active().branches().filter(~Exists(secretaries), ~Exists(from_elsewhere))


def bounded_count(queryset: "QuerySet[Any, Any]") -> str:
    """Count at most 10 000 rows, so that the cost does not grow with the whole; "10 000+" beyond."""
    found = queryset.order_by()[: BOUND + 1].count()
    return f"{BOUND:,}+".replace(",", " ") if found > BOUND else str(found)


def leaders_of(organization: Organization) -> list[tuple[str, str]]:
    """Return (position, name) of secretary and committee: those who hold a position here, members of other branches
    included (the committee above is made up of them), else accounts with the role."""
    own = Member.objects.present().filter(organization=organization).exclude(party_post="")
    held = [(member.party_post, member.get_party_post_display(), member.name) for member in own]
    elsewhere = Position.objects.open().filter(organization=organization).exclude(member__organization=organization)
    held += [(position.post, position.title, position.member.name) for position in elsewhere.select_related("member")]
    posts = PartyPost.values
    found = [(title, name) for _post, title, name in sorted(held, key=lambda one: posts.index(one[0]))]
    if any(post == PartyPost.SECRETARY for post, _title, _name in held):
        return found
    assigned = RoleAssignment.objects.on(clock.today()).filter(
        organization=organization, role__in=(Role.SECRETARY, Role.LEADER), user__is_active=True
    )
    return [
        (assignment.get_role_display(), str(assignment.user)) for assignment in assigned.select_related("user")
    ] + found


# -- members -------------------------------------------------------------------------------------------------------


def members_for(user: Any) -> MemberQuerySet:
    """Return the members that `user` may see, with their organizations."""
    return Member.objects.visible_to(user).select_related("organization")


def members_matching(queryset: MemberQuerySet, words: str, viewer: Any) -> MemberQuerySet:
    """Keep members by name, pinyin initials, personnel number, end of the phone, or whole id number.

    A search never tells more than the page shows: the last four digits of a phone stand there even masked, so that
    anybody may search by them; by more digits one finds those whose phone one reads in full. A whole id number finds those
    whose record one keeps or may unmask: who typed it knows it already, and `orgs.guessing` stops trying out. Raises
    DomainError after too many id numbers that led to nobody.
    """
    typed = "".join(words.split())
    if not typed:
        return queryset
    if not typed.isascii():
        return _among(queryset, Member.objects.filter(name__contains=typed))
    # What is typed without Chinese characters leads into an index by each of these: no search reads the whole register.
    condition = Q(initials__begins=typed.lower()) | Q(personnel_no__in={typed, typed.upper(), typed.lower()})
    if typed.isdigit() and PHONE_TAIL <= len(typed) <= LONGEST_PHONE:
        condition |= _phone_ends(typed, viewer)
    if ID_NUMBER.fullmatch(typed):
        condition |= Q(pk=_by_id_number(str(id_digest(typed)), viewer) or 0)
    return _among(queryset, Member.objects.alias(phone_length=Length("phone")).filter(condition))


def _among(queryset: MemberQuerySet, found: MemberQuerySet) -> MemberQuerySet:
    """Keep those of `queryset` that were `found`. Looked for on their own, by an index or along the names alone: together with
    the scope a database goes through the organizations and reads every member of each."""
    return queryset.filter(pk__in=found.order_by().values("pk"))


def _by_id_number(digest: str, viewer: Any) -> int | None:
    """Return the key of the member with this id number, of those `viewer` may find by it."""
    kept = Member.objects.allowed(viewer, Cap.MEMBER_MANAGE).order_by().values("pk")
    unmasked = Member.objects.allowed(viewer, Cap.PERSONAL_UNMASK).order_by().values("pk")
    reach = Q(pk__in=kept) | Q(pk__in=unmasked) | Q(pk=viewer.member_id or 0)
    found = Member.objects.filter(reach, id_number_digest=digest).order_by()
    return looked_up(viewer, digest, lambda: found.values_list("pk", flat=True).first())


def _phone_ends(digits: str, viewer: Any) -> Q:
    """Return the condition for phones that end in `digits`; the first part of it is what the index finds."""
    readable = Q(organization__in=units_of_staff(viewer)) | Q(pk=viewer.member_id or 0)
    if len(digits) == PHONE_TAIL:
        readable |= Q(phone_length__gte=TAIL_SHOWN)
    return Q(phone_tail=digits[-PHONE_TAIL:], phone__endswith=digits) & readable


def positions_now(member: Member, viewer: Any) -> list[Position]:
    """Return the positions that `member` holds today, the highest first, those in other organizations included."""
    posts = list(PartyPost.values)
    held = Position.objects.visible_to(viewer).filter(member=member).open().select_related("organization")
    return sorted(held, key=lambda position: posts.index(position.post))


def units_of_staff(viewer: Any) -> frozenset[int]:
    """Return the organizations whose members' phones `viewer` reads in full."""
    held = grants_for(viewer, Cap.MEMBER_VIEW)
    return frozenset(grant.organization_id for _reach, grant in held if grant.role in BRANCH_STAFF)


@dataclass(frozen=True)
class Personal:
    """The personal values of a member as one viewer may read them."""

    id_number: str
    phone: str
    birth: str


def member_personal(member: Member, viewer: Any) -> Personal:
    """Return the personal values of a member that `viewer` passed the gate to (masking table of 2-domain (e)):

    id number masked for everybody, phone full for oneself and the staff of the branch, birth full for oneself and as
    year and month for others.
    """
    own = viewer.member_id == member.pk
    born = member.birth_date
    return Personal(
        id_number=mask(member.id_number),
        phone=phone_shown(member, viewer),
        birth="" if born is None else f"{born:%Y-%m-%d}" if own else f"{born:%Y-%m}",
    )


def phone_shown(member: Member, viewer: Any, units: frozenset[int] | None = None) -> str:
    """Return the phone of `member` for `viewer`; give `units` (`units_of_staff`) when asking for many."""
    return member.phone if reads_phone(member, viewer, units) else mask(member.phone)


def reads_phone(member: Member, viewer: Any, units: frozenset[int] | None = None) -> bool:
    """Tell whether `viewer` reads the phone in full: one's own, and that of members of the branch one works in."""
    entitled = units_of_staff(viewer) if units is None else units
    return member.organization_id in entitled or viewer.member_id == member.pk


# -- transfers -----------------------------------------------------------------------------------------------------


def transfers_for(user: Any) -> TransferQuerySet:
    """Return the transfers that concern `user`: out of and into what one looks after, and one's own."""
    return Transfer.objects.visible_to(user).select_related("member", "source", "target")


def transfers_to_release(user: Any) -> TransferQuerySet:
    """Return what waits for the release of `user`."""
    return Transfer.objects.allowed(user, Cap.TRANSFER_RELEASE).filter(state=TransferState.REQUESTED)


def transfers_to_accept(user: Any) -> TransferQuerySet:
    """Return what waits for the acceptance of `user`."""
    return Transfer.objects.allowed(user, Cap.TRANSFER_ACCEPT).filter(state=TransferState.RELEASED)


def branches_matching(words: str) -> OrganizationQuerySet:
    """Return the branches of the whole group to which a member may be transferred: names alone, no scope."""
    return organizations_matching(Organization.objects.active().branches(), words)


def officers_of(organizations: Iterable[int], capability: Cap, day: dt.date) -> dict[int, list[int]]:
    """Return the accounts that hold `capability` in exactly these organizations on `day`, by organization."""
    found: dict[int, list[int]] = defaultdict(list)
    held = RoleAssignment.objects.on(day).filter(
        role__in=roles_with(capability), organization_id__in=set(organizations), user__is_active=True
    )
    for organization_id, user_id in held.order_by("pk").values_list("organization_id", "user_id"):
        if user_id not in found[organization_id]:
            found[organization_id].append(user_id)
    return found


# -- workers who are no members ------------------------------------------------------------------------------------


def workers_for(user: Any) -> WorkerQuerySet:
    """Return the workers that `user` may see, with their organizations."""
    return Worker.objects.visible_to(user).select_related("organization")


def workers_matching(queryset: WorkerQuerySet, words: str) -> WorkerQuerySet:
    """Keep workers by name, pinyin initials, personnel number or team."""
    typed = "".join(words.split())
    if not typed:
        return queryset
    return queryset.filter(
        Q(name__contains=typed)
        | Q(initials__begins=typed.lower())
        | Q(personnel_no__iexact=typed)
        | Q(team__contains=typed)
    )


@dataclass(frozen=True)
class Electorate:
    """The workers of an organization with all below it. `workers` are those on lists (a queryset, of which
    `representatives` are marked so); `counted` are those only known by number, where no list is kept."""

    workers: WorkerQuerySet
    listed: int
    representatives: int
    counted: int

    @property
    def total(self) -> int:
        return self.listed + self.counted


def electorate_of(organization: Organization) -> Electorate:
    """Return the workers who are no members of `organization` with all below it (2-domain b.7), in three queries.

    Each organization counts for itself: by its list where it keeps one, else by its head count. The caller has passed the
    gate.
    """
    workers = Worker.objects.active().in_subtree(organization)
    listing = workers.filter(organization=OuterRef("organization"))
    counts = HeadCount.objects.filter(under(organization.path, "organization__path"), organization__is_active=True)
    return Electorate(
        workers=workers,
        listed=workers.order_by().count(),
        representatives=workers.filter(is_representative=True).order_by().count(),
        counted=counts.filter(~Exists(listing)).aggregate(sum=Sum("workers"))["sum"] or 0,
    )


@dataclass(frozen=True)
class WorkerNumbers:
    """How many workers an organization alone has: by its list where it keeps one, else by its head count."""

    listed: int = 0
    representatives: int = 0
    counted: int = 0

    @property
    def total(self) -> int:
        return self.listed + self.counted


def worker_numbers_below(organization: Organization) -> dict[str, WorkerNumbers]:
    """Return the numbers of `electorate_of` for each organization at or below it that has any, by its path. Two queries."""
    listed = Worker.objects.active().in_subtree(organization).filter(organization__is_active=True).order_by()
    marked = Count("pk", filter=Q(is_representative=True))
    rows = listed.values_list("organization__path").annotate(n=Count("pk"), marked=marked)
    found = {path: WorkerNumbers(n, representatives) for path, n, representatives in rows}
    counts = HeadCount.objects.filter(under(organization.path, "organization__path"), organization__is_active=True)
    for path, workers in counts.order_by().values_list("organization__path", "workers"):
        if workers:
            found.setdefault(path, WorkerNumbers(counted=workers))
    return found


# -- accounts and roles --------------------------------------------------------------------------------------------


def users_for(user: Any) -> "QuerySet[User, User]":
    """Return the accounts that `user` administers."""
    accounts: QuerySet[User, User] = User.objects.visible_to(user).select_related(
        "organization", "member", "one_time_code"
    )
    return accounts


def users_by_state(queryset: "QuerySet[User, User]", state: str) -> "QuerySet[User, User]":
    """Keep accounts that are "unused" (their one-time code waits), "expired" (it waited too long), "two_factor" (they
    have one), "locked" after failures, "active" or "inactive"."""
    if state == "unused":
        return queryset.filter(is_active=True).exclude(one_time_code=None)
    if state == "expired":
        return queryset.filter(is_active=True, one_time_code__expires_at__lte=clock.now())
    if state == "two_factor":
        return queryset.exclude(two_factor_since=None)
    if state == "locked":
        return queryset.filter(pk__in=locked_accounts())
    return queryset.filter(is_active=state == "active")


def accounts_helped(user: Any) -> "QuerySet[User, User]":
    """Return the accounts of the members whom `user` may help with a one-time code, never the own. `holds_role` marks
    those whom the system administrator helps: who holds a role, or stands in for its holder, now or later."""
    held = RoleAssignment.objects.now_or_later().filter(user=OuterRef("pk"))
    handed = Delegation.objects.now_or_later().filter(deputy=OuterRef("pk"))
    accounts: QuerySet[User, User] = User.objects.allowed(user, Cap.ACCOUNT_CODE).filter(
        is_active=True, member__status__in=PRESENT
    )
    return (
        accounts.exclude(pk=user.pk)
        .select_related("member__organization", "one_time_code")
        .annotate(holds_role=Exists(held) | Exists(handed))
        .order_by("member__organization__path", "member__pinyin", "pk")
    )


def users_entitleable(user: Any) -> "QuerySet[User, User]":
    """Return the accounts to which `user` may grant roles: active ones, never the own."""
    accounts: QuerySet[User, User] = (
        User.objects.allowed(user, Cap.ROLE_GRANT).filter(is_active=True).exclude(pk=user.pk)
    )
    return accounts


def users_matching(queryset: "QuerySet[User, User]", words: str) -> "QuerySet[User, User]":
    """Keep accounts by name, pinyin initials or account name."""
    return queryset.filter(called(words)) if words.strip() else queryset


def called(words: str, lookup: str = "") -> Q:
    """Return the condition "an account of this name, with these pinyin initials, or whose account name holds this"."""
    typed = "".join(words.split())
    return (
        Q(**{f"{lookup}name__contains": typed})
        | Q(**{f"{lookup}initials__begins": typed.lower()})
        | Q(**{f"{lookup}username__icontains": typed})
    )


def roles_for(user: Any) -> "QuerySet[RoleAssignment, RoleAssignment]":
    """Return the roles that `user` administers."""
    return RoleAssignment.objects.visible_to(user).select_related("user", "organization")
