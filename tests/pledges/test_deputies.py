"""Nobody decides on their own pledge, neither the deputy nor whom the deputy acts for."""

import pytest

from campaign.audit.models import AuditEntry
from campaign.common.errors import DomainError, NotAllowed
from campaign.models import Campaign
from orgs.services import delegation_end
from pledges.models import Pledge, PledgeState
from pledges.selectors import own_pledges
from pledges.services import pledge_approve, pledge_start, pledge_submit, pledges_approve_many
from tests.orgs.deputies import acting, handed
from tests.pledges.conftest import submitted, write
from tests.world import World


def refused(pledge: Pledge, actor: object) -> None:
    with pytest.raises(DomainError):
        pledge_approve(pledge=pledge, actor=actor)
    assert pledges_approve_many(queryset=Pledge.objects.filter(pk=pledge.pk), actor=actor) == []
    assert Pledge.objects.get(pk=pledge.pk).state == PledgeState.SUBMITTED


def test_a_deputy_approves_what_is_neither_s_own(world: World, campaign: Campaign) -> None:
    pledge = submitted(world, campaign, "member@east_one")
    deputy = acting(world, handed(world, "secretary@east_one", "member2@east_one"))
    pledge_approve(pledge=pledge, actor=deputy)
    entry = AuditEntry.objects.get(action="pledge_approve")
    assert (entry.actor, entry.on_behalf_of) == (deputy, world.users["secretary@east_one"])


def test_not_the_deputy_s_own(world: World, campaign: Campaign) -> None:
    pledge = submitted(world, campaign, "member@east_one")
    refused(pledge, acting(world, handed(world, "secretary@east_one", "member@east_one")))


def test_not_that_of_whom_the_deputy_acts_for(world: World, campaign: Campaign) -> None:
    """The staff above reviews the secretary's pledge."""
    pledge = submitted(world, campaign, "secretary@east_one")
    delegation = handed(world, "staff@east", "secretary@east_one")
    refused(pledge, acting(world, delegation))
    delegation_end(actor=world.user("staff", "east"), delegation=delegation)
    Pledge.objects.filter(pk=pledge.pk).update(submitted_by=world.users["staff@east"])
    refused(pledge, acting(world, handed(world, "staff@east", "leader@east")))


def test_not_the_pledge_of_the_organization_one_writes_for_with_the_role_that_rests(
    world: World, campaign: Campaign
) -> None:
    pledge = submitted(world, campaign, "staff@east", org="east")
    Pledge.objects.filter(pk=pledge.pk).update(organization=world.orgs["east_one"], submitted_by=None)
    place = Pledge.objects.get(pk=pledge.pk)
    Pledge.objects.filter(pk=place.pk).update(reviewing_organization=world.orgs["east"])
    refused(place, acting(world, handed(world, "staff@east", "secretary@east_one")))


def test_what_a_deputy_handed_in_is_not_decided_by_whom_it_was_handed_in_for(world: World, campaign: Campaign) -> None:
    """The secretary's deputy hands in the pledge of a member; the secretary is the one to review it."""
    pledge = write(world, campaign, "member@east_one")
    deputy = acting(world, handed(world, "secretary@east_one", "member2@east_one"))
    pledge_submit(pledge=pledge, actor=deputy)
    refused(Pledge.objects.get(pk=pledge.pk), world.user("secretary", "east_one"))


def test_the_own_membership_rests_while_acting(world: World, campaign: Campaign) -> None:
    deputy = acting(world, handed(world, "leader@east", "member@east_one"))
    with pytest.raises(NotAllowed):
        pledge_start(campaign=campaign, actor=deputy, member=deputy.member)
    write(world, campaign, "member@east_one")
    assert not own_pledges(deputy).exists()
    assert own_pledges(world.user("member", "east_one")).exists()
