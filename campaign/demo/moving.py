"""What became of members: branches with their dates, transfers, probation, positions above; and the workers who are none."""

import datetime as dt
import random
from itertools import islice

from django.db.models import F, OuterRef, Subquery

from campaign.demo.group import Group
from campaign.demo.people import people
from campaign.demo.story import Story, on
from campaign.models import Campaign
from orgs.models import Enrolment, Member, MembershipKind, Organization, PartyPost, Position, Transfer
from orgs.services import member_update
from orgs.services.positions import position_begin
from orgs.services.probation import probation_extend
from orgs.services.transfers import transfer_accept, transfer_request, transfer_step
from orgs.services.workers import head_count_set, worker_create

LISTS = 3
"""So many branches keep a list of their workers; the others of the first company give a head count."""
WORKERS = 14
TEAMS = ("甲班", "乙班", "丙班", "检修班")


def tell_members(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """The last weeks: what waits on the desks of the first branches."""
    _dates()
    _positions(group, story)
    _probations(group, story)
    _transfers(group, story)
    _workers(group, story, chance)


def _dates() -> None:
    """Everybody is in the branch since joining the party, and leads it since the last election."""
    joined = Member.objects.filter(pk=OuterRef("member_id")).order_by().values("joined_on")[:1]
    Enrolment.objects.filter(starts_on=None).update(starts_on=Subquery(joined))
    elected = Organization.objects.filter(pk=OuterRef("organization_id")).order_by().values("term_started_on")[:1]
    Position.objects.filter(starts_on=None).update(starts_on=Subquery(elected))
    # Who joined after the election holds the position since then.
    late = Position.objects.filter(starts_on__lt=F("member__joined_on"))
    begun = Member.objects.filter(pk=OuterRef("member_id")).order_by().values("joined_on")[:1]
    Position.objects.filter(pk__in=list(late.values_list("pk", flat=True))).update(starts_on=Subquery(begun))


def _positions(group: Group, story: Story) -> None:
    """The committees above the branches: their secretaries, and a member from a branch of the first company."""
    company, first = group.companies[0], group.branches[0]
    held = [
        (place, leader, PartyPost.SECRETARY)
        for place in (group.root, *group.companies)
        if (leader := group.leaders[place.pk].member) is not None
    ]
    held.append((company, group.roll(first)[0], PartyPost.COMMITTEE_MEMBER))
    with on(story.today, 8):
        for place, member, post in held:
            since = place.term_started_on or story.begin
            position_begin(actor=None, member=member, organization=place, post=post, starts_on=since)


def _probations(group: Group, story: Story) -> None:
    """One was extended, one ends within a month, one is over; as far as the first branch has so many members."""
    branch, secretary = group.branches[0], group.secretaries[group.branches[0].pk]
    for member, ago in zip(group.roll(branch)[6:-2], (500, 350, 380), strict=False):
        with on(story.today, 8):
            member_update(
                actor=secretary,
                member=member,
                version=member.version,
                kind=MembershipKind.PROBATIONARY,
                full_member_on=None,
                joined_on=story.today - dt.timedelta(days=ago),
            )
        if ago == 500:
            with on(story.today - dt.timedelta(days=140)):
                reason = "业务培训尚未完成，支部大会决定继续考察"
                probation_extend(actor=secretary, member=member, version=member.version, months=6, reason=reason)


def _transfers(group: Group, story: Story) -> None:
    """One waits for the first branch's release, one for its acceptance, one is done, one was refused."""
    first, second, third = group.branches[:3]
    secretaries = group.secretaries
    # As it was before anybody moved.
    rolls = {branch.pk: group.roll(branch) for branch in (first, second, third)}

    def ask(source: Organization, target: Organization, place: int, ago: int, reason: str) -> Transfer:
        with on(story.today - dt.timedelta(days=ago)):
            member = Member.objects.select_related("organization").get(pk=rolls[source.pk][place].pk)
            return transfer_request(actor=secretaries[source.pk], member=member, target=target, reason=reason)

    ask(first, second, -1, 4, "岗位调整，调往新班组工作")
    released = ask(second, first, -1, 6, "工作调动")
    with on(story.today - dt.timedelta(days=5)):
        transfer_step(transfer=released, step="transfer_release", actor=secretaries[second.pk])
    done = ask(third, first, -1, 30, "工作调动")
    with on(story.today - dt.timedelta(days=28)):
        transfer_step(transfer=done, step="transfer_release", actor=secretaries[third.pk])
    with on(story.today - dt.timedelta(days=27)):
        transfer_accept(transfer=done, actor=secretaries[first.pk], cell="第一党小组")
    refused = ask(first, third, -2, 20, "本人申请")
    with on(story.today - dt.timedelta(days=19)):
        reason = "检修任务期间人员紧张，年底再议"
        transfer_step(transfer=refused, step="transfer_keep", actor=secretaries[first.pk], reason=reason)


def _workers(group: Group, story: Story, chance: random.Random) -> None:
    company = group.companies[0]
    own = [branch for branch in group.branches if branch.path.startswith(company.path)]
    supply = people(chance, story.begin)
    with on(story.begin):
        for branch in own[:LISTS]:
            for number, person in enumerate(islice(supply, WORKERS), start=1):
                worker_create(
                    actor=group.secretaries[branch.pk],
                    organization=branch,
                    name=person.name,
                    personnel_no=f"ZG{number:04d}",
                    team=TEAMS[number % len(TEAMS)],
                    job=person.job,
                    is_representative=number % 5 == 0,
                )
        for branch in own[LISTS:]:
            count = chance.randint(40, 120)
            head_count_set(
                actor=group.secretaries[branch.pk], organization=branch, workers=count, counted_on=story.begin
            )
