"""Reads of evaluation rounds."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from campaign.ballots import selectors as ballots
from campaign.ballots.models import Paper, PaperQuerySet, Result, Subject, Verdict
from campaign.common.access import ancestors_and_self, holds, paths_of, under
from campaign.common.capabilities import Cap
from campaign.models import Audience
from orgs.models import Member, Organization, PartyPost, User
from orgs.models.members import PRESENT
from reviews.models.rounds import EvaluationRound, PublicationScope, RoundQuerySet, RoundState
from reviews.questionnaires import MEMBER_APPRAISAL, OPINIONS, SECRETARY_APPRAISAL

LEADING = tuple(post for post in PartyPost if post != PartyPost.GROUP_LEADER)
"""The positions that make up the leading group 领导班子."""


def rounds_for(user: Any) -> RoundQuerySet:
    """Return the rounds that `user` may see: held in their reach, or published on units in their reach."""
    reached = results_for(user).values("pk")
    visible = EvaluationRound.objects.visible_to(user).values("pk")
    found = EvaluationRound.objects.filter(Q(pk__in=visible) | Q(pk__in=reached))
    return found.select_related("ballot", "organization")


def results_for(user: Any) -> RoundQuerySet:
    """Return the rounds of which `user` may see published results."""
    reached = EvaluationRound.objects.published().allowed(user, Cap.ROUND_RESULTS)
    if not holds(user, Cap.ROUND_VIEW):
        reached = reached.filter(scope=PublicationScope.UNITS)
    found = EvaluationRound.objects.filter(pk__in=reached.values("pk"))
    return found.select_related("ballot", "organization")


def may_manage(user: Any, evaluation_round: EvaluationRound) -> bool:
    """Tell whether `user` holds the round: sees the draft of its results."""
    return EvaluationRound.objects.allowed(user, Cap.ROUND_MANAGE).filter(pk=evaluation_round.pk).exists()


def results_visible(user: Any, evaluation_round: EvaluationRound) -> bool:
    """Tell whether `user`, who reaches the round, may see results now: published to them, or the draft of one's own."""
    if evaluation_round.is_published:
        return evaluation_round.scope == PublicationScope.UNITS or holds(user, Cap.ROUND_VIEW)
    return evaluation_round.has_results and may_manage(user, evaluation_round)


def subjects_seen(user: Any, evaluation_round: EvaluationRound) -> Any:
    """Return the round's subjects whose results `user` may see, with the results, in the order of the roll."""
    return ballots.subjects_for(user, evaluation_round.ballot)


def totals(evaluation_round: EvaluationRound) -> list[int]:
    """Return the totals of the round that are shown, of all its subjects: what a rank is counted among."""
    found = evaluation_round.ballot.results.values_list("total", flat=True)
    return [total for total in found if total is not None]


def holders(user: Any) -> Any:
    """Return the organizations for which `user` holds rounds."""
    return Organization.objects.active().filter(path__in=set(paths_of(user, Cap.ROUND_MANAGE)))


def branches_below(organizations: Sequence[Organization]) -> Any:
    """Return the branches at or below `organizations`."""
    reach = Q(pk__in=[])
    for organization in organizations:
        reach |= under(organization.path)
    return Organization.objects.active().branches().filter(reach)


def subjects_to_rate(audience: Audience, chosen: Sequence[Organization]) -> list[tuple[int, str, int | None]]:
    """Return (organization, name, member) for every subject: the chosen themselves, or the members enrolled in them."""
    ids = [organization.pk for organization in chosen]
    if audience == Audience.ORGANIZATION:
        found = Organization.objects.filter(pk__in=ids).order_by("path")
        return [(pk, name, None) for pk, name in found.values_list("pk", "name")]
    members = Member.objects.present().filter(organization__in=ids)
    rows = members.order_by("organization__path", "pinyin", "pk").values_list("organization_id", "name", "pk")
    return list(rows)


@dataclass(frozen=True)
class Rater:
    """A member with an account who may rate `subjects` (ids), without `own`."""

    user_id: int
    is_leading: bool
    subjects: tuple[int, ...]
    own: int | None


def raters_of(audience: Audience, organization: Organization, subjects: Sequence[Subject]) -> Iterator[Rater]:
    """Yield who may rate: for organizations the members of the subject's subtree, for members those of the same branch.
    Two queries."""
    lists = _lists(audience, subjects)
    own = {subject.member_id: subject.pk for subject in subjects if subject.member_id}
    people = User.objects.filter(
        under(organization.path, "member__organization__path"), is_active=True, member__status__in=PRESENT
    )
    rows = people.order_by("pk").values_list("pk", "member", "member__party_post", "member__organization__path")
    for user, member, post, path in rows.iterator():
        rated = lists(path)
        if rated and rated != (own.get(member),):
            yield Rater(user, post in LEADING, rated, own.get(member))


def _lists(audience: Audience, subjects: Sequence[Subject]) -> Any:
    """Return what people enrolled at a path rate, as a function of the path."""
    paths = dict(
        Organization.objects.filter(pk__in={subject.organization_id for subject in subjects}).values_list("pk", "path")
    )
    at: dict[str, list[int]] = defaultdict(list)
    for subject in subjects:
        at[paths[subject.organization_id]].append(subject.pk)
    if audience == Audience.MEMBER:
        return lambda path: tuple(at.get(path, ()))
    return lambda path: tuple(
        pk for place in ancestors_and_self(path, Organization.steplen) for pk in at.get(place, ())
    )


def own_papers(user: Any) -> PaperQuerySet:
    """Return the papers of `user` in open rounds, what is still to do first."""
    return ballots.papers_of(user).select_related("ballot__round__organization").order_by("marked", "ballot__closes_at")


def papers() -> PaperQuerySet:
    """Return the papers of rounds that are not sealed, for the gate to find a person's own in."""
    return Paper.objects.select_related("ballot__round__organization")


def valid_results(audience: Audience) -> Any:
    """Return the valid results of published rounds of evaluation; opinions on pledges and ballots of appraisals are none."""
    return Result.objects.filter(
        verdict=Verdict.VALID, ballot__round__state=RoundState.PUBLISHED, subject__audience=audience
    ).exclude(ballot__round__template__in=(*OPINIONS, MEMBER_APPRAISAL, SECRETARY_APPRAISAL))


def classes_without_ballots(evaluation_round: EvaluationRound) -> list[str]:
    """Return the names of the classes from which, for some subject with a valid result, no ballot came."""
    names = dict(evaluation_round.ballot.classes.order_by("order").values_list("key", "name"))
    stored = evaluation_round.ballot.results.filter(verdict=Verdict.VALID).values_list("classes", flat=True)
    missing = {each["key"] for classes in stored for each in classes if each["kind"] == "empty"}
    return [name for key, name in names.items() if key in missing]
