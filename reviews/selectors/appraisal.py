"""Reads of appraisals of members."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from campaign.ballots.models import Result, Verdict
from campaign.ballots.results import Answered, load
from campaign.common.access import holds, own_member_ids, paths_of
from campaign.common.capabilities import Cap
from orgs.models import MembershipKind, MembershipStatus, Organization, User
from reviews.models.appraisal import (
    AppraisalGrade,
    AppraisedMember,
    AppraisedMemberQuerySet,
    Attendance,
    BranchAppraisal,
    BranchAppraisalQuerySet,
    BranchState,
    MemberAppraisal,
    PeerRemark,
)
from reviews.models.rounds import EvaluationRound, RoundState
from reviews.models.yearly import AppraisalState
from reviews.selectors.rounds import branches_below

SHARE = 3
"""At most one in so many is excellent, as a rule (2-domain b.8: 一般不超过党员总数的三分之一)."""
GRADES = tuple(AppraisalGrade)


def appraisals_for(user: Any) -> Any:
    """Return the appraisals held in the reach of `user`, with how many branches are at which state."""
    states = {state.value: Count("branches", filter=Q(branches__state=state)) for state in BranchState}
    found = MemberAppraisal.objects.visible_to(user).select_related("organization", "round")
    return found.annotate(total=Count("branches"), **states)


def branches_for(user: Any) -> BranchAppraisalQuerySet:
    """Return the appraisals of branches that `user` may see."""
    found = BranchAppraisal.objects.visible_to(user).select_related("organization", "appraisal")
    return found.exclude(state=BranchState.CANCELLED)


def own_appraisals(user: Any) -> AppraisedMemberQuerySet:
    """Return what appraisals hold of `user`, the latest first."""
    found = AppraisedMember.objects.filter(member__user=user.pk).exclude(branch__state=BranchState.CANCELLED)
    return found.select_related("branch__appraisal__round", "organization").order_by("-branch__year", "-pk")


def holders(user: Any) -> Any:
    """Return the organizations for which `user` holds appraisals."""
    return Organization.objects.active().filter(path__in=set(paths_of(user, Cap.APPRAISAL_MANAGE)))


def branches_without(organization: Organization, year: int) -> Any:
    """Return the branches at or below `organization` that are in no appraisal of `year` yet."""
    live = BranchAppraisal.objects.filter(year=year).exclude(state=BranchState.CANCELLED)
    return branches_below([organization]).exclude(pk__in=live.values("organization"))


# -- the ballot ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Electorate:
    """Who is voted on and who votes in one branch. `own` maps a voter's account to the own entry in the roll."""

    members: tuple[AppraisedMember, ...]
    voters: tuple[int, ...]
    own: dict[int, int]

    @property
    def fewest(self) -> int:
        """How many may vote on the member on whom the fewest may: nobody votes on themselves."""
        own = set(self.own.values())
        return min((len(self.voters) - (each.pk in own) for each in self.members), default=0)


def electorates(appraisal: MemberAppraisal) -> dict[int, Electorate]:
    """Return the electorate of each branch appraisal (its id): full members who take part are voted on, full members of
    normal standing with an account vote, exempt ones if they like. Two queries."""
    rolls: dict[int, list[AppraisedMember]] = defaultdict(list)
    roll = AppraisedMember.objects.filter(
        branch__appraisal=appraisal, branch__state=BranchState.WRITING, kind=MembershipKind.FULL
    ).exclude(attendance=Attendance.LEFT)
    for each in roll.select_related("organization").order_by("organization__path", "member__pinyin", "pk"):
        rolls[each.branch_id].append(each)
    accounts = dict(
        User.objects.filter(
            is_active=True, member__appraisals__in=roll.order_by().values("pk"), member__status=MembershipStatus.NORMAL
        ).values_list("member_id", "pk")
    )
    return {branch: _electorate(members, accounts) for branch, members in rolls.items()}


def _electorate(roll: list[AppraisedMember], accounts: dict[int, int]) -> Electorate:
    rated = tuple(each for each in roll if each.attendance == Attendance.PRESENT)
    voters = tuple(accounts[each.member_id] for each in roll if each.member_id in accounts)
    own = {accounts[each.member_id]: each.pk for each in rated if each.member_id in accounts}
    return Electorate(rated, voters, own)


@dataclass(frozen=True)
class Votes:
    """What the ballot says of a member: the votes for each grade, in order, and abstentions; None where they are not
    shown because too few voted, or the turnout was too low."""

    counts: tuple[int, ...] | None
    abstained: int = 0
    is_valid: bool = True
    grades: tuple[Any, ...] = GRADES

    @property
    def result(self) -> str:
        """The grade with the most votes; several where they have the same number; "" without a count."""
        if not self.counts or not max(self.counts):
            return ""
        best = max(self.counts)
        return "、".join(str(grade.label) for grade, n in zip(self.grades, self.counts, strict=True) if n == best)


def votes_of(
    ballot: EvaluationRound | None, members: Iterable[int] | None = None, grades: tuple[Any, ...] = GRADES
) -> dict[int, Votes]:
    """Return the votes on each member (their id), once the ballot is published; `grades` are its choices. One query."""
    if ballot is None or ballot.state != RoundState.PUBLISHED:
        return {}
    found = Result.objects.filter(ballot=ballot.pk)
    if members is not None:
        found = found.filter(subject__member__in=list(members))
    rows = found.values_list("subject__member", "verdict", "classes")
    return {member: _votes(verdict, classes, grades) for member, verdict, classes in rows}


