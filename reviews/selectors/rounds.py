"""Reads of evaluation rounds."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from campaign.ballots import selectors as ballots
from campaign.ballots.models import Ballot, Paper, PaperQuerySet, Result, Subject, Verdict
from campaign.common.access import holds, paths_of, reaches, under
from campaign.common.capabilities import Cap
from campaign.models import Audience
from orgs.models import Organization
from reviews.models.rounds import EvaluationRound, PublicationScope, RoundQuerySet, RoundState
from reviews.questionnaires import MEMBER_APPRAISAL, OPINIONS, SECRETARY_APPRAISAL


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


def published_results(user: Any) -> Any:
    """Return the published results of mass evaluations that `user` may see; None sees all."""
    rounds = EvaluationRound.objects.published() if user is None else results_for(user)
    mine = Subject.objects.all() if user is None else Subject.objects.visible_to(user)
    seen = mine.filter(ballot__in=rounds.exclude(template__in=OPINIONS).values("pk"))
    return Result.objects.filter(subject__in=seen.order_by().values("pk"))


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


def reads_remarks(user: Any, evaluation_round: EvaluationRound, subject: Subject) -> bool:
    """Tell whether `user` reads what was written about `subject`, as the ballot told the voters: who holds the round; once it is
    published a person themselves, and of a unit its secretary and those above it."""
    if not evaluation_round.ballot.asks_remarks:
        return False
    if reaches(user, Cap.ROUND_MANAGE, evaluation_round.organization.path):
        return True
    if not evaluation_round.is_published:
        return False
    if subject.member_id:
        return user.acting_for is None and user.member_id == subject.member_id
    return reaches(user, Cap.ROUND_VIEW, subject.organization.path)


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


def round_before(organization: Organization, template: str, moment: dt.datetime) -> EvaluationRound | None:
    """Return the last published round of the same kind that `organization` held before `moment`: what a new one is compared
    with."""
    found = EvaluationRound.objects.published().filter(
        organization=organization, template=template, ballot__closes_at__lt=moment
    )
    return found.order_by("-ballot__closes_at", "-pk").first()


def results_before(user: Any, evaluation_round: EvaluationRound) -> Any:
    """Return the subjects of the round compared with whose results `user` may see."""
    former = evaluation_round.previous
    if former is None or not former.is_published or not results_visible(user, former):
        return Subject.objects.none()
    return subjects_seen(user, former)


def result_before(user: Any, evaluation_round: EvaluationRound, subject: Subject) -> Result | None:
    """Return the result that `subject` had in the round compared with, if `user` may see it."""
    found = results_before(user, evaluation_round).filter(member=subject.member_id)
    if subject.member_id is None:
        found = found.filter(organization=subject.organization_id)
    former = found.first()
    return former.result if former else None


def invalid_count(evaluation_round: EvaluationRound) -> int:
    """Return how many of the round's results are invalid."""
    found: int = evaluation_round.ballot.results.filter(verdict=Verdict.INVALID).count()
    return found


SMALL_SHOWN = 20


def small_shown(ballot: Ballot) -> dict[str, Any]:
    """Return the classes that are sure to be hidden, the first of them by name, and what is pooled already."""
    small = ballots.small_classes(ballot)
    return {
        "small": small[:SMALL_SHOWN],
        "small_more": max(0, len(small) - SMALL_SHOWN),
        "pooled_classes": ballot.subjects.filter(classes_pooled=True).count(),
        "pooled_units": ballot.subjects.filter(counted_with__isnull=False).count(),
    }


def comparable(evaluation_round: EvaluationRound) -> Any:
    """Return the published rounds that the results of `evaluation_round` can be compared with."""
    found = EvaluationRound.objects.published().filter(
        organization=evaluation_round.organization_id, audience=evaluation_round.audience
    )
    return found.exclude(pk=evaluation_round.pk).order_by("-ballot__closes_at", "-pk")


def own_papers(user: Any) -> PaperQuerySet:
    """Return the papers of `user` in open rounds, what is still to do first."""
    return ballots.papers_of(user).select_related("ballot__round__organization").order_by("marked", "ballot__closes_at")


def papers() -> PaperQuerySet:
    """Return the papers of rounds that are not sealed, for the gate to find a person's own in."""
    return Paper.objects.select_related("ballot")


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
