"""How the pledges of the story are watched over: checks, changes, explanations, what each quarter makes public, self and
mutual appraisals."""

import datetime as dt
import random
from itertools import islice

from campaign.demo.group import Group
from campaign.demo.story import Story, on
from campaign.models import Campaign
from orgs.models import Organization, User
from pledges.models import AppraisalKind, ItemResult, Pledge, PledgeItem, PledgeState
from pledges.services import (
    Judgement,
    adjustment_approve,
    adjustment_refuse,
    adjustment_request,
    bulletin_publish,
    check_add,
    check_answer,
    item_explain,
    items_appraise,
)
from pledges.services.summarizing import summaries_refresh

RUNNING = (PledgeState.PUBLISHED, PledgeState.IN_PROGRESS)
FOUND = (
    ("查看了设备点检台账，进展与承诺一致，记录完整。", ""),
    ("现场抽查两个班次，台账缺三月份记录。", "补齐三月份台账，并说明原因。"),
    ("与班组职工座谈，反映带教次数不足。", "重新安排带教计划，报支部备案。"),
)
ANSWERS = ("已补齐台账，今后由班长每周核对一次。", "已重新排定计划，本月起每周两次。")
WHY = ("设备到货推迟，原定检修窗口后移。", "生产计划调整，停机检修改在四季度。")
EXPLAINED = "因矿区停产检修，工作后延，已重新排定计划，年底前完成。"


def tell_supervision(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """In spring companies look at the branches' pledges, in summer some items are changed, every quarter is made public."""
    _checks(group, campaign, story, chance)
    _opinions_of_colleagues(group, campaign, story, chance)
    _changes(group, campaign, story, chance)
    _explanations(group, campaign, story)
    _bulletins(group, campaign, story)
    summaries_refresh()


def _pledges(campaign: Campaign, *, members: bool) -> list[Pledge]:
    found = Pledge.objects.public().filter(campaign=campaign, member__isnull=not members)
    joined = found.select_related("organization", "member__user", "reviewing_organization")
    return list(joined.prefetch_related("items").order_by("pk"))


def _writer(group: Group, pledge: Pledge) -> User:
    if pledge.member is not None:
        return pledge.member.user
    return group.secretaries.get(pledge.organization_id) or group.staff[pledge.organization_id]


def _reviewer(group: Group, pledge: Pledge) -> User:
    place = pledge.reviewing_organization_id
    return group.secretaries.get(place) or group.staff[place]


def _checks(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    for number, pledge in enumerate(_pledges(campaign, members=False)):
        if pledge.organization_id not in group.secretaries:
            continue
        found, request = FOUND[number % len(FOUND)]
        with on(story.day(5, 12)):
            check = check_add(
                pledge=pledge,
                actor=group.staff[group.company_of(pledge.organization).pk],
                found=found,
                request=request,
                answer_by=story.day(5, 25) if request else None,
            )
        if request and number % 4:
            with on(story.day(5, 20)):
                check_answer(check=check, actor=_writer(group, pledge), text=chance.choice(ANSWERS))


def _opinions_of_colleagues(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """Before the organization judges, some say themselves how it went, and a colleague does."""
    for pledge in _pledges(campaign, members=True)[::4]:
        judgements = {
            item.pk: Judgement(chance.choice((ItemResult.FULFILLED, ItemResult.FULFILLED, ItemResult.BASIC)))
            for item in pledge.items.all()
        }
        colleague = next(member for member in group.roll(pledge.organization) if member.pk != pledge.member_id)
        with on(story.day(6, 28)):
            items_appraise(pledge=pledge, actor=_writer(group, pledge), kind=AppraisalKind.SELF, judgements=judgements)
            items_appraise(pledge=pledge, actor=colleague.user, kind=AppraisalKind.PEER, judgements=judgements)


def _changes(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    pending = PledgeItem.objects.filter(
        pledge__campaign=campaign, pledge__member=None, pledge__state__in=RUNNING, result=ItemResult.PENDING
    ).select_related("pledge__organization", "pledge__reviewing_organization")
    for number, item in enumerate(islice(pending.order_by("pk").distinct(), 0, 24, 4)):
        with on(story.day(8, 3)):
            wanted = adjustment_request(
                item=item,
                actor=_writer(group, item.pledge),
                reason=chance.choice(WHY),
                text=item.text,
                target=item.target,
                due_on=story.day(12, 25),
            )
        with on(story.day(8, 6)):
            if number % 3 == 0:
                adjustment_approve(adjustment=wanted, actor=_reviewer(group, item.pledge), reason="情况属实，同意。")
            elif number % 3 == 1:
                adjustment_refuse(
                    adjustment=wanted, actor=_reviewer(group, item.pledge), reason="可先完成不停机部分，按原时限推进。"
                )


def _explanations(group: Group, campaign: Campaign, story: Story) -> None:
    kept_not = PledgeItem.objects.filter(pledge__campaign=campaign, result=ItemResult.UNFULFILLED)
    for item in kept_not.select_related("pledge").order_by("pk")[::3]:
        with on(min(story.day(7, 8), story.today)):
            item_explain(item=item, actor=_writer(group, item.pledge), text=EXPLAINED)


def _bulletins(group: Group, campaign: Campaign, story: Story) -> None:
    days = ((1, story.day(4, 3)), (2, story.day(7, 6)), (3, story.day(10, 12)))
    for quarter, day in days:
        if day < story.today:
            for branch in group.branches:
                _publish(group.secretaries[branch.pk], branch, campaign, day, quarter)


def _publish(secretary: User, branch: Organization, campaign: Campaign, day: dt.date, quarter: int) -> None:
    shown = Pledge.objects.public().filter(organization=branch, campaign=campaign, year=day.year)
    if shown.exists():
        with on(day):
            bulletin_publish(organization=branch, campaign=campaign, year=day.year, quarter=quarter, actor=secretary)
