"""The third link of the story: a mass evaluation that is published, and one in which people vote today."""

import datetime as dt
import random
from collections.abc import Container

from django.utils import timezone

from campaign.ballots.models import Paper
from campaign.ballots.sheet import ABSTAIN
from campaign.demo.group import Group
from campaign.demo.logins import USERNAMES
from campaign.demo.story import Story, on
from campaign.models import Campaign
from orgs.models import Organization, User
from reviews.models import EvaluationRound
from reviews.services import round_close, round_create, round_open, round_publish, vote_cast

MOODS = (0,) * 11 + (1,) * 5 + (2,) * 2 + (3, ABSTAIN)
"""The places of the choices, from satisfied to not satisfied, as often as people tend to take them."""
STAYS_AWAY = 0.12
FIRST, OTHERS = 25, 5
"""So many branches the first company has evaluated, and each of the others."""


def tell_evaluation(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """Every company has its branches evaluated in June and published; the first one holds another round now."""
    for number, company in enumerate(group.companies):
        branches = group.branches_of(company)
        _held(group, campaign, story, chance, company, branches[: OTHERS if number else FIRST])
    company = group.companies[0]
    branches = group.branches_of(company)[:3]
    _open(group, campaign, story, chance, company, branches)


def _round(
    actor: User,
    campaign: Campaign,
    company: Organization,
    branches: list[Organization],
    name: str,
    opens: dt.date,
    closes: dt.date,
) -> EvaluationRound:
    with on(opens - dt.timedelta(days=2)):
        made = round_create(
            actor=actor,
            campaign=campaign,
            organization=company,
            name=name,
            template="organization",
            scheme="together",
            subjects=branches,
            opens_at=_moment(opens, 8),
            closes_at=_moment(closes, 18),
        )
        return round_open(evaluation_round=made, actor=actor)


def _moment(day: dt.date, hour: int) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))


def tell_last_votes(evaluation_round: EvaluationRound, day: dt.date, chance: random.Random) -> None:
    """Most of those vote who have not yet."""
    _vote(evaluation_round, day, chance, STAYS_AWAY)


def _vote(
    evaluation_round: EvaluationRound, day: dt.date, chance: random.Random, away: float, keep: Container[str] = ()
) -> None:
    papers = Paper.objects.filter(ballot=evaluation_round.ballot_id, marked=False)
    with on(day):
        for paper in list(papers.select_related("voter", "ballot").order_by("pk")):
            if chance.random() < away or paper.voter is None or paper.voter.username in keep:
                continue
            sheet = paper.sheet
            answers = {pk: [chance.choice(MOODS) for _item in sheet.items] for pk, _name in sheet.subjects}
            vote_cast(paper=paper, voter=paper.voter, answers=answers)


def _held(
    group: Group,
    campaign: Campaign,
    story: Story,
    chance: random.Random,
    company: Organization,
    branches: list[Organization],
) -> None:
    staff, year = group.staff[company.pk], story.begin.year
    name = f"{year}年上半年{company.display_name}所属党支部群众评议"
    held = _round(staff, campaign, company, branches, name, story.day(6, 10), story.day(6, 20))
    _vote(held, story.day(6, 15), chance, STAYS_AWAY)
    with on(story.day(6, 20), hour=19):
        held = round_close(evaluation_round=held, actor=staff)
    with on(story.day(6, 25)):
        round_publish(evaluation_round=held, actor=staff)


def _open(
    group: Group,
    campaign: Campaign,
    story: Story,
    chance: random.Random,
    company: Organization,
    branches: list[Organization],
) -> None:
    opens, closes = story.today - dt.timedelta(days=2), story.today + dt.timedelta(days=12)
    name = f"{story.begin.year}年度{company.display_name}所属党支部群众评议"
    held = _round(group.staff[company.pk], campaign, company, branches, name, opens, closes)
    _vote(held, opens + dt.timedelta(days=1), chance, away=0.55, keep=USERNAMES.values())
