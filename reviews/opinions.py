"""Mass opinion on pledges: published rounds that ask about nothing but the pledge, as counts (docs/ballots.md)."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from campaign.ballots.models import Result, Subject, Verdict
from campaign.ballots.results import load
from campaign.ballots.selectors import questionnaire
from pledges.models import Pledge
from pledges.registry import Opinion, OpinionSource, opinions
from reviews.questionnaires import OPINIONS
from reviews.selectors.rounds import results_for

MOST = 3
"""So many rounds of a year are shown, the latest first."""


def opinions_of(pledge: Pledge, viewer: Any) -> list[Opinion]:
    """Return the counts of the valid rounds on the pledge's subject in its year that are published to `viewer`."""
    found = Result.objects.filter(
        verdict=Verdict.VALID,
        ballot__in=results_for(viewer).values("pk"),
        subject__in=Subject.objects.visible_to(viewer).values("pk"),
        ballot__round__template__in=OPINIONS,
        ballot__round__campaign=pledge.campaign_id,
        ballot__closes_at__year=pledge.year,
        subject__member=pledge.member_id,
        **({} if pledge.member_id else {"subject__organization": pledge.organization_id}),
    )
    rows = found.select_related("ballot__round").order_by("-ballot__closes_at", "-ballot_id")[:MOST]
    return [opinion for result in rows for opinion in _of_result(result)]


def _of_result(result: Result) -> list[Opinion]:
    asked = questionnaire(result.ballot)
    answers = [*(choice.label for choice in asked.choices), _("Abstained")]
    sums = asked.over_all([load(stored) for stored in result.classes])
    url = reverse("round_result", args=[result.ballot_id, result.subject_id])
    name = result.ballot.round.name
    if not sums:
        return [Opinion(name, url, item.text, (), 0) for item in asked.items]
    return [
        Opinion(name, url, item.text, tuple(zip(answers, found.counts, strict=True)), found.valid)
        for item, found in sums
    ]


def register() -> None:
    opinions.register(OpinionSource("rounds", opinions_of))
