"""Honours enter the periodic scores as bonuses by themselves; a second person confirms them."""

import datetime as dt
from collections.abc import Iterator

import pytest

from awards.models import AwardBatch, Honour
from awards.services import award_announce, nomination_decide
from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError
from campaign.models import Campaign
from campaign.scoring.models import EntryState, ScoreEntry, ScoreSheet
from campaign.scoring.services import ensure_builtin_sheets, entry_confirm, merits_propose
from tests.awards.case import NOON, closed, nominated, opened
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with clock.at(NOON):
        yield


@pytest.fixture
def campaign(world: World) -> Campaign:
    found = world.campaign()
    ensure_builtin_sheets(campaign=found)
    return found


def announced(world: World, campaign: Campaign, at: str = "root") -> list[Honour]:
    batch: AwardBatch = opened(world, campaign, at)
    nomination = nominated(world, batch, world.members["east_one"][2])
    closed(world, batch)
    nomination_decide(nomination=nomination, actor=world.user("committee", at), approve=True)
    batch.refresh_from_db()
    return award_announce(batch=batch, actor=world.user("office", "root"))


def test_an_honour_is_proposed_once_and_confirmed_by_somebody_else(world: World, campaign: Campaign) -> None:
    (honour,) = announced(world, campaign)
    entry = ScoreEntry.objects.get()
    assert (entry.subject, entry.points, entry.work, entry.state) == (
        honour.member or honour.organization, 1_00, honour.title, EntryState.ENTERED,
    )  # fmt: skip
    assert (entry.origin, entry.happened_on) == (f"honour:{honour.pk}", honour.decided_on)
    assert AuditEntry.objects.of(entry).filter(action="entry_propose").exists()
    assert merits_propose(campaign=campaign) == 0
    assert entry.entered_by == world.users["committee@root"]
    entry_confirm(entry=entry, actor=world.user("office", "root"))
    assert ScoreEntry.objects.get().state == EntryState.CONFIRMED
    assert merits_propose(campaign=campaign) == 0


def test_who_decided_the_honour_does_not_confirm_the_bonus(world: World, campaign: Campaign) -> None:
    announced(world, campaign)
    entry = ScoreEntry.objects.get()
    ScoreEntry.objects.update(entered_by=world.users["office@root"])
    entry.refresh_from_db()
    with pytest.raises(DomainError):
        entry_confirm(entry=entry, actor=world.user("office", "root"))


def test_the_marks_are_those_of_the_sheet(world: World, campaign: Campaign) -> None:
    ScoreSheet.objects.update(honour_marks=2_50)
    announced(world, campaign)
    assert ScoreEntry.objects.get().points == 2_50


def test_a_sheet_that_gives_nothing_proposes_nothing(world: World, campaign: Campaign) -> None:
    ScoreSheet.objects.update(honour_marks=0)
    assert announced(world, campaign)
    assert not ScoreEntry.objects.exists()


def test_honours_of_a_company_are_no_bonus_by_themselves(world: World, campaign: Campaign) -> None:
    assert announced(world, campaign, "east")
    assert not ScoreEntry.objects.exists()


def test_what_lies_in_no_period_waits_for_one(world: World, campaign: Campaign) -> None:
    campaign.periods.filter(starts_on__lte=clock.today(), ends_on__gte=clock.today()).update(
        starts_on=clock.today() + dt.timedelta(days=1)
    )
    announced(world, campaign)
    assert not ScoreEntry.objects.exists()
    campaign.periods.update(starts_on=campaign.starts_on)
    assert merits_propose(campaign=campaign) == 1
