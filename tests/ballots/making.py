"""Ballots to test with, made through the services."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from campaign.ballots.models import Ballot, Paper
from campaign.ballots.services import (
    ChoicePlan,
    ClassPlan,
    ItemPlan,
    PaperPlan,
    SubjectPlan,
    ballot_cast,
    ballot_create,
    ballot_open,
    papers_add,
    subjects_add,
)
from campaign.ballots.sheet import Answers
from campaign.common import clock
from campaign.models import Audience
from orgs.models import User
from tests.world import World

CHOICES = (
    ChoicePlan("满意", 100, True),
    ChoicePlan("比较满意", 80, True),
    ChoicePlan("基本满意", 60, True),
    ChoicePlan("不满意", 40, False),
)
CLASSES = (ClassPlan("A", "领导班子", 4000), ClassPlan("B", "党员", 3000), ClassPlan("C", "职工群众", 3000))
ALL_IN_ONE = (ClassPlan("all", "全体参评人员", 10_000),)
HOUR = dt.timedelta(hours=1)


def draft(
    world: World, subjects: Sequence[str] = ("east_one",), *, items: int = 5, classes: Any = ALL_IN_ONE, **options: Any
) -> Ballot:
    """Make a ballot on organizations of the world, without papers; it opened an hour ago and closes in another."""
    moment = clock.now()
    ballot = ballot_create(
        opens_at=options.pop("opens_at", moment - HOUR),
        closes_at=options.pop("closes_at", moment + HOUR),
        items=[ItemPlan(f"项目{place}") for place in range(1, items + 1)],
        choices=CHOICES,
        classes=classes,
        **{"k": 3, **options},
    )
    plans = [SubjectPlan(world.orgs[key].pk, world.orgs[key].name) for key in subjects]
    subjects_add(ballot=ballot, audience=Audience.ORGANIZATION, subjects=plans)
    return ballot


def entitle(ballot: Ballot, users: Sequence[User], key: str = "all") -> None:
    """Give each of `users` a paper for all subjects of the ballot."""
    subjects = tuple(ballot.subjects.order_by("pk").values_list("pk", flat=True))
    papers_add(ballot=ballot, papers=[PaperPlan(user.pk, key, subjects) for user in users])


def people(count: int, start: int = 0) -> list[User]:
    """Make accounts without a password: raters for a test of the engine alone."""
    return User.objects.bulk_create(
        User(username=f"rater-{place}", name=f"参评人{place}") for place in range(start, start + count)
    )


def opened(world: World, raters: Sequence[User], subjects: Sequence[str] = ("east_one",), **options: Any) -> Ballot:
    ballot = draft(world, subjects, **options)
    entitle(ballot, raters)
    return ballot_open(ballot=ballot)


def paper_of(ballot: Ballot, voter: User) -> Paper:
    return Paper.objects.select_related("ballot").get(ballot=ballot, voter=voter)


def filled(paper: Paper, *choices: int) -> Answers:
    """Answer every subject alike: `choices` for the items in turn, the last one for all that follow."""
    given = [choices[min(place, len(choices) - 1)] for place in range(len(paper.sheet.items))]
    return {pk: given for pk, _name in paper.sheet.subjects}


def vote(ballot: Ballot, voter: User, *choices: int) -> None:
    paper = paper_of(ballot, voter)
    ballot_cast(paper=paper, voter=voter, answers=filled(paper, *choices))
