"""Chapter: what lies on the desks today. Some members hand in late, one pledge comes back changed, an opinion waits."""

import datetime as dt
import random

from campaign.demo import texts
from campaign.demo.group import Group
from campaign.demo.pledging import Telling
from campaign.demo.story import Story, on
from campaign.models import Campaign
from orgs.models import Member, Organization, User
from pledges.models import Pledge, PledgeState
from pledges.services import (
    ItemDecision,
    ItemDraft,
    adjustment_request,
    check_add,
    comment_add,
    pledge_return,
    pledge_save,
    pledge_submit,
)
from pledges.services.summarizing import summaries_refresh

DAY = dt.timedelta(days=1)
BRANCHES = 3
ASKED = "补充十月以来的点检记录，并说明夜班的落实情况。"
WHY = "检修窗口后移，请将完成时限顺延。"


def tell_late(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """In the last days the first branches catch up; a closed campaign takes nothing any more."""
    if story.reached("closed"):
        return
    telling = Telling(group, campaign, story, chance)
    for branch in group.branches[:BRANCHES]:
        _hand_in(telling, branch, group.secretaries[branch.pk])
    _ask(group, campaign, story)
    summaries_refresh()


def _hand_in(telling: Telling, branch: Organization, secretary: User) -> None:
    """Who wrote only a draft, or nothing, does it now; the first one comes back changed after it was returned."""
    story = telling.story
    owing = (
        Member.objects.present()
        .filter(organization=branch, is_exempt=False)
        .exclude(user=secretary)  # whose own pledge would be returned from above
        .exclude(pledges__in=Pledge.objects.filter(campaign=telling.campaign).exclude(state=PledgeState.DRAFT))
    )
    for number, member in enumerate(owing.select_related("user", "organization").order_by("pk")[:4]):
        if not User.objects.filter(member=member).exists():
            continue
        draft = Pledge.objects.filter(member=member, state=PledgeState.DRAFT).first()
        day = story.today - (6 - number) * DAY
        if draft is None:
            pledge = telling.written(member.user, day, member=member)
        else:
            with on(day):
                pledge = pledge_submit(pledge=draft, actor=member.user)
        if number == 0:
            _returned(pledge, member, secretary, story)


def _returned(pledge: Pledge, member: Member, secretary: User, story: Story) -> None:
    lacking = ItemDecision(approved=False, lacking=("checkable",), reason="请写明数量和基数。")
    with on(story.today - 4 * DAY):
        pledge = pledge_return(pledge=pledge, actor=secretary, decisions={1: lacking})
    with on(story.today - 2 * DAY):
        items = [
            ItemDraft(
                kind=item.kind,
                text=item.text,
                target=f"{item.target}，每季度在班组公开栏公布一次" if item.order == 1 else item.target,
                baseline=item.baseline,
                due_on=item.due_on,
                standard=item.standard,
                production_task=item.production_task,
            )
            for item in pledge.items.select_related("standard").order_by("order")
        ]
        pledge = pledge_save(pledge=pledge, actor=member.user, version=pledge.version, items=items)
        pledge_submit(pledge=pledge, actor=member.user)


def _ask(group: Group, campaign: Campaign, story: Story) -> None:
    """The secretary asks members for more, one asks for another day, a colleague says something on the board."""
    branch = group.branches[0]
    secretary = group.secretaries[branch.pk]
    running = Pledge.objects.filter(
        campaign=campaign, organization=branch, reviewing_organization=branch, state=PledgeState.IN_PROGRESS
    ).exclude(member=None)
    for number, pledge in enumerate(running.select_related("member__user").order_by("pk")[:4]):
        writer = pledge.member.user  # type: ignore[union-attr]
        item = pledge.items.filter(result="pending").order_by("order").first()
        with on(story.today - 3 * DAY):
            if number % 2 == 0:
                check_add(
                    pledge=pledge, actor=secretary, found="查看了台账，十月以来的记录不全。", request=ASKED,
                    answer_by=story.today + 4 * DAY,
                )  # fmt: skip
            if number < 2 and item is not None:
                adjustment_request(
                    item=item, actor=writer, reason=WHY, text=item.text, target=item.target,
                    due_on=max(story.day(12, 28), story.today),
                )  # fmt: skip
    kind, text, _answer = texts.COMMENTS[0]
    shown = running.on_display().first()
    asker = next((member for member in group.roll(branch) if shown and member.pk != shown.member_id), None)
    if shown is not None and asker is not None:
        with on(story.today - DAY):
            comment_add(pledge=shown, actor=asker.user, kind=kind, text=text)
