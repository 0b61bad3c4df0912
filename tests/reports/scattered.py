"""Random people and records in the small world, for tests that compare figures with what lies behind them."""

import datetime as dt
import random
from typing import Any

from campaign.common import clock
from campaign.models import Audience, Campaign, Period
from orgs.models import Member, MembershipKind, MembershipStatus, Organization, PartyPost, Position, Sex
from reviews.models import LeaderReview, ReviewMode
from reviews.models.leader import ReviewState
from reviews.selectors.leader import review_period
from tests.world import World

EDUCATIONS = ("", "高中", "中等专科", "大专", "大学本科", "硕士研究生")


def scatter_people(world: World, seed: int) -> None:
    """Give every member some of what forms count, and some a post in a committee above."""
    chance = random.Random(seed)
    today = clock.today()
    everybody = list(Member.objects.order_by("pk"))
    for member in everybody:
        member.sex = chance.choice(Sex.values)
        member.kind = chance.choice((MembershipKind.FULL, MembershipKind.FULL, MembershipKind.PROBATIONARY))
        member.status = chance.choice((MembershipStatus.NORMAL, MembershipStatus.NORMAL, *MembershipStatus.values))
        member.ethnicity = chance.choice(("汉族", "汉", "", "回族", "满族"))
        member.education = chance.choice(EDUCATIONS)
        age = chance.choice((None, 34, 35, 36, 60))
        member.birth_date = None if age is None else today.replace(year=today.year - age, day=15)
        member.is_frontline = chance.random() < 0.5
        member.is_exempt = chance.random() < 0.2
        member.cell = chance.choice(("", "第一党小组", "第二党小组"))
        member.party_post = chance.choice(("", "", *PartyPost.values))
    Member.objects.bulk_update(
        everybody,
        (
            "sex",
            "kind",
            "status",
            "ethnicity",
            "education",
            "birth_date",
            "is_frontline",
            "is_exempt",
            "cell",
            "party_post",
        ),
    )
    above = [world.orgs[key] for key in ("root", "east", "west")]
    for member in chance.sample(everybody, 6):
        ended = chance.choice((None, today))
        place = chance.choice((member.organization, *above))
        Position.objects.create(member=member, organization=place, post=chance.choice(PartyPost.values), ends_on=ended)
    closed = chance.choice(list(world.orgs))
    if closed not in ("root", "east"):
        Organization.objects.filter(pk=world.orgs[closed].pk).update(is_active=False)
    if chance.random() < 0.3:
        Organization.objects.filter(pk=world.orgs["west_two"].pk).update(type="cell")


def scatter_reviews(world: World, campaign: Campaign, seed: int) -> Period:
    """Let leaders review organizations and members, some in another half-year, some only in draft; returns the half-year."""
    chance = random.Random(seed)
    period = review_period(campaign)
    assert period is not None
    before = period.starts_on - dt.timedelta(days=3)
    leaders = [world.users[f"leader@{at}"] for at in ("root", "east", "west")]
    subjects: list[Any] = [*world.orgs.values(), *Member.objects.all()]
    for subject in chance.choices(subjects, k=30):
        member = subject if isinstance(subject, Member) else None
        reviewer = chance.choice(leaders)
        state = chance.choice((ReviewState.SUBMITTED, ReviewState.SUBMITTED, ReviewState.DRAFT))
        place = member.organization if member else subject
        about = {"member": member} if member else {"organization": place, "audience": Audience.ORGANIZATION}
        if LeaderReview.objects.filter(reviewer=reviewer, state=ReviewState.DRAFT, **about).exists():
            state = ReviewState.SUBMITTED
        LeaderReview.objects.create(
            campaign=campaign, period=period, organization=place, member=member,
            audience=Audience.MEMBER if member else Audience.ORGANIZATION, reviewer=reviewer, reviewer_name=reviewer.name,
            reviewing_organization=world.orgs["root"], mode=chance.choice(ReviewMode.values), state=state,
            held_on=chance.choice((period.starts_on, clock.today(), before)), achievements="成绩", problems="问题",
            direction="方向", submitted_at=clock.now() if state == ReviewState.SUBMITTED else None,
        )  # fmt: skip
    return period
