"""审诺: what the queue and the page of a decision show beside the pledges themselves."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Q
from django.utils import timezone

from campaign.common import clock
from campaign.models import Action, CampaignStage
from pledges.models import Decision, Pledge, PledgeItem, PledgeQuerySet, PledgeReview

COMPARED = ("text", "target", "due_on")


def pledge_stages(campaigns: Iterable[int]) -> list[CampaignStage]:
    """Return the stages of these campaigns that take pledges: they are reviewed by the last day of it."""
    return list(
        CampaignStage.objects.filter(campaign__in=set(campaigns), actions__action=Action.PLEDGE).order_by("ends_on")
    )


def put_due_days(pledges: Iterable[Pledge]) -> None:
    """Give each pledge `due_on`, the day by which it is to be reviewed (None where no stage says so), and `is_late`. One
    query for all."""
    found = list(pledges)
    stages = pledge_stages(pledge.campaign_id for pledge in found)
    today = clock.today()
    for pledge in found:
        day = timezone.localtime(pledge.submitted_at).date() if pledge.submitted_at else today
        own = [stage for stage in stages if stage.campaign_id == pledge.campaign_id]
        ends = [stage.ends_on for stage in own if stage.starts_on <= day <= stage.ends_on]
        pledge.due_on = ends[0] if ends else None  # type: ignore[attr-defined]
        pledge.is_late = bool(ends) and ends[0] < today  # type: ignore[attr-defined]


def late(today: dt.date) -> Q:
    """Return the condition "handed in during a stage that takes pledges and is over": review is late."""
    stages = CampaignStage.objects.filter(actions__action=Action.PLEDGE, ends_on__lt=today)
    condition = Q(pk__in=[])
    for campaign, first, last in stages.values_list("campaign", "starts_on", "ends_on"):
        handed_in = (clock.start_of(first), clock.start_of(last + dt.timedelta(days=1)))
        condition |= Q(campaign=campaign, submitted_at__gte=handed_in[0], submitted_at__lt=handed_in[1])
    return condition


def neighbours(queue: PledgeQuerySet, pledge: Pledge) -> tuple[int | None, int | None]:
    """Return the numbers of the pledges before and after this one in a queue (ordered by `submitted_at`, `pk`)."""
    at = pledge.submitted_at
    before = queue.filter(Q(submitted_at__lt=at) | Q(submitted_at=at, pk__lt=pledge.pk))
    after = queue.filter(Q(submitted_at__gt=at) | Q(submitted_at=at, pk__gt=pledge.pk))
    return (
        before.order_by("-submitted_at", "-pk").values_list("pk", flat=True).first(),
        after.order_by("submitted_at", "pk").values_list("pk", flat=True).first(),
    )


def put_earlier(items: Iterable[PledgeItem], review: PledgeReview | None) -> None:
    """Give each item `earlier`: how it stood when it was last returned and what was said, None where it is new; and
    `is_changed`, whether it reads differently now."""
    records: list[dict[str, Any]] = review.items if review and review.decision == Decision.RETURNED else []
    by_text = {record["text"]: record for record in records}
    by_order = {record["order"]: record for record in records}
    for item in items:
        earlier = by_text.get(item.text) or by_order.get(item.order)
        if earlier is not None:
            labels = PledgeReview(items=[earlier]).remarks
            earlier = {**earlier, "said": labels[0] if labels else None}
        item.earlier = earlier  # type: ignore[attr-defined]
        item.is_changed = earlier is not None and _now(item) != {key: earlier.get(key, "") for key in COMPARED}  # type: ignore[attr-defined]


def _now(item: PledgeItem) -> dict[str, str]:
    return {"text": item.text, "target": item.target, "due_on": item.due_on.isoformat() if item.due_on else ""}
