"""The yearly appraisal of members in the first company: last year's is over, this year's stands at every stage."""

import datetime as dt
import random
from collections.abc import Sequence

from campaign.ballots.models import Paper
from campaign.demo import texts
from campaign.demo.group import Group
from campaign.demo.story import Story, on
from campaign.models import Campaign
from orgs.models import Organization, User
from reviews.models import AppraisalGrade, AppraisedMember, BranchAppraisal, MemberAppraisal
from reviews.services import (
    appraisal_ballot,
    appraisal_create,
    appraisal_step,
    branch_decide,
    branch_step,
    follow_up_step,
    opinion_give,
    peer_remarks_save,
    round_close,
    round_open,
    round_publish,
    self_appraisal_hand_in,
    vote_cast,
)
from reviews.services.appraisal_branch import Decision

BRANCHES, BEGUN = 8, 1
"""So many branches of the company take part; this year the first is only beginning."""
VOTES = (0,) * 6 + (1,) * 11 + (2,) * 3
"""The places of the grades, from excellent to basically qualified, as often as people tend to give them."""
STAYS_AWAY = 0.1


def tell_appraisals(group: Group, campaign: Campaign, story: Story, _chance: random.Random) -> None:
    """With a chance of its own: the rest of the story stays as it was."""
    chance = random.Random(story.begin.year)  # noqa: S311 — a story, not a secret
    company = group.companies[0]
    branches = group.branches_of(company)[:BRANCHES]
    staff = group.staff[company.pk]
    _last_year(group, campaign, story, chance, staff, branches)
    _this_year(group, campaign, story, chance, staff, branches[BEGUN:])
    _begun(group, campaign, story, chance, staff, branches[:BEGUN])


def _set_up(
    staff: User, campaign: Campaign, branches: Sequence[Organization], *, year: int, name: str, begins: dt.date
) -> MemberAppraisal:
    def after(days: int) -> dt.date:
        return begins + dt.timedelta(days=days)

    with on(begins):
        return appraisal_create(
            actor=staff,
            campaign=campaign,
            organization=Organization.objects.get(path=branches[0].path[: -Organization.steplen]),
            year=year,
            name=name,
            self_until=after(9),
            votes_from=after(10),
            votes_until=after(16),
            decide_until=after(30),
            branches=branches,
        )


def _write(appraisal: MemberAppraisal, day: dt.date, chance: random.Random, *, share: float) -> None:
    """So large a share of the members write about their year, the demo's own logins only when all do."""
    entries = AppraisedMember.objects.filter(branch__appraisal=appraisal).order_by("pk")
    with on(day):
        for entry in entries.select_related("branch__appraisal", "organization", "member__user"):
            named = entry.member.user.username in ("member", "secretary")
            if share < 1 and (named or chance.random() >= share):
                continue
            grade = chance.choice((AppraisalGrade.EXCELLENT, AppraisalGrade.QUALIFIED, AppraisalGrade.QUALIFIED))
            self_appraisal_hand_in(
                actor=entry.member.user,
                appraised=entry,
                version=entry.version,
                text=chance.choice(texts.SELF_APPRAISALS),
                grade=grade,
            )


def _vote(staff: User, appraisal: MemberAppraisal, begins: dt.date, chance: random.Random) -> None:
    """The ballot, from its set-up to its published result."""
    opened = begins + dt.timedelta(days=10)
    with on(opened, hour=8):
        ballot = round_open(evaluation_round=appraisal_ballot(actor=staff, appraisal=appraisal), actor=staff)
    papers = Paper.objects.filter(ballot=ballot.ballot_id).select_related("voter", "ballot").order_by("pk")
    with on(opened + dt.timedelta(days=2)):
        for paper in list(papers):
            if chance.random() >= STAYS_AWAY:
                answers = {pk: [chance.choice(VOTES)] for pk, _name in paper.sheet.subjects}
                vote_cast(paper=paper, voter=paper.voter, answers=answers)
    with on(opened + dt.timedelta(days=6), hour=18):
        ballot = round_close(evaluation_round=ballot, actor=staff, reason=texts.ALL_VOTED)
        round_publish(evaluation_round=ballot, actor=staff)


def _decide(
    group: Group, appraisal: MemberAppraisal, organization: Organization, day: dt.date, *, weak: bool = False
) -> BranchAppraisal:
    """A quarter of the branch is excellent; with `weak` the last one is only basically qualified."""
    branch = _branch(appraisal, organization)
    roll = list(branch.members.gradable().select_related("member").order_by("member__pinyin", "pk"))
    best = len(roll) // 4
    decisions = [
        Decision(each.pk, AppraisalGrade.EXCELLENT if place < best else AppraisalGrade.QUALIFIED)
        for place, each in enumerate(roll)
    ]
    if weak:
        due_on = day + dt.timedelta(days=60)
        last = max(place for place, each in enumerate(roll) if not each.member.is_secretary)  # nobody settles their own
        decisions[last] = Decision(roll[last].pk, AppraisalGrade.BASIC, texts.WEAK_POINT, "rectify", due_on)
    actor = group.secretaries[organization.pk]
    with on(day):
        return branch_decide(actor=actor, branch=branch, version=branch.version, decisions=decisions, met_on=day)


