"""Random people and records in the small world, for tests that compare figures with what lies behind them."""

import datetime as dt
import random
from typing import Any

from awards.models import Honour, Nomination
from campaign.ballots.models import Channel, Subject
from campaign.ballots.on_paper import Count, paper_count_enter
from campaign.ballots.selectors import entitled_on_paper
from campaign.common import clock
from campaign.models import Audience, Campaign, Period
from campaign.scoring.models import EntryKind
from campaign.scoring.services import entry_add, entry_confirm, sheet_save
from orgs.models import HeadCount, Member, MembershipKind, MembershipStatus, Organization, PartyPost, Position, Sex
from pledges.models import CommentKind, CommentState, Pledge, PledgeComment
from pledges.services.summarizing import summaries_refresh
from reviews.models import EvaluationRound, LeaderReview, ReviewMode
from reviews.models.leader import ReviewState
from reviews.selectors.channels import units_of
from reviews.selectors.leader import review_period
from reviews.services import appraisal_ballot
from reviews.services.channels import ballots_plan
from reviews.services.rounds import round_close, round_open, round_publish
from tests.awards.case import NOON, nominated, opened
from tests.pledges.test_metrics import scatter
from tests.reviews.appraisals import branch_of, confirmed, held
from tests.reviews.rounds import planned, running, vote, voters
from tests.scoring.conftest import Measured
from tests.scoring.sheets import BRANCHES, COMMITTEES, run
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
        held = {"member": member, "organization": place, "post": chance.choice(PartyPost.values)}
        if not Position.objects.filter(**held).exists():
            Position.objects.create(**held, ends_on=ended)
    for place in world.orgs.values():
        ends = chance.choice(
            (None, today - dt.timedelta(days=chance.randrange(1, 200)), today + dt.timedelta(days=500))
        )
        Organization.objects.filter(pk=place.pk).update(term_ends_on=ends)
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


def scatter_comments(world: World, campaign: Campaign, seed: int) -> None:
    """Let readers of the board say things about pledges: some still wait, some are answered after days."""
    chance = random.Random(seed)
    now = clock.now()
    for pledge in Pledge.objects.filter(campaign=campaign).order_by("pk"):
        for _number in range(chance.randrange(3)):
            state = chance.choice(CommentState.values)
            said = now - dt.timedelta(hours=chance.randrange(24, 2000))
            answered = state == CommentState.SHOWN and chance.random() < 0.6
            PledgeComment.objects.create(
                pledge=pledge, kind=chance.choice(CommentKind.values), text="请说明", by_name="甲", state=state, created_at=said,
                answer="已说明" if answered else "",
                answered_at=said + dt.timedelta(hours=chance.randrange(1, 300)) if answered else None,
            )  # fmt: skip


def scatter_rounds(world: World, seed: int) -> None:
    """Hold and publish evaluations by three classes of organizations and of members, some of it on paper, some with too few."""
    chance = random.Random(seed)
    _sealed(world, _by_class(world, chance), chance)
    _sealed(world, running(world, subjects=("east_two",), template="member", name="党员评议"), chance, absent="member3")
    _sealed(world, running(world, subjects=("east_one", "east_two"), name="党支部评议"), chance, absent="east-one")
    _sealed(world, _on_paper(world), chance)


def _by_class(world: World, chance: random.Random) -> EvaluationRound:
    """Branches whose leaders and members vote apart; in some of them too few lead."""
    for key, leaders in (("east_one", chance.randrange(1, 4)), ("east_two", 5)):
        for member in world.members[key][:leaders]:
            Member.objects.filter(pk=member.pk).update(party_post=PartyPost.COMMITTEE_MEMBER)
    return running(
        world,
        at="root",
        subjects=("east_one", "east_two", "west_one"),
        scheme="abc",
        leave_out_empty=True,
        name="年终评议",
    )


def _on_paper(world: World) -> EvaluationRound:
    HeadCount.objects.get_or_create(organization=world.orgs["west_one"], defaults={"workers": 12})
    paper = planned(world, at="west", subjects=("west_one",), name="职工评议")
    numbers = {unit.organization.pk: unit.workers for unit in units_of(paper)}
    staff = world.user("staff", "west")
    ballots_plan(evaluation_round=paper, actor=staff, channel=Channel.PAPER, key="all", numbers=numbers)
    return round_open(evaluation_round=paper, actor=staff)


def _sealed(world: World, found: EvaluationRound, chance: random.Random, absent: str = "nobody") -> None:
    for voter in voters(found):
        if absent not in voter.username:
            vote(found, voter, chance.randrange(4))
    for cell, people in entitled_on_paper(found.ballot).items():
        _counted(world, found, cell, people, chance)
    at = next(key for key, organization in world.orgs.items() if organization.pk == found.organization_id)
    staff = world.user("staff", at)
    round_close(evaluation_round=found, actor=staff, reason="投完")
    found = EvaluationRound.objects.select_related("ballot").get(pk=found.pk)
    round_publish(evaluation_round=found, actor=staff, leave_out=True)


