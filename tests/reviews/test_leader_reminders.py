"""The reminder a month before the half-year ends."""

import datetime as dt

import pytest

from campaign.common import clock
from campaign.models import Action, StageAction
from campaign.notices.registry import reminders
from reviews.reminders.leader import BEFORE_DAYS
from tests.reviews.leader_case import NOON, reviewed
from tests.world import World

END = dt.date(2026, 6, 30)


def reminded(world: World, day: dt.date) -> set[str]:
    names = {user.pk: key for key, user in world.users.items()}
    return {names[due.user_id] for due in reminders.get("reviews.due").due(day)}


@pytest.mark.django_db
def test_leaders_and_secretaries_with_somebody_left_are_reminded(world: World) -> None:
    campaign = world.campaign()
    day = END - dt.timedelta(days=BEFORE_DAYS - 1)
    assert reminded(world, day - dt.timedelta(days=1)) == set()
    everybody = {f"leader@{key}" for key in ("root", "east", "west")} | {f"secretary@{key}" for key in world.members}
    assert reminded(world, day) == everybody
    with clock.at(NOON):
        for key in ("east_one", "east_two"):
            reviewed(world.user("leader", "east"), campaign, world.orgs[key])
        for member in world.members["east_one"]:
            reviewed(world.user("leader", "east"), campaign, member)
    assert reminded(world, END) == everybody - {"leader@east", "secretary@east_one"}
    StageAction.objects.filter(action=Action.REVIEW).delete()
    assert reminded(world, END) == set()


@pytest.mark.django_db
def test_the_sweep_asks_in_a_constant_number_of_statements(world: World) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    world.campaign()
    with CaptureQueriesContext(connection) as captured:
        assert len(list(reminders.get("reviews.due").due(END))) == 7
    assert len(captured) == 4
