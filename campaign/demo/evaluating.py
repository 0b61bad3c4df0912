"""The third link of the story: mass evaluations that are published, of last year and of this one, and one in which people vote
today."""

import datetime as dt
import random
from collections.abc import Container, Sequence
from dataclasses import asdict

from django.utils import timezone

from campaign.ballots.drafting import ballot_set
from campaign.ballots.models import Channel, Paper
from campaign.ballots.on_paper import Count
from campaign.ballots.selectors import entitled_on_paper
from campaign.ballots.services import PLAIN, BallotRules, paper_cast
from campaign.ballots.sheet import ABSTAIN, Sheet
from campaign.demo import texts
from campaign.demo.group import Group
from campaign.demo.logins import USERNAMES
from campaign.demo.story import Story, on
from campaign.models import Campaign
from orgs.models import Organization, User
from reviews.choosing import Choosing
from reviews.models import EvaluationRound
from reviews.selectors.channels import units_of
from reviews.services import round_close, round_create, round_open, round_publish, vote_cast
from reviews.services.channels import ballots_plan, paper_count_enter, slips_print
from reviews.services.setting_up import round_begin, round_subjects_set

MOODS = (0,) * 11 + (1,) * 5 + (2,) * 2 + (3, ABSTAIN)
"""The places of the choices, from satisfied to not satisfied, as often as people tend to take them."""
STRICTER = (0,) * 7 + (1,) * 8 + (2,) * 3 + (3, ABSTAIN)
"""A year ago they were less content."""
STAYS_AWAY = 0.12
WRITES = 0.5
REPRESENTATIVES = 12
"""So many workers of a unit take part."""
FIRST, OTHERS = 25, 5
"""So many branches the first company has evaluated, and each of the others."""


def tell_evaluation(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """Every company has its branches evaluated in June and published; the first one had it for the last year as well, and holds
    another round now."""
    first = group.companies[0]
    _last_year(group, campaign, story, first, group.branches_of(first)[:FIRST])
    for number, company in enumerate(group.companies):
        branches = group.branches_of(company)
        _held(group, campaign, story, chance, company, branches[: OTHERS if number else FIRST])
    _open(group, campaign, story, chance, first, group.branches_of(first)[:3])
    _prepared(group, campaign, story, first)


def _last_year(
    group: Group, campaign: Campaign, story: Story, company: Organization, branches: list[Organization]
) -> None:
    """Held in January, as offices do; this year's results are compared with it."""
    year, staff = story.begin.year - 1, group.staff[company.pk]
    opens, closes = story.day(1, 9), story.day(1, 16)
    name = f"{year}年度{company.display_name}所属党支部群众评议"
    held = _round(staff, campaign, company, branches, name, opens, closes)
    then = random.Random(year)  # noqa: S311 — the rest of the story does not hang on it
    _vote(held, opens + dt.timedelta(days=3), then, STAYS_AWAY, moods=STRICTER)
    with on(closes, hour=19):
        held = round_close(evaluation_round=held, actor=staff)
    with on(closes + dt.timedelta(days=4)):
        decision = f"{story.begin.year}年1月19日党委会研究决定，在参评单位范围内公布"
        round_publish(evaluation_round=held, actor=staff, decision=decision)


def _round(
    actor: User,
    campaign: Campaign,
    company: Organization,
    branches: list[Organization],
    name: str,
    opens: dt.date,
    closes: dt.date,
    *,
    workers: bool = False,
    rules: BallotRules = PLAIN,
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
        ballot_set(ballot=made.ballot, **asdict(rules))
        if workers:
            _give_workers_ballots(made, actor)
        return round_open(evaluation_round=made, actor=actor)


def _give_workers_ballots(evaluation_round: EvaluationRound, actor: User) -> None:
    """The workers of the last unit vote on paper, those of the others with slips; the first unit's are printed."""
    units = units_of(evaluation_round)
    for channel, chosen in ((Channel.SLIP, units[:-1]), (Channel.PAPER, units[-1:])):
        if chosen:
            numbers = {unit.organization.pk: REPRESENTATIVES for unit in chosen}
            key = evaluation_round.ballot.classes.get().key
            ballots_plan(evaluation_round=evaluation_round, actor=actor, channel=channel, key=key, numbers=numbers)
    first = evaluation_round.ballot.batches.filter(channel=Channel.SLIP).order_by("organization__path")[:1]
    if first:
        slips_print(evaluation_round=evaluation_round, batches=list(first), actor=actor)


def tell_count(evaluation_round: EvaluationRound, counters: Sequence[User]) -> None:
    """Each of `counters` enters what came out of the box: one of the ballots invalid, the others like those of accounts."""
    ballot = evaluation_round.ballot
    items, answers = ballot.items.count(), ballot.choices.count() + 1
    for (subject, rater_class), issued in sorted(entitled_on_paper(ballot).items()):
        valid = issued - 1
        satisfied = valid * 2 // 3
        of_item = (satisfied, valid - satisfied, *(0 for _answer in range(answers - 2)))
        count = Count(rater_class, issued, issued, 1, of_item * items)
        rated = ballot.subjects.get(pk=subject)
        for counter in counters:
            paper_count_enter(evaluation_round=evaluation_round, subject=rated, actor=counter, counts=[count])


def _moment(day: dt.date, hour: int) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))