def _branch(appraisal: MemberAppraisal, organization: Organization) -> BranchAppraisal:
    found = BranchAppraisal.objects.select_related("appraisal__round", "organization")
    return found.get(appraisal=appraisal, organization=organization)


def _last_year(
    group: Group,
    campaign: Campaign,
    story: Story,
    chance: random.Random,
    staff: User,
    branches: Sequence[Organization],
) -> None:
    """Begun in January, as offices do, and closed when what followed was settled."""
    year, begins = story.begin.year - 1, story.day(1, 8)
    appraisal = _set_up(staff, campaign, branches, year=year, name=f"{year}年度民主评议党员", begins=begins)
    _write(appraisal, begins + dt.timedelta(days=3), chance, share=1)
    _vote(staff, appraisal, begins, chance)
    for number, organization in enumerate(branches):
        day = begins + dt.timedelta(days=20)
        branch = _decide(group, appraisal, organization, day, weak=number == 1)
        with on(day, hour=15):
            branch_step(actor=group.secretaries[organization.pk], branch=branch, step="branch_submit")
        with on(day + dt.timedelta(days=3)):
            branch_step(actor=staff, branch=branch, step="branch_confirm")
    with on(story.day(2, 20)):
        _say(appraisal)
    with on(story.day(4, 10)):
        for entry in AppraisedMember.objects.filter(branch__appraisal=appraisal, follow_up="open").order_by("pk"):
            actor = group.secretaries[entry.organization_id]
            follow_up_step(actor=actor, appraised=entry, step="follow_up_done", reason=texts.SETTLED)
        appraisal_step(actor=staff, appraisal=appraisal, step="appraisal_close")


def _say(appraisal: MemberAppraisal) -> None:
    """Every other member agrees with the result."""
    entries = AppraisedMember.objects.filter(branch__appraisal=appraisal).exclude(grade="").order_by("pk")
    for entry in entries.select_related("branch__appraisal", "organization", "member__user")[::2]:
        opinion_give(actor=entry.member.user, appraised=entry, version=entry.version, opinion="同意评定等次。")


def _this_year(
    group: Group,
    campaign: Campaign,
    story: Story,
    chance: random.Random,
    staff: User,
    branches: Sequence[Organization],
) -> None:
    """The ballot is over: one branch is confirmed, one waits, one came back, the others have still to decide."""
    year, begins = story.begin.year, story.today - dt.timedelta(days=30)
    name = f"{year}年度民主评议党员（第一批）"
    appraisal = _set_up(staff, campaign, branches, year=year, name=name, begins=begins)
    _write(appraisal, begins + dt.timedelta(days=3), chance, share=0.9)
    _vote(staff, appraisal, begins, chance)
    for number, organization in enumerate(branches[:3]):
        day = story.today - dt.timedelta(days=8)
        branch = _decide(group, appraisal, organization, day, weak=number == 0)
        with on(day, hour=15):
            branch_step(actor=group.secretaries[organization.pk], branch=branch, step="branch_submit")
        step = ("branch_confirm", "", "branch_return")[number]
        if step:
            with on(story.today - dt.timedelta(days=4)):
                branch_step(actor=staff, branch=branch, step=step, reason=texts.RETURNED)


def _begun(
    group: Group,
    campaign: Campaign,
    story: Story,
    chance: random.Random,
    staff: User,
    branches: Sequence[Organization],
) -> None:
    """Half have written, and the first of each branch has said something of the next."""
    year, begins = story.begin.year, story.today - dt.timedelta(days=3)
    name = f"{year}年度民主评议党员（第二批）"
    appraisal = _set_up(staff, campaign, branches, year=year, name=name, begins=begins)
    _write(appraisal, story.today - dt.timedelta(days=1), chance, share=0.5)
    with on(story.today - dt.timedelta(days=1), hour=16):
        for organization in branches:
            entries = AppraisedMember.objects.filter(branch__appraisal=appraisal, organization=organization)
            roll = list(entries.select_related("branch__appraisal", "organization", "member__user").order_by("pk"))
            said = {each.pk: chance.choice(texts.REMARKS) for each in roll[:6] if each != roll[1]}
            peer_remarks_save(actor=roll[1].member.user, entry=roll[1], remarks=said)