def _votes(verdict: str, classes: list[dict[str, Any]], grades: tuple[Any, ...]) -> Votes:
    if verdict != Verdict.VALID:
        return Votes(None, is_valid=False)
    shown = [each for each in map(load, classes) if isinstance(each, Answered)]
    if len(shown) != len(classes) or not shown:
        return Votes(None)
    sums = [sum(column) for column in zip(*(each.items[0].counts for each in shown), strict=True)]
    return Votes(tuple(sums[:-1]), sums[-1], grades=grades)


# -- the decision of a branch ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Share:
    """How the grades are spread; `graded` are those who have one, `gradable` those who may get one."""

    grades: Counter[str]
    gradable: int

    @property
    def graded(self) -> int:
        return sum(self.grades.values())

    @property
    def excellent(self) -> int:
        return self.grades[AppraisalGrade.EXCELLENT]

    @property
    def most(self) -> int:
        """The largest number of excellent ones among those graded so far, or to be graded while nobody is."""
        return (self.graded or self.gradable) // SHARE

    @property
    def is_exceeded(self) -> bool:
        """Whether more than a third are excellent (2-domain b.8): a warning, since the rule says "as a rule"."""
        return self.excellent * SHARE > self.graded

    def counts(self) -> Iterator[tuple[AppraisalGrade, int]]:
        """Give each grade with its number."""
        for grade in GRADES:
            yield grade, self.grades[grade]


def share_of(members: Iterable[AppraisedMember]) -> Share:
    """Return how the grades of `members` are spread."""
    found = list(members)
    return Share(Counter(each.grade for each in found if each.grade), sum(each.is_gradable for each in found))


def roll_of(branch: BranchAppraisal) -> AppraisedMemberQuerySet:
    """Return the members of a branch's appraisal in the order of the roll."""
    found: AppraisedMemberQuerySet = branch.members.select_related("member").order_by("member__pinyin", "pk")
    return found


def last_grades(members: Iterable[int], before: int) -> dict[int, str]:
    """Return the last confirmed grade of each of `members` from a year before `before`. One query."""
    rows = (
        AppraisedMember.objects.filter(
            member__in=list(members), branch__state=BranchState.CONFIRMED, branch__year__lt=before
        )
        .exclude(grade="")
        .order_by("branch__year", "pk")
        .values_list("member", "grade")
    )
    return dict(rows)


# -- mutual appraisal ------------------------------------------------------------------------------------------------------


def own_entry(user: Any, branch: BranchAppraisal) -> AppraisedMember | None:
    """Return the entry of `user` in the roll of a branch; nobody has one while acting for somebody."""
    if user.acting_for is not None:
        return None
    found = branch.members.filter(member__user=user.pk).exclude(attendance=Attendance.LEFT)
    return found.select_related("branch").first()


def colleagues(entry: AppraisedMember) -> AppraisedMemberQuerySet:
    """Return the others of the same roll."""
    others: AppraisedMemberQuerySet = AppraisedMember.objects.filter(branch=entry.branch_id).exclude(
        Q(pk=entry.pk) | Q(attendance=Attendance.LEFT)
    )
    return others.order_by("member__pinyin", "pk")


def remarks_read_by(user: Any, appraised: AppraisedMember) -> QuerySet[PeerRemark]:
    """Return the remarks on a member as far as `user` reads them: the member, and who decides for the branch."""
    found = PeerRemark.objects.filter(about=appraised).select_related("author")
    own = appraised.member_id in own_member_ids(user) and user.acting_for is None
    if own or BranchAppraisal.objects.allowed(user, Cap.APPRAISAL_DECIDE).filter(pk=appraised.branch_id).exists():
        return found.order_by("author__member__pinyin", "pk")
    return found.none()


# -- what is to be done ----------------------------------------------------------------------------------------------------


def to_decide(user: Any) -> BranchAppraisalQuerySet:
    """Return the branches that `user` decides for, whose ballot is over, or which need none."""
    found = BranchAppraisal.objects.allowed(user, Cap.APPRAISAL_DECIDE).under_way()
    over = Q(has_ballot=False) | Q(appraisal__round__state=RoundState.PUBLISHED)
    return found.filter(over, state=BranchState.WRITING)


def to_confirm(user: Any) -> BranchAppraisalQuerySet:
    """Return the branches whose decision waits for `user`."""
    waiting = BranchAppraisal.objects.filter(state=BranchState.SUBMITTED, appraisal__state=AppraisalState.OPEN)
    return waiting.allowed(user, Cap.APPRAISAL_CONFIRM)


def manages(user: Any, appraisal: MemberAppraisal) -> bool:
    """Tell whether `user` holds the appraisal."""
    if not holds(user, Cap.APPRAISAL_MANAGE):
        return False
    return MemberAppraisal.objects.allowed(user, Cap.APPRAISAL_MANAGE).filter(pk=appraisal.pk).exists()


@dataclass(frozen=True)
class Progress:
    """How far an appraisal is: branches by state, and members with a self-appraisal of those who take part."""

    branches: int
    submitted: int
    confirmed: int
    members: int
    written: int


def progress_of(appraisal: MemberAppraisal) -> Progress:
    """Return how far an appraisal is. Two queries."""
    states = appraisal.branches.exclude(state=BranchState.CANCELLED).aggregate(
        branches=Count("pk"),
        submitted=Count("pk", filter=Q(state=BranchState.SUBMITTED)),
        confirmed=Count("pk", filter=Q(state=BranchState.CONFIRMED)),
    )
    people = AppraisedMember.objects.filter(branch__appraisal=appraisal, attendance=Attendance.PRESENT).aggregate(
        members=Count("pk"), written=Count("self_at")
    )
    return Progress(**states, **people)
