"""Reminds everybody who is entitled to vote, on the last two days of a round; whether they have voted is not looked at."""

import datetime as dt
from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign.ballots.models import Paper
from campaign.common import clock
from campaign.notices.registry import Due, ReminderRule, reminders
from reviews.models.rounds import EvaluationRound, RoundState
from reviews.services.telling import ENDING

BEFORE_DAYS = 2


def due(day: dt.date) -> Iterator[Due]:
    """Two queries."""
    ending = EvaluationRound.objects.filter(
        state=RoundState.OPEN,
        ballot__opens_at__lt=clock.start_of(day + dt.timedelta(days=1)),
        ballot__closes_at__gt=clock.start_of(day),
        ballot__closes_at__lte=clock.start_of(day + dt.timedelta(days=BEFORE_DAYS)),
    )
    rounds = {found.pk: found for found in ending.select_related("ballot")}
    text = gettext("“%(name)s” ends on %(day)s. If you have not voted yet, please do so. Everybody entitled gets this.")
    papers = Paper.objects.filter(ballot__in=rounds).order_by("voter_id").values_list("voter_id", "ballot_id")
    for voter, ballot in papers.iterator():
        found = rounds[ballot]
        yield Due(
            user_id=voter,
            subject=str(ballot),
            text=text % {"name": found.name, "day": found.last_day.isoformat()},
            url=reverse("vote_list"),
            due_on=found.last_day,
        )


def register() -> None:
    reminders.register(ReminderRule(ENDING, _("Voting ends soon"), due))
