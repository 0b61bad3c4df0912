"""Notices of a round: to everybody who may vote, whether they have or not, and to those who were evaluated."""

from collections.abc import Iterable

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.ballots.models import Paper, Subject
from campaign.common import clock
from campaign.common.capabilities import Role
from campaign.models import Audience
from campaign.notices.models import Notice
from orgs.models import RoleAssignment
from reviews.models.rounds import EvaluationRound, PublicationScope

RULE, ENDING = "rounds.told", "rounds.ending"
BATCH = 500


def voters_tell(evaluation_round: EvaluationRound, what: str, text: str) -> int:
    """Tell everybody who has a paper; `what` names the event, so that nobody is told twice. Two statements per BATCH."""
    papers = Paper.objects.filter(ballot=evaluation_round.ballot_id, voter__isnull=False)
    return _tell(
        evaluation_round,
        papers.order_by("voter_id").values_list("voter_id", flat=True),
        what,
        text,
        reverse("vote_list"),
    )


def calls_take_back(evaluation_round: EvaluationRound) -> int:
    """Take the calls to vote that nobody has read off the desks once voting is over, from all alike; returns how many."""
    voters = Paper.objects.filter(ballot=evaluation_round.ballot_id, voter__isnull=False).values("voter_id")
    told = Q(rule=RULE, subject__startswith=f"{evaluation_round.pk} ")
    reminded = Q(rule=ENDING, subject=str(evaluation_round.ballot_id))
    calls = Notice.objects.filter(told | reminded, user_id__in=voters)
    return calls.unread().update(read_at=clock.now())


def opening_text(evaluation_round: EvaluationRound) -> str:
    """Return what those who may vote are told."""
    return _("“%(name)s” is open until %(day)s. Your ballot is secret: nobody can see what you choose.") % {
        "name": evaluation_round.name,
        "day": evaluation_round.last_day.isoformat(),
    }


def people_tell(evaluation_round: EvaluationRound, users: Iterable[int], what: str, text: str) -> int:
    """Tell some of those who have a paper; nobody is told the same twice."""
    return _tell(evaluation_round, users, what, text, reverse("vote_list"))


def evaluated_tell(evaluation_round: EvaluationRound) -> int:
    """Tell the members who were evaluated, or the secretaries of the units, that the results can be seen."""
    subjects = Subject.objects.filter(ballot=evaluation_round.ballot_id)
    text = _("The results of “%(name)s” are published.") % {"name": evaluation_round.name}
    if evaluation_round.audience == Audience.MEMBER and evaluation_round.scope == PublicationScope.UNITS:
        people = set(subjects.filter(member__user__is_active=True).values_list("member__user", flat=True))
    else:
        today = clock.today()
        held = RoleAssignment.objects.filter(
            Q(ends_on=None) | Q(ends_on__gte=today),
            role=Role.SECRETARY,
            starts_on__lte=today,
            user__is_active=True,
            organization__in=subjects.values("organization"),
        )
        people = set(held.values_list("user_id", flat=True))
    url = reverse("round_results", args=[evaluation_round.pk])
    return _tell(evaluation_round, sorted(people), "published", text, url)


def _tell(evaluation_round: EvaluationRound, users: Iterable[int], what: str, text: str, url: str) -> int:
    today = clock.today()
    notices = [
        Notice(user_id=user, rule=RULE, subject=f"{evaluation_round.pk} {what}", text=text[:300], url=url, due_on=today)
        for user in users
    ]
    Notice.objects.bulk_create(notices, batch_size=BATCH, ignore_conflicts=True)
    return len(notices)
