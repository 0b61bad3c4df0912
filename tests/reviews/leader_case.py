"""What the tests of leader reviews share."""

import datetime as dt
from typing import Any

from campaign.common import clock
from campaign.models import Campaign
from orgs.models import Member, Organization, User
from reviews.models import LeaderReview, ReviewMode
from reviews.services import leader_review_create, leader_review_submit

DAY = dt.date(2026, 3, 10)
NOON = clock.start_of(DAY) + dt.timedelta(hours=12)


def draft(actor: User, campaign: Campaign, subject: Organization | Member, **options: Any) -> LeaderReview:
    given: dict[str, Any] = {
        "mode": ReviewMode.ONSITE,
        "held_on": DAY,
        "achievements": "班前会安全承诺坚持得好",
        "problems": "台账更新不及时",
        "direction": "每月底前补齐台账",
        **options,
    }
    return leader_review_create(actor=actor, campaign=campaign, subject=subject, **given)


def reviewed(actor: User, campaign: Campaign, subject: Organization | Member, **options: Any) -> LeaderReview:
    return leader_review_submit(review=draft(actor, campaign, subject, **options), actor=actor)
