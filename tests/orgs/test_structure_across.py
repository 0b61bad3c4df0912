"""What is under way in other parts when the structure changes: pledges, rounds, award batches and scores survive."""

from typing import Any

import pytest

from awards.models import NominationState
from awards.services import nomination_decide
from campaign.ballots.models import Paper
from campaign.common import clock
from campaign.common.capabilities import Cap
from campaign.common.errors import DomainError
from campaign.models import Audience
from campaign.scoring.models import PeriodScore
from campaign.scoring.services import score_run_request
from orgs.models import Organization
from orgs.services import organization_merge, organization_move, organization_split
from orgs.services.structure import change_describe
from orgs.structure import ChangeKind, touches_of
from pledges.models import Pledge, PledgeState
from reviews.models.rounds import RoundState
from reviews.services.rounds import round_close, round_publish
from tests.awards import case as awards
from tests.reviews.rounds import STAGE, running, vote, voters
from tests.scoring.conftest import Measured, measured  # noqa: F401 — a fixture
from tests.scoring.sheets import BRANCHES, MEMBERS, ready, run, shown
from tests.world import World

pytestmark = pytest.mark.django_db


def fresh(organization: Organization) -> Organization:
    return Organization.objects.get(pk=organization.pk)


def pledge(world: World, campaign: Any, at: str, reviewer: str, **fields: Any) -> Pledge:
    return Pledge.objects.create(
        campaign=campaign,
        organization=world.orgs[at],
        reviewing_organization=world.orgs[reviewer],
        year=2026,
        subject_kind=Audience.MEMBER if "member" in fields else Audience.ORGANIZATION,
        state=PledgeState.SUBMITTED,
        submitted_at=clock.now(),
        **fields,
    )


def test_open_pledges_find_their_reviewer_and_old_ones_stay(world: World) -> None:
    campaign = world.campaign()
    of_branch = pledge(world, campaign, "east_one", "east")
    of_member = pledge(world, campaign, "east_one", "east_one", member=world.members["east_one"][1])
    done = pledge(world, campaign, "east_one", "east_one", member=world.members["east_one"][2])
    Pledge.objects.filter(pk=done.pk).update(state=PledgeState.WITHDRAWN)
    organization_move(actor=None, organization=world.orgs["east_one"], parent=world.orgs["west"])
    of_branch.refresh_from_db()
    assert of_branch.reviewing_organization == world.orgs["west"]
    assert of_branch in Pledge.objects.allowed(world.user("staff", "west"), Cap.PLEDGE_REVIEW)
    organization_merge(actor=None, organization=world.orgs["east_one"], into=world.orgs["west_one"])
    for record in (of_member, done, of_branch):
        record.refresh_from_db()
        assert record.organization == world.orgs["east_one"]  # history stays where it happened
    assert of_member.reviewing_organization == world.orgs["west_one"]
    assert done.reviewing_organization == world.orgs["east_one"]
    assert of_member in Pledge.objects.allowed(world.user("secretary", "west_one"), Cap.PLEDGE_REVIEW)


def test_a_split_takes_only_the_pledges_of_those_chosen(world: World) -> None:
    campaign, (_first, going, staying, *_rest) = world.campaign(), world.members["east_one"]
    pledges = [pledge(world, campaign, "east_one", "east_one", member=member) for member in (going, staying)]
    made = organization_split(
        actor=None, organization=world.orgs["east_one"], below=False, members=[going.pk], name="新支部", type="branch"
    )
    reviewers = [Pledge.objects.get(pk=record.pk).reviewing_organization for record in pledges]
    assert reviewers == [made, world.orgs["east_one"]]


def test_a_round_goes_on_after_a_move_and_a_merger(world: World) -> None:
    with clock.at(STAGE):
        found = running(world)
        electorate = voters(found)
        vote(found, electorate[0])
        organization_move(actor=None, organization=world.orgs["east_one"], parent=world.orgs["west"])
        vote(found, electorate[1])
        organization_merge(actor=None, organization=world.orgs["east_one"], into=world.orgs["west_one"])
        for voter in electorate[2:]:
            vote(found, voter)
        assert Paper.objects.filter(ballot=found.ballot).count() == len(electorate)
        staff = world.user("staff", "east")
        closed = round_close(evaluation_round=found, actor=staff, reason="提前结束")
        assert closed.state == RoundState.SEALED
        assert round_publish(evaluation_round=closed, actor=staff).state == RoundState.PUBLISHED


def test_a_nomination_is_decided_after_its_branch_has_moved_away(world: World) -> None:
    with clock.at(awards.NOON):
        batch = awards.opened(world, world.campaign(), "east")
        nomination = awards.nominated(world, batch, world.members["east_one"][2])
        organization_move(actor=None, organization=world.orgs["east_one"], parent=world.orgs["west"])
        awards.closed(world, batch)
        nomination_decide(nomination=awards.fresh(nomination), actor=world.user("committee", "east"), approve=True)
        decided = awards.fresh(nomination)
        assert decided.state == NominationState.APPROVED
        assert decided.organization == world.orgs["east_one"]


def test_scores_follow_the_place_and_keep_their_history(world: World, measured: Measured) -> None:  # noqa: F811
    for place, key in enumerate(("east_one", "east_two", "west_one", "west_two")):
        for metric in ("test.m0", "test.m1", "test.m2"):
            measured.set(metric, world.orgs[key], place + 1, 4)
    for members in world.members.values():
        for place, member in enumerate(members):
            measured.set("test.m0", member, place, 5)
    period = ready(world, BRANCHES, MEMBERS)
    last_day = clock.start_of(period.ends_on)
    with clock.at(last_day):
        run(period, world.orgs["root"])
    before, old = shown(period), PeriodScore.objects.current().get(member=None, organization=world.orgs["east_one"])
    organization_move(actor=None, organization=world.orgs["east_one"], parent=world.orgs["west"])
    assert shown(period) == before  # a move changes no result
    with clock.at(last_day):  # afterwards the tree of the last day stands
        run(period, world.orgs["west"])
    assert shown(period) == before
    new = PeriodScore.objects.current().get(member=None, organization=world.orgs["east_one"])
    assert (old.place, new.place) == (world.orgs["east_one"].path, fresh(world.orgs["east_one"]).path)
    assert PeriodScore.objects.filter(pk=old.pk).exists()


def test_no_place_changes_while_scores_are_computed(world: World, measured: Measured) -> None:  # noqa: F811
    from campaign.scoring.models import ScoreRun

    period = ready(world, BRANCHES)
    job = score_run_request(actor=None, period=period, organization=world.orgs["east"])
    ScoreRun.objects.create(
        job=job, period=period, organization=world.orgs["east"], place=world.orgs["east"].path, as_of=clock.now()
    )
    with pytest.raises(DomainError):
        organization_move(actor=None, organization=world.orgs["east_one"], parent=world.orgs["west"])
    organization_move(actor=None, organization=world.orgs["west_one"], parent=world.orgs["root"])


def test_the_preview_counts_what_every_part_has_there(world: World) -> None:
    with clock.at(STAGE):
        found = running(world)
        pledge(world, found.campaign, "east_one", "east_one", member=world.members["east_one"][1])
        change = change_describe(
            actor=None, kind=ChangeKind.MERGE, organization=world.orgs["east_one"], target=world.orgs["east_two"]
        )
        told = {str(touch.label): touch.count for touch in touches_of(change)}
    assert (told["未完结的公开承诺"], told["以本组织为对象的群众评议"]) == (1, 1)
