"""The end of the story: the last votes and awards are decided upon, everything is published, the campaign is closed."""

import random

from awards.models import AwardBatch, BatchState, NominationState
from awards.services import award_announce, batch_close, nomination_decide
from campaign.demo.evaluating import tell_count, tell_last_votes
from campaign.demo.group import Group
from campaign.demo.story import Story, on
from campaign.models import Campaign
from campaign.services import campaign_step
from reviews.models import EvaluationRound, RoundState
from reviews.services import round_close, round_publish

DECISION = "%s党委会研究决定，在参评单位范围内公布"


def tell_closing(group: Group, campaign: Campaign, story: Story, chance: random.Random) -> None:
    with on(story.today, hour=17):
        for held in EvaluationRound.objects.filter(campaign=campaign, state=RoundState.OPEN).select_related("ballot"):
            staff = group.staff[held.organization_id]
            tell_last_votes(held, story.today, chance)
            tell_count(held, [staff, group.office])
            done = round_close(evaluation_round=held, actor=staff, reason="参评人员已基本投完，经研究提前结束")
            round_publish(evaluation_round=done, actor=staff, decision=DECISION % f"{story.today:%Y年%-m月%-d日}")
        for batch in AwardBatch.objects.filter(campaign=campaign).exclude(state=BatchState.ANNOUNCED).order_by("pk"):
            _decide(group, batch)
        campaign_step(campaign=campaign, actor=group.office, step="campaign_close")


def _decide(group: Group, batch: AwardBatch) -> None:
    if batch.state == BatchState.OPEN:
        batch = batch_close(batch=batch, actor=group.office)
    waiting = batch.nominations.filter(state=NominationState.NOMINATED).select_related("category")
    for nomination in waiting.order_by("pk"):
        nomination.category.refresh_from_db()
        room = nomination.category.approved < nomination.category.quota
        reason = "" if room else "名额已满。"
        nomination_decide(nomination=nomination, actor=group.committee, approve=room, reason=reason)
    batch.refresh_from_db()
    award_announce(batch=batch, actor=group.office)
