"""Checks of the data: what is missing, overdue or contradicts itself, and where it is mended.

Each check is a query over what its user may mend; a page of it and a count to 10 000 are two statements. Where an index
leads to the findings (members without a phone), the work grows with them; where each record has to be looked at (a branch
without a secretary), every look is one into an index.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import holds, reaches
from campaign.common.capabilities import Cap
from campaign.common.registry import Registry
from orgs.doubles import doubles
from orgs.models import (
    BRANCH_TYPES,
    Enrolment,
    HeadCount,
    Member,
    MembershipKind,
    Organization,
    OrganizationType,
    RoleAssignment,
    User,
    Worker,
)
from orgs.models.members import PRESENT
from orgs.selectors import bounded_count, within, without_secretary

NEVER_USED = dt.timedelta(days=30)
"""An account that was made longer ago and never signed in to."""
BRANCH_FULL, BRANCH_USUAL, GENERAL_FROM, COMMITTEE_FROM = 3, 50, 50, 100
"""Members of a branch at least (full ones) and usually at most, of a general branch and of a committee (2-domain b.2)."""
DEEPEST = "Z" * Organization.steplen


@dataclass(frozen=True)
class Check:
    """`find(user)` gives the records; `needs` is the right by which they are in sight, `mends` the one that opens
    `address` (an address with the record's key, or without one), `shown(record)` what else the line says.

    `quick`: findings stand in an index, so that the desk may ask whether there are any.
    """

    key: str
    title: str | Promise
    explanation: str | Promise
    model: Any
    find: Callable[[Any], Any]
    needs: Cap
    mends: Cap
    address: str
    with_key: bool = True
    shown: Callable[[Any], Any] | None = None
    quick: bool = True

    def path_of(self, record: Any) -> str:
        """The place of a record in the tree."""
        if isinstance(record, Organization):
            return record.path
        return record.organization.path if record.organization_id else ""

    def mendable(self, record: Any, user: Any) -> bool:
        """Tell whether `user` may open the page on which this record is mended; asks no database."""
        return reaches(user, self.mends, self.path_of(record))


checks: Registry[Check] = Registry("quality checks")


def checks_for(user: Any) -> list[Check]:
    """Return the checks that concern `user`."""
    return [check for check in checks if holds(user, Cap.DATA_QUALITY) and holds(user, check.needs)]


def findings(user: Any, organization: Organization | None) -> list[tuple[Check, str]]:
    """Return each check with its number of findings, counted to 10 000; one statement for each check."""
    return [(check, bounded_count(within(check.find(user), organization))) for check in checks_for(user)]


def gaps(user: Any) -> int:
    """Return how many of the quick checks find anything; one statement."""
    quick = [check for check in checks_for(user) if check.quick]
    if not quick:
        return 0
    asked = [Exists(check.find(user).order_by()) for check in quick]
    answers = User.objects.filter(pk=user.pk).values_list(*asked).first()
    return sum(map(bool, answers or ()))


# -- organizations -------------------------------------------------------------------------------------------------


def _organizations(user: Any) -> Any:
    return Organization.objects.allowed(user, Cap.DATA_QUALITY).active()


def no_secretary(user: Any) -> Any:
    """Active branches in which no member is secretary."""
    return without_secretary(_organizations(user))


def term_over(user: Any) -> Any:
    """Active organizations whose term has run out."""
    return _organizations(user).filter(term_ends_on__lt=clock.today())


def no_contact(user: Any) -> Any:
    """Active organizations without a contact person or phone."""
    return _organizations(user).filter(Q(contact_name="") | Q(contact_phone=""))


def _has(members: Any, number: int) -> Exists:
    """The condition "at least `number` of `members`"; stops counting there."""
    return Exists(members.order_by()[number - 1 : number])


def size_off(user: Any) -> Any:
    """Active organizations outside the sizes of 2-domain b.2: hints, since exceptions are approved above."""
    own = Member.objects.present().filter(organization=OuterRef("pk"))
    last = Concat(OuterRef("path"), Value(DEEPEST), output_field=CharField())
    below = Member.objects.present().filter(organization__path__gte=OuterRef("path"), organization__path__lte=last)
    branch = ~_has(own.filter(kind=MembershipKind.FULL), BRANCH_FULL) | _has(own, BRANCH_USUAL + 1)
    general = ~_has(below, GENERAL_FROM) | _has(below, COMMITTEE_FROM)
    return _organizations(user).filter(
        (Q(type__in=BRANCH_TYPES) & branch)
        | (Q(type=OrganizationType.GENERAL_BRANCH) & general)
        | (Q(type=OrganizationType.COMMITTEE) & ~_has(below, COMMITTEE_FROM))
    )


def no_head_count(user: Any) -> Any:
    """Active branches with neither a list nor a head count of workers who are no members."""
    branches = Organization.objects.allowed(user, Cap.WORKER_MANAGE).active().branches()
    return branches.filter(
        ~Exists(Worker.objects.active().filter(organization=OuterRef("pk"))),
        ~Exists(HeadCount.objects.filter(organization=OuterRef("pk"))),
    )


# -- members -------------------------------------------------------------------------------------------------------


def _members(user: Any) -> Any:
    return Member.objects.allowed(user, Cap.MEMBER_MANAGE).present().select_related("organization")


def no_branch_date(user: Any) -> Any:
    """Members of whom nobody wrote since when they belong to their branch."""
    unknown = Enrolment.objects.filter(member=OuterRef("pk"), ends_on=None, starts_on=None)
    return _members(user).filter(Exists(unknown))


def no_id_number(user: Any) -> Any:
    """Members without an id number."""
    return _members(user).filter(id_number_digest=None)


def no_phone(user: Any) -> Any:
    """Members without a phone."""
    return _members(user).filter(phone="")


def no_birth_date(user: Any) -> Any:
    """Members without a date of birth."""
    return _members(user).filter(birth_date=None)


def probation_over(user: Any) -> Any:
    """Probationary members whose probation has ended."""
    return _members(user).probation_ending(clock.today() - dt.timedelta(days=1))


def in_no_branch(user: Any) -> Any:
    """Members enrolled in an organization that is no branch."""
    return _members(user).exclude(organization__type__in=BRANCH_TYPES)


def all_doubles(user: Any) -> Any:
    """The earlier member of each suspected pair."""
    return doubles(user).select_related("organization")


# -- accounts ------------------------------------------------------------------------------------------------------


def _accounts(user: Any) -> QuerySet[User]:
    found: QuerySet[User] = (
        User.objects.allowed(user, Cap.ACCOUNT_MANAGE)
        .filter(is_active=True, is_superuser=False)
        .select_related("organization")
        .order_by("organization__path", "pk")
    )
    return found


def no_role(user: Any) -> Any:
    """Active accounts of nobody who is a member, or of somebody who has left, without a role today: they open nothing."""
    held = RoleAssignment.objects.on(clock.today()).filter(user=OuterRef("pk"))
    outside = Q(member=None) | ~Q(member__status__in=PRESENT)
    return _accounts(user).filter(outside, ~Exists(held))


def never_used(user: Any) -> Any:
    """Active accounts made over thirty days ago that nobody signed in to."""
    return _accounts(user).filter(last_login=None, created_at__lt=clock.now() - NEVER_USED)


def _day(value: dt.date | None) -> str:
    return value.isoformat() if value else "—"


def _size(organization: Organization) -> str:
    return str(SIZES.get(organization.type, ""))


SIZES: dict[str, str | Promise] = {
    OrganizationType.BRANCH: _("a branch has 3 full members or more, and usually at most 50 members"),
    OrganizationType.JOINT_BRANCH: _("a branch has 3 full members or more, and usually at most 50 members"),
    OrganizationType.GENERAL_BRANCH: _("a general branch has 50 members or more, and fewer than 100"),
    OrganizationType.COMMITTEE: _("a committee has 100 members or more"),
}
ORG, MEM, ACC = Organization, Member, User
ALL = (
    Check("secretary", _("Branches without a secretary"), _("Enter the party position “secretary” with a member."), ORG,
          no_secretary, Cap.DATA_QUALITY, Cap.ORG_VIEW, "organization_detail"),
    Check("term", _("Terms that ran out"), _("Elect anew and enter the present term; an extension is approved above."), ORG,
          term_over, Cap.DATA_QUALITY, Cap.ORG_MANAGE, "organization_edit", shown=lambda one: _day(one.term_ends_on)),
    Check("contact", _("Organizations without contact data"), _("Enter contact person and phone."), ORG,
          no_contact, Cap.DATA_QUALITY, Cap.ORG_MANAGE, "organization_edit"),
    Check("size", _("Organizations of unusual size"), _("A hint: exceptions are approved by the organization above."), ORG,
          size_off, Cap.DATA_QUALITY, Cap.ORG_VIEW, "organization_detail", shown=_size, quick=False),
    Check("head_count", _("Branches without a head count of workers"),
          _("Needed for mass evaluation: enter how many workers are no members, or their list."), ORG,
          no_head_count, Cap.WORKER_MANAGE, Cap.WORKER_MANAGE, "worker_count", with_key=False),
    Check("branch_date", _("Members without a branch date"), _("Enter since when they belong to their branch."), MEM,
          no_branch_date, Cap.MEMBER_MANAGE, Cap.MEMBER_HISTORY, "member_history"),
    Check("id_number", _("Members without an id number"), _("Without it doubles are not found on import."), MEM,
          no_id_number, Cap.MEMBER_MANAGE, Cap.MEMBER_MANAGE, "member_edit"),
    Check("phone", _("Members without a phone"), _("They cannot sign in by phone, nor be called."), MEM,
          no_phone, Cap.MEMBER_MANAGE, Cap.MEMBER_MANAGE, "member_edit"),
    Check("birth_date", _("Members without a date of birth"), _("Enter it, or the id number."), MEM,
          no_birth_date, Cap.MEMBER_MANAGE, Cap.MEMBER_MANAGE, "member_edit"),
    Check("probation", _("Probation past its end"), _("Decide: full membership, extension, or end of membership."), MEM,
          probation_over, Cap.MEMBER_MANAGE, Cap.MEMBER_MANAGE, "member_edit", shown=lambda one: _day(one.probation_end)),
    Check("no_branch", _("Members in organizations that are no branches"), _("Move them to a branch by transfer."), MEM,
          in_no_branch, Cap.MEMBER_MANAGE, Cap.MEMBER_MANAGE, "member_edit"),
    Check("doubles", _("Suspected doubles"),
          _("The same name with the same date of birth or phone: one person entered twice?"), MEM,
          all_doubles, Cap.MEMBER_MANAGE, Cap.MEMBER_VIEW, "member_detail", quick=False),
    Check("no_role", _("Accounts without a role"), _("They open nothing: grant a role or deactivate them."), ACC,
          no_role, Cap.ACCOUNT_MANAGE, Cap.ACCOUNT_MANAGE, "user_edit"),
    Check("never_used", _("Accounts never used"), _("Made over thirty days ago; deactivate what nobody needs."), ACC,
          never_used, Cap.ACCOUNT_MANAGE, Cap.ACCOUNT_MANAGE, "user_edit"),
)  # fmt: skip
for made in ALL:
    checks.register(made)
