"""Evaluation rounds to test with, made through the services."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from campaign.ballots.models import Paper
from campaign.common import clock
from campaign.models import Campaign
from orgs.models import User
from reviews.models.rounds import EvaluationRound
from reviews.services.rounds import round_create, round_open, vote_cast
from tests.world import World

STAGE = dt.datetime(2026, 11, 2, 9, tzinfo=dt.timezone(dt.timedelta(hours=8)))
"""A moment in the stage that carries mass evaluation."""


def planned(world: World, at: str = "east", subjects: Sequence[str] = ("east_one",), **options: Any) -> EvaluationRound:
    """Set up a round held by the staff of `at`, running from an hour ago for a day, all raters in one class."""
    moment = clock.now()
    given: dict[str, Any] = {
        "actor": world.user("staff", at),
        "campaign": Campaign.objects.first() or world.campaign(),
        "organization": world.orgs[at],
        "name": "年度群众评议",
        "template": "organization",
        "scheme": "together",
        "subjects": [world.orgs[key] for key in subjects],
        "opens_at": moment - dt.timedelta(hours=1),
        "closes_at": moment + dt.timedelta(days=1),
        **options,
    }
    return round_create(**given)


def running(world: World, at: str = "east", subjects: Sequence[str] = ("east_one",), **options: Any) -> EvaluationRound:
    found = planned(world, at, subjects, **options)
    return round_open(evaluation_round=found, actor=world.user("staff", at))


def voters(evaluation_round: EvaluationRound) -> list[User]:
    """Return those who vote with an account."""
    papers = Paper.objects.filter(ballot=evaluation_round.ballot).order_by("voter_id")
    return [paper.voter for paper in papers.select_related("voter") if paper.voter]


def vote(evaluation_round: EvaluationRound, voter: User, choice: int = 0) -> None:
    paper = Paper.objects.select_related("ballot").get(ballot=evaluation_round.ballot, voter=voter)
    answers = {pk: [choice] * len(paper.sheet.items) for pk, _name in paper.sheet.subjects}
    vote_cast(paper=paper, voter=voter, answers=answers)
