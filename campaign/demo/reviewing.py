"""The second link of the story: leaders review the branches, secretaries their members, every half-year."""

import datetime as dt
import random

from campaign.demo import texts
from campaign.demo.group import Group, writes_one_by_one
from campaign.demo.story import Story, on
from campaign.models import Campaign
from orgs.models import Member, Organization, User
from reviews.models import ReviewMode
from reviews.services import leader_review_create, leader_review_submit

MODES = (ReviewMode.ONSITE,) * 3 + (ReviewMode.ASSEMBLED, ReviewMode.INDIVIDUAL, ReviewMode.RANDOM)


def tell_reviews(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """Twice a year the leaders visit nine branches in ten, and three secretaries in four review their members."""
    for month in (6, 10):
        if story.day(month, 28) < story.today:
            _half_year(group, campaign, story, month, chance)


def _half_year(group: Group, campaign: Campaign, story: Story, month: int, chance: random.Random) -> None:
    for company in group.companies:
        _review(group.leaders[group.root.pk], company, campaign, story.day(month, chance.randint(2, 27)), chance)
    for number, branch in enumerate(group.branches):
        if number % 10 == 9:
            continue  # one branch in ten is a dead corner that coverage must show
        leader = group.leaders[group.company_of(branch).pk]
        if leader.member is None or leader.member.organization_id != branch.pk:  # nobody reviews the own branch
            _review(leader, branch, campaign, story.day(month, chance.randint(2, 27)), chance)
        if number % 4 != 3 and writes_one_by_one(group, number):
            for member in group.roll(branch)[1:]:
                _review(group.secretaries[branch.pk], member, campaign, story.day(month, chance.randint(2, 27)), chance)


def _review(
    leader: User, subject: Organization | Member, campaign: Campaign, day: dt.date, chance: random.Random
) -> None:
    with on(day, hour=15):
        review = leader_review_create(
            actor=leader,
            campaign=campaign,
            subject=subject,
            mode=chance.choice(MODES),
            held_on=day,
            achievements=chance.choice(texts.ACHIEVEMENTS),
            problems=chance.choice(texts.PROBLEMS),
            direction=chance.choice(texts.DIRECTIONS),
        )
        leader_review_submit(review=review, actor=leader)
