"""People who press in the same second, on a real database: exactly one of them succeeds."""

import datetime as dt

import pytest

from campaign.blueprints import blueprints
from campaign.models import Campaign
from campaign.services import campaign_create
from tests.at_once import at_once
from tests.world import World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied")]


def test_one_of_four_campaigns_of_a_code_begins(world: World) -> None:
    office, template = world.user("office", "root"), next(iter(blueprints)).key

    def begin() -> None:
        campaign_create(
            actor=office,
            organization=world.orgs["root"],
            template=template,
            code="twice",
            starts_on=dt.date(2026, 1, 1),
        )

    assert sorted(at_once(*[begin] * 4)) == ["", *["DomainError"] * 3]
    campaign = Campaign.objects.get(code="twice")
    assert campaign.stages.exists()
    assert campaign.periods.exists()
