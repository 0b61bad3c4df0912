"""Who nominates does not decide, and nobody decides on oneself: with a deputy this holds for both."""

import pytest

from awards.models import Nomination
from awards.workflow import two_people
from campaign.common import clock
from campaign.common.errors import DomainError
from orgs.services import delegation_end
from tests.awards.case import NOON, category, closed, nominated, opened
from tests.orgs.deputies import acting, handed
from tests.world import World

pytestmark = pytest.mark.django_db


def test_neither_the_deputy_nor_whom_it_acts_for(world: World) -> None:
    with clock.at(NOON):
        batch = opened(world, world.campaign())
        nomination = nominated(world, batch, world.members["east_one"][2])
        closed(world, batch)
        nomination = Nomination.objects.select_related("batch__campaign", "member").get(pk=nomination.pk)
        other = acting(world, handed(world, "committee@root", "leader@root"))
        two_people(nomination, other)
        delegation_end(actor=world.user("committee", "root"), delegation=other.deputyships.get())
        for deputy in ("secretary@east_one", "member2@east_one"):  # who nominated, and who is nominated
            given = handed(world, "committee@east", deputy)
            with pytest.raises(DomainError):
                two_people(nomination, acting(world, given))
            delegation_end(actor=world.user("committee", "east"), delegation=given)


def test_what_a_deputy_nominated_is_not_decided_by_whom_it_was_for(world: World) -> None:
    from awards.services import nomination_create, nomination_submit

    with clock.at(NOON):
        batch = opened(world, world.campaign())
        secretary = world.users["secretary@east_one"]
        deputy = acting(world, handed(world, "secretary@east_one", "member2@east_one"))
        nomination = nomination_create(
            actor=deputy, category=category(batch), organization=world.orgs["east_one"],
            nominee=world.members["east_one"][3], deeds="三年来安全生产一千天。",
        )  # fmt: skip
        nomination = nomination_submit(nomination=nomination, actor=deputy)
        with pytest.raises(DomainError):
            two_people(nomination, secretary)
        two_people(nomination, world.user("committee", "root"))