def _counted(world: World, found: EvaluationRound, cell: tuple[int, int], people: int, chance: random.Random) -> None:
    """Two people count the ballots on paper: one was not given out, one did not come back, one is invalid."""
    answers: list[int] = []
    for _item in range(found.ballot.items.count()):
        pleased = chance.randrange(people - 2)
        answers += [pleased, people - 3 - pleased, 0, 0, 0]
    count = Count(cell[1], people - 1, people - 2, 1, tuple(answers))
    for counter in (world.user("staff", "west"), world.user("office", "root")):
        subject = Subject.objects.get(pk=cell[0])
        paper_count_enter(ballot=found.ballot, subject=subject, counter=counter, count=count)


def scatter_appraisal(world: World, seed: int) -> None:
    """Appraise the members of the east: one branch is confirmed, the other has voted only."""
    chance = random.Random(seed)
    Member.objects.filter(pk=world.members["east_one"][5].pk).update(kind=MembershipKind.PROBATIONARY)
    found = held(world)
    staff = world.user("staff", "east")
    ballot = round_open(evaluation_round=appraisal_ballot(actor=staff, appraisal=found), actor=staff)
    _sealed(world, ballot, chance)
    confirmed(world, branch_of(found, world.orgs["east_one"]))


def scatter_awards(world: World, campaign: Campaign, seed: int) -> None:
    """Nominate members and organizations, and honour some of them."""
    chance = random.Random(seed)
    with clock.at(NOON):
        batch = opened(world, campaign)
        for at in ("east_one", "east_two", "west_one"):
            for member in chance.sample(world.members[at], chance.randrange(1, 4)):
                nominated(world, batch, member, by=f"secretary@{at}")
            if at != "west_one" or chance.random() < 0.5:
                nominated(world, batch, world.orgs[at], by=f"secretary@{at}", kind="advanced_organization")
    days = (dt.date(2026, 8, 1), dt.date(2026, 10, 1), dt.date(2026, 3, 1))
    for number, each in enumerate(Nomination.objects.filter(batch=batch).order_by("audience", "pk")):
        first = number in (0, Nomination.objects.filter(audience=Audience.MEMBER).count())
        if first or chance.random() < 0.6:
            Honour.objects.create(
                batch=batch, nomination=each, audience=each.audience, member=each.member, organization=each.organization,
                title=each.category.name, name=each.nominee_name, organization_name=each.organization.name,
                number=f"{number:04}", decided_on=days[0] if first else chance.choice(days),
            )  # fmt: skip


def scatter_scores(world: World, campaign: Campaign, measured: Measured, seed: int) -> None:
    """Score both half-years by random figures, with bonus, deductions and a veto in the second."""
    chance = random.Random(seed)
    for definition in (BRANCHES, COMMITTEES):
        sheet_save(campaign=campaign, definition=definition, actor=None)
    places = list(world.orgs.values())
    for code in ("2026H1", "2026H2"):
        for place in places:
            for number in range(4):
                whole = chance.randrange(6)
                measured.set(f"test.m{number}", place, chance.randrange(whole + 1), whole)
        period = campaign.periods.get(code=code)
        if code == "2026H2":
            _entries(world, period, chance)
        run(period, world.orgs["root"])


def _entries(world: World, period: Period, chance: random.Random) -> None:
    kinds = (EntryKind.BONUS, EntryKind.BONUS, EntryKind.DEDUCTION, EntryKind.VETO)
    for number, place in enumerate(chance.sample(list(world.orgs.values()), 5)):
        kind = kinds[number] if number < len(kinds) else chance.choice(kinds)
        points = {} if kind == EntryKind.VETO else {"points": chance.randrange(50, 8_00, 50)}
        entry = entry_add(
            actor=world.user("staff", "root"), campaign=period.campaign, subject=place, happened_on=period.starts_on,
            basis="文号", reason="事由", kind=kind, **({"work": f"第{number}项"} if kind == EntryKind.BONUS else {}), **points,
        )  # fmt: skip
        entry_confirm(entry=entry, actor=world.user("office", "root"))


def scatter_all(world: World, campaign: Campaign, measured: Measured, seed: int) -> Period:
    """Fill the world with records of everything that forms speak of; returns the half-year they lie in."""
    scatter_scores(world, campaign, measured, seed)
    scatter_awards(world, campaign, seed)
    scatter_rounds(world, seed)
    scatter_appraisal(world, seed)
    scatter(world, campaign, seed)
    scatter_comments(world, campaign, seed)
    scatter_people(world, seed)
    period = scatter_reviews(world, campaign, seed)
    summaries_refresh()
    return period
