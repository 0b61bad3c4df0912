"""The fourth link of the story: one award batch announced, one waiting for the committee, one open for nominations."""

import datetime as dt
import random

from awards.models import AwardBatch, AwardCategory, AwardKind, Nomination, NominationState
from awards.services import (
    award_announce,
    batch_close,
    batch_create,
    batch_open,
    nomination_create,
    nomination_decide,
    nomination_submit,
)
from campaign.demo import texts
from campaign.demo.group import Group
from campaign.demo.story import Story, on
from campaign.models import Audience, Campaign
from orgs.models import Member, Organization


def tell_awards(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    """Commend in September, let the committee have something to decide, and leave the year-end batch open."""
    _announced(group, campaign, story, chance)
    _waiting(group, campaign, story, chance)
    _open(group, campaign, story, chance)


def _batch(
    group: Group, campaign: Campaign, name: str, opens: dt.date, closes: dt.date, template: str, quotas: dict[str, int]
) -> AwardBatch:
    with on(opens):
        batch = batch_create(
            actor=group.office,
            campaign=campaign,
            organization=group.root,
            name=name,
            opens_on=opens,
            closes_on=closes,
            template=template,
            quotas=quotas,
        )
        return batch_open(batch=batch, actor=group.office)


def _nominate(
    group: Group,
    category: AwardCategory,
    branch: Organization,
    day: dt.date,
    chance: random.Random,
    *,
    submit: bool = True,
) -> Nomination | None:
    nominee = _nominee(group, category, branch, chance)
    if nominee is None:
        return None
    deeds = chance.choice(texts.DEEDS if isinstance(nominee, Member) else texts.ORGANIZATION_DEEDS)
    actor = group.secretaries[branch.pk]
    with on(day):
        nomination = nomination_create(
            actor=actor, category=category, organization=branch, nominee=nominee, deeds=deeds
        )
        return nomination_submit(nomination=nomination, actor=actor) if submit else nomination


def _nominee(
    group: Group, category: AwardCategory, branch: Organization, chance: random.Random
) -> Member | Organization | None:
    if category.audience == Audience.ORGANIZATION:
        return branch
    taken = set(Nomination.objects.filter(batch=category.batch).values_list("member_id", flat=True))
    fit = [member for member in group.roll(branch)[1:] if member.kind == "full" and member.pk not in taken]
    if category.kind == AwardKind.EXCELLENT_WORKER:
        fit = [member for member in fit if member.is_party_worker]
    return chance.choice(fit) if fit else None


def _announced(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    places: dict[str, int] = {
        AwardKind.EXCELLENT_MEMBER: len(group.branches),
        AwardKind.EXCELLENT_WORKER: 3,
        AwardKind.ADVANCED_ORGANIZATION: 4,
    }
    batch = _batch(
        group, campaign, f"{story.begin.year}年“两优一先”评选表彰", story.day(7, 6), story.day(8, 15),
        "two_excellents_one_advanced", places,
    )  # fmt: skip
    for category in batch.categories.all():
        for branch in group.branches[:: 1 if category.kind == AwardKind.EXCELLENT_MEMBER else 4][:60]:
            _nominate(group, category, branch, story.day(8, chance.randint(1, 14)), chance)
    with on(story.day(8, 20)):
        batch = batch_close(batch=batch, actor=group.office)
    with on(story.day(8, 25)):
        for nomination in batch.nominations.filter(state=NominationState.NOMINATED).select_related("category"):
            nomination.category.refresh_from_db()
            room = nomination.category.approved < nomination.category.quota and chance.random() < 0.85
            reason = "" if room else "事迹材料数据不足，宁缺毋滥，本次不予表彰。"
            nomination_decide(nomination=nomination, actor=group.committee, approve=room, reason=reason)
    with on(story.day(9, 1)):
        batch.refresh_from_db()
        award_announce(batch=batch, actor=group.office)


def _waiting(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    opens, closes = story.today - dt.timedelta(days=40), story.today - dt.timedelta(days=8)
    batch = _batch(group, campaign, "标杆党支部和标杆共产党员选树", opens, closes, "benchmarks", {})
    for category in batch.categories.all():
        for branch in group.branches[1::3][:40]:
            _nominate(group, category, branch, closes - dt.timedelta(days=chance.randint(1, 20)), chance)
    with on(story.today - dt.timedelta(days=6)):
        batch_close(batch=batch, actor=group.office)


def _open(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    opens, closes = story.today - dt.timedelta(days=5), story.today + dt.timedelta(days=20)
    batch = _batch(group, campaign, f"{story.begin.year}年度先进评选", opens, closes, "two_excellents_one_advanced", {})
    category = batch.categories.get(kind=AwardKind.EXCELLENT_MEMBER)
    for place, branch in enumerate(group.branches[:5]):
        _nominate(group, category, branch, story.today - dt.timedelta(days=2), chance, submit=place != 0)
