"""Reads of leader reviews: what a person may see, whom they may review, and who has been left out (2-domain b.6)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Substr
from django.utils.translation import gettext_lazy as _

from campaign.common import clock
from campaign.common.access import grants_for, own_member_ids, paths_of, reaches, under
from campaign.common.capabilities import Cap, Role
from campaign.common.errors import DomainError, NotAllowed
from campaign.common.exact import percent
from campaign.models import Action, Audience, Campaign, CampaignState, Period, PeriodKind, StageAction
from orgs.models import Member, MembershipStatus, Organization, OrganizationType
from orgs.models.members import MemberQuerySet
from orgs.models.organizations import OrganizationQuerySet
from reviews.models.leader import LeaderReview, LeaderReviewQuerySet, ReviewState

SUBJECTS: dict[type, Cap] = {Organization: Cap.REVIEW_WRITE_ORG, Member: Cap.REVIEW_WRITE}


def reviews_for(user: Any) -> LeaderReviewQuerySet:
    """Return the leader reviews that `user` may see, with what a list shows of them."""
    return LeaderReview.objects.visible_to(user).select_related("organization", "member", "period", "campaign")


def review_refusal(user: Any, subject: Organization | Member) -> DomainError | None:
    """Say why `user` may not review `subject`; None if they may. Reviews follow the party tree, downward only, and nobody
    reviews oneself or an organization one belongs to. Source: 2-domain b.6, (e)."""
    is_member = isinstance(subject, Member)
    place = subject.organization.path if isinstance(subject, Member) else subject.path
    if not reaches(user, SUBJECTS[type(subject)], place):
        return NotAllowed()
    if is_member and subject.pk in own_member_ids(user):
        return DomainError(_("Nobody reviews oneself."))
    if not is_member and subject.pk in own_organizations(user):
        return DomainError(_("Nobody reviews the organization one belongs to."))
    return None


def own_organizations(user: Any) -> set[int]:
    """Return the organizations in which `user`, or whom `user` acts for, holds a role or is a member."""
    return {grant.organization_id for grant in user.interests}


def review_period(campaign: Campaign, day: dt.date | None = None) -> Period | None:
    """Return the half-year of the campaign that holds `day` (today); where it counts in other periods, the longest."""
    return period_on(campaign.periods.all(), day or clock.today())


def period_on(periods: Iterable[Period], day: dt.date) -> Period | None:
    """Return the half-year among `periods` that holds `day`, else the longest that does."""
    holding = [period for period in periods if period.starts_on <= day <= period.ends_on]
    return max(holding, key=lambda p: (p.kind == PeriodKind.HALF_YEAR, p.ends_on - p.starts_on), default=None)


def open_periods(day: dt.date) -> QuerySet[Period]:
    """Return the half-years that hold `day`, of running campaigns whose present stage has leader reviews."""
    allowing = StageAction.objects.filter(
        stage__campaign=OuterRef("campaign"), action=Action.REVIEW, stage__starts_on__lte=day, stage__ends_on__gte=day
    )
    return Period.objects.filter(
        Exists(allowing),
        campaign__state=CampaignState.RUNNING,
        kind=PeriodKind.HALF_YEAR,
        starts_on__lte=day,
        ends_on__gte=day,
    ).select_related("campaign", "campaign__organization")


# --- whom a review is due -----------------------------------------------------------------------------------------------


def due_organizations() -> OrganizationQuerySet:
    """Return the organizations that are due a review: the active ones; a party group (cell) is reviewed with its branch."""
    found: OrganizationQuerySet = Organization.objects.active().exclude(type=OrganizationType.CELL)
    return found


def due_members() -> MemberQuerySet:
    """Return the members who are due a review: all of normal standing, none left out (2-domain b.6, 全覆盖)."""
    return Member.objects.filter(status=MembershipStatus.NORMAL)


def reviewed_in(period: Period, audience: Audience, as_of: dt.datetime | None = None) -> Exists:
    """Return the condition that the organization or member has a review of the period (handed over by `as_of`)."""
    subject = "organization" if audience == Audience.ORGANIZATION else "member"
    reviews = LeaderReview.objects.submitted().during(period).filter(audience=audience, **{subject: OuterRef("pk")})
    return Exists(reviews.filter(submitted_at__lte=as_of) if as_of else reviews)


def candidate_organizations(user: Any, period: Period) -> OrganizationQuerySet:
    """Return the organizations that `user` may review, marked `reviewed` if that was done in the period; those left first."""
    found = due_organizations().allowed(user, Cap.REVIEW_WRITE_ORG).exclude(pk__in=own_organizations(user))
    taking_part = under(period.campaign.organization.path)
    return (
        found.filter(taking_part)
        .annotate(reviewed=reviewed_in(period, Audience.ORGANIZATION))
        .order_by("reviewed", "path")
    )


def candidate_members(user: Any, period: Period, branches: Iterable[int]) -> MemberQuerySet:
    """Return the members of the `branches` (ids) whom `user` may review, marked and ordered likewise."""
    found = due_members().allowed(user, Cap.REVIEW_WRITE).filter(organization__in=branches)
    found = found.exclude(pk__in=own_member_ids(user))
    return found.annotate(reviewed=reviewed_in(period, Audience.MEMBER)).order_by("reviewed", "pinyin", "pk")


def named(organizations: OrganizationQuerySet, text: str) -> OrganizationQuerySet:
    """Keep the organizations whose name holds `text`, or whose pinyin initials begin with it."""
    found: OrganizationQuerySet = organizations.filter(
        Q(name__contains=text) | Q(short_name__contains=text) | Q(initials__startswith=text.lower())
    )
    return found


def children_of(organization: Organization) -> Q:
    """Return the condition "one step below `organization`"."""
    return under(organization.path) & Q(depth=organization.depth + 1)


def draft_of(user: Any, subject: Organization | Member) -> LeaderReview | None:
    """Return the draft that `user` has begun on `subject`."""
    drafts = LeaderReview.objects.filter(reviewer=user, state=ReviewState.DRAFT)
    if isinstance(subject, Member):
        return drafts.filter(member=subject).first()
    return drafts.filter(organization=subject, audience=Audience.ORGANIZATION).first()


def drafts_of(user: Any, *, locked: bool = False) -> LeaderReviewQuerySet:
    """Return all drafts of `user` with their subjects; `locked` until the end of the transaction."""
    drafts = LeaderReview.objects.filter(reviewer=user, state=ReviewState.DRAFT)
    if locked:
        drafts = drafts.select_for_update(of=("self",))
    return drafts.select_related("organization", "member")


def writing_places(user: Any) -> OrganizationQuerySet:
    """Return the organizations from which `user` writes reviews."""
    found: OrganizationQuerySet = Organization.objects.active().filter(path__in=paths_of(user, Cap.REVIEW_WRITE))
    return found


def directly_below(user: Any) -> Q:
    """Return the condition "one step below an organization from which `user` reviews organizations"."""
    condition = Q(pk__in=())
    for _reach, grant in grants_for(user, Cap.REVIEW_WRITE_ORG):
        condition |= under(grant.path) & Q(depth=len(grant.path) // Organization.steplen + 1)
    return condition


def branches_led(user: Any) -> list[int]:
    """Return the organizations whose members `user` reviews as their secretary."""
    return [grant.organization_id for grant in user.grants if grant.role == Role.SECRETARY]


# --- coverage -----------------------------------------------------------------------------------------------------------


def coverage_places(user: Any) -> list[Organization]:
    """Return the organizations from which `user` looks at coverage, the highest of each line."""
    paths = sorted(paths_of(user, Cap.REVIEW_COVERAGE))
    highest = [path for path in paths if not any(path.startswith(other) for other in paths if other != path)]
    return list(Organization.objects.filter(path__in=highest))


@dataclass(frozen=True)
class Counts:
    """How many organizations and members are due a review, and how many have one."""

    organizations_due: int = 0
    organizations_reviewed: int = 0
    members_due: int = 0
    members_reviewed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.organizations_due + other.organizations_due,
            self.organizations_reviewed + other.organizations_reviewed,
            self.members_due + other.members_due,
            self.members_reviewed + other.members_reviewed,
        )

    @property
    def due(self) -> int:
        return self.organizations_due + self.members_due

    @property
    def reviewed(self) -> int:
        return self.organizations_reviewed + self.members_reviewed

    @property
    def left(self) -> int:
        return self.due - self.reviewed

    @property
    def organizations_text(self) -> str:
        return f"{self.organizations_reviewed} / {self.organizations_due}"

    @property
    def members_text(self) -> str:
        return f"{self.members_reviewed} / {self.members_due}"

    @property
    def percent(self) -> str:
        """The coverage with two decimals (2-domain d.4), "—" where nobody is due a review."""
        return percent(self.reviewed, self.due)


@dataclass(frozen=True)
class Unit:
    """A line of the coverage page: an organization with itself and everything below it counted."""

    organization: Organization
    reviewed: bool
    counts: Counts


@dataclass(frozen=True)
class Coverage:
    units: list[Unit]
    total: Counts


def counts_by_path(
    period: Period, path: str, *, width: int | None = None, as_of: dt.datetime | None = None
) -> dict[str, Counts]:
    """Count at or below `path`, by the first `width` characters of the path (whole paths without): two grouped queries."""
    length = width or Organization._meta.get_field("path").max_length
    organizations = _grouped(
        due_organizations().filter(under(path)), "path", length, reviewed_in(period, Audience.ORGANIZATION, as_of)
    )
    members = _grouped(
        due_members().filter(under(path, "organization__path")),
        "organization__path",
        length,
        reviewed_in(period, Audience.MEMBER, as_of),
    )
    found: dict[str, Counts] = defaultdict(Counts)
    for unit, due, reviewed in organizations:
        found[unit] += Counts(organizations_due=due, organizations_reviewed=reviewed)
    for unit, due, reviewed in members:
        found[unit] += Counts(members_due=due, members_reviewed=reviewed)
    return found


def _grouped(queryset: QuerySet[Any], lookup: str, width: Any, reviewed: Exists) -> Iterable[tuple[str, int, int]]:
    units = queryset.order_by().annotate(unit=Substr(lookup, 1, width)).values("unit")
    counted: Any = units.annotate(due=Count("pk"), done=Count("pk", filter=reviewed))
    rows: Iterable[tuple[str, int, int]] = counted.values_list("unit", "due", "done")
    return rows


def coverage(period: Period, organization: Organization) -> Coverage:
    """Return who below `organization` has been reviewed in the period: a line per unit directly below, and the total.
    The total leaves `organization` itself out: it is reviewed from above."""
    path, step = organization.path, Organization.steplen
    found = counts_by_path(period, path, width=len(path) + step)
    children = (
        Organization.objects.active()
        .filter(children_of(organization))
        .annotate(reviewed=reviewed_in(period, Audience.ORGANIZATION))
    )
    own = found.pop(path, Counts())
    own = Counts(members_due=own.members_due, members_reviewed=own.members_reviewed)
    units = [Unit(child, child.reviewed, found.get(child.path, Counts())) for child in children]
    return Coverage(units, sum(found.values(), own))


def members_left(period: Period, branch: Organization) -> MemberQuerySet:
    """Return the members of `branch` who have no review in the period, in roll order."""
    return due_members().filter(~reviewed_in(period, Audience.MEMBER), organization=branch).order_by("pinyin", "pk")