def tell_last_votes(evaluation_round: EvaluationRound, day: dt.date, chance: random.Random) -> None:
    """Most of those vote who have not yet."""
    _vote(evaluation_round, day, chance, STAYS_AWAY)


def _vote(
    evaluation_round: EvaluationRound,
    day: dt.date,
    chance: random.Random,
    away: float,
    keep: Container[str] = (),
    moods: Sequence[int] = MOODS,
    all_content: Container[int] = (),
) -> None:
    """Let most vote who have not yet; about the subjects `all_content` (ids) everybody says the best."""
    papers = Paper.objects.filter(ballot=evaluation_round.ballot_id, marked=False)
    workers = random.Random(evaluation_round.pk)  # noqa: S311 — the rest of the story does not hang on them
    with on(day):
        for place, paper in enumerate(papers.select_related("voter", "ballot").order_by("pk")):
            luck = workers if paper.voter is None else chance
            if luck.random() < away or (paper.voter is not None and paper.voter.username in keep):
                continue
            sheet = paper.sheet
            answers = {
                pk: [0 if pk in all_content else luck.choice(moods) for _item in sheet.items]
                for pk, _name in sheet.subjects
            }
            remarks = _remarks(sheet, place, workers)
            if paper.voter is None:
                paper_cast(paper=paper, answers=answers, remarks=remarks)
            else:
                vote_cast(paper=paper, voter=paper.voter, answers=answers, remarks=remarks)


def _remarks(sheet: Sheet, place: int, luck: random.Random) -> dict[int, str]:
    """Some write; those who stand beside each other write different things."""
    if not sheet.asks_remarks:
        return {}
    said = texts.BALLOT_REMARKS[place % len(texts.BALLOT_REMARKS)]
    return {pk: said for pk, _name in sheet.subjects if luck.random() < WRITES}


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
    rules = BallotRules(asks_remarks=True)
    held = _round(staff, campaign, company, branches, name, story.day(6, 10), story.day(6, 20), rules=rules)
    content = held.ballot.subjects.order_by("-pk").values_list("pk", flat=True)[:1]  # such a result says little
    _vote(held, story.day(6, 15), chance, STAYS_AWAY, all_content=list(content))
    with on(story.day(6, 20), hour=19):
        held = round_close(evaluation_round=held, actor=staff)
    with on(story.day(6, 25)):
        decision = f"{year}年6月24日党委会研究决定，在参评单位范围内公布"
        round_publish(evaluation_round=held, actor=staff, decision=decision)


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
    staff = group.staff[company.pk]
    held = _round(staff, campaign, company, branches, name, opens, closes, workers=True)
    _vote(held, opens + dt.timedelta(days=1), chance, away=0.55, keep=USERNAMES.values())
    with on(story.today, hour=10):
        tell_count(held, [staff])


def _prepared(group: Group, campaign: Campaign, story: Story, company: Organization) -> None:
    """The secretaries' annual reports: set up, not opened yet."""
    opens = story.today + dt.timedelta(days=20)
    with on(story.today - dt.timedelta(days=1), hour=15):
        made = round_begin(
            actor=group.staff[company.pk],
            campaign=campaign,
            organization=company,
            name=f"{story.begin.year}年度{company.display_name}所属党支部书记述职评议",
            template="secretary_appraisal",
            scheme="together",
            opens_at=_moment(opens, 8),
            closes_at=_moment(opens + dt.timedelta(days=3), 18),
        )
        choosing = Choosing(posts=("secretary",))
        round_subjects_set(
            evaluation_round=made, actor=group.staff[company.pk], version=made.version, choosing=choosing
        )
