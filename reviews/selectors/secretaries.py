"""Reads of appraisals of secretaries."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from campaign.common import clock
from campaign.common.access import own_member_ids, paths_of, under
from campaign.common.capabilities import Cap, Role
from orgs.models import Member, MembershipKind, MembershipStatus, Organization, PartyPost, RoleAssignment, User
from reviews.models.secretaries import (
    ProblemState,
    ReportProblem,
    ReportProblemQuerySet,
    ReportState,
    SecretaryAppraisal,
    SecretaryGrade,
    SecretaryReport,
    SecretaryReportQuerySet,
)
from reviews.models.yearly import AppraisalState
from reviews.selectors.appraisal import Votes, votes_of

GRADES = tuple(SecretaryGrade)


def secretary_holders(user: Any) -> Any:
    """Return the organizations for which `user` holds appraisals of secretaries."""
    return Organization.objects.active().filter(path__in=set(paths_of(user, Cap.SECRETARY_MANAGE)))


def secretaries_without(organization: Organization, year: int) -> Any:
    """Return the secretaries of active organizations below `organization` who are in no appraisal of `year` yet."""
    live = SecretaryReport.objects.filter(year=year).exclude(state=ReportState.CANCELLED)
    below = Organization.objects.active().filter(under(organization.path)).exclude(pk=organization.pk)
    found = Member.objects.present().filter(
        party_post=PartyPost.SECRETARY, organization__in=below.order_by().values("pk")
    )
    return found.exclude(organization__in=live.values("organization"))


def secretary_appraisals_for(user: Any) -> Any:
    """Return the appraisals held in the reach of `user`, with how many reports are graded."""
    found = SecretaryAppraisal.objects.visible_to(user).select_related("organization", "round")
    if not any(True for _path in paths_of(user, Cap.SECRETARY_MANAGE)):
        found = found.exclude(state=AppraisalState.CANCELLED)
    return found.annotate(total=Count("reports"), graded=Count("reports", filter=Q(reports__state=ReportState.GRADED)))


def reports_for(user: Any) -> SecretaryReportQuerySet:
    """Return the reports that `user` may see, their own among them."""
    found = SecretaryReport.objects.visible_to(user).exclude(state=ReportState.CANCELLED)
    return found.select_related("organization", "appraisal", "member")


def reports_graded_by(user: Any) -> SecretaryReportQuerySet:
    """Return the reports that `user` grades and lists problems of: nobody's own."""
    found = SecretaryReport.objects.allowed(user, Cap.SECRETARY_GRADE).exclude(state=ReportState.CANCELLED)
    return found.exclude(member__in=own_member_ids(user))


def votes_on(reports: Iterable[SecretaryReport], ballot: Any) -> dict[int, Votes]:
    """Return the votes on the secretaries (by member) once the ballot is published. One query."""
    return votes_of(ballot, [each.member_id for each in reports], GRADES)


def voters_on(appraisal: SecretaryAppraisal, reports: Sequence[SecretaryReport]) -> dict[int, frozenset[int]]:
    """Return the accounts that may vote on each report (its id): leaders of the organization and the other secretaries on
    all, full members on the secretary of their own branch; nobody on themselves. Two queries."""
    leaders = RoleAssignment.objects.on(clock.today()).filter(role=Role.LEADER, organization=appraisal.organization_id)
    able = Q(is_active=True, member__status=MembershipStatus.NORMAL, member__kind=MembershipKind.FULL)
    common = Q(pk__in=leaders.values("user")) | Q(member__in=[each.member_id for each in reports])
    of_branches = Q(member__organization__in=[each.organization_id for each in reports])
    rows = User.objects.filter(able & (common | of_branches)).values_list("pk", "member", "member__organization")
    everybody, enrolled = set(User.objects.filter(able & common).values_list("pk", flat=True)), defaultdict(set)
    own: dict[int, int] = {}
    for user, member, organization in rows:
        own[member] = user
        enrolled[organization].add(user)
    return {
        each.pk: frozenset((everybody | enrolled[each.organization_id]) - {own.get(each.member_id)}) for each in reports
    }


@dataclass(frozen=True)
class GoodShare:
    """How many are good among those graded, against the share that the office has set (2-domain b.9: none by default)."""

    grades: Counter[str]
    percent: int | None

    @property
    def graded(self) -> int:
        return sum(self.grades.values())

    @property
    def good(self) -> int:
        return self.grades[SecretaryGrade.GOOD]

    @property
    def most(self) -> int | None:
        return None if self.percent is None else self.graded * self.percent // 100

    @property
    def is_exceeded(self) -> bool:
        return self.percent is not None and self.good * 100 > self.graded * self.percent

    def counts(self) -> list[tuple[SecretaryGrade, int]]:
        """Give each grade with its number."""
        return [(grade, self.grades[grade]) for grade in GRADES]


def good_share(appraisal: SecretaryAppraisal) -> GoodShare:
    """Return how the grades of an appraisal are spread. One query."""
    rows = appraisal.reports.filter(state=ReportState.GRADED).order_by().values_list("grade").annotate(n=Count("pk"))
    return GoodShare(Counter(dict(rows)), appraisal.good_share)


def problems_for(user: Any) -> ReportProblemQuerySet:
    """Return the problems that `user` may see."""
    return ReportProblem.objects.visible_to(user).select_related("organization", "report__appraisal", "report__member")


def problems_waiting(user: Any) -> ReportProblemQuerySet:
    """Return the problems that are reported as put right and wait for `user` to look."""
    return ReportProblem.objects.allowed(user, Cap.SECRETARY_GRADE).filter(state=ProblemState.REPORTED)
