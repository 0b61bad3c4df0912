"""Score sheets: written once, never edited after use, and always adding up."""

import dataclasses
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from campaign.audit.models import AuditEntry
from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed
from campaign.models import Audience, Campaign
from campaign.scoring.arithmetic import Grade, Proportional
from campaign.scoring.builtin import SHEETS, ItemDefinition, SheetDefinition
from campaign.scoring.choices import Column
from campaign.scoring.models import PeriodScore, ScoreSheet, ScoreSheetItem
from campaign.scoring.registry import metrics
from campaign.scoring.services import ensure_builtin_sheets, sheet_save
from orgs.models import OrganizationType
from tests.scoring.conftest import Measured
from tests.scoring.sheets import BRANCHES, COMMITTEES, MEMBERS, ready, run, shown
from tests.world import World

pytestmark = pytest.mark.django_db


def simple(full: int = 100, **changes: Any) -> SheetDefinition:
    item = ItemDefinition("only", "唯一一项", Column.PLEDGE, "test.m0", Proportional(10_000), full)
    return dataclasses.replace(BRANCHES, **{"items": (item,), **changes})


@pytest.fixture
def campaign(world: World, measured: Measured) -> Campaign:
    return world.campaign()


def test_a_sheet_that_nobody_was_scored_by_is_rewritten(campaign: Campaign) -> None:
    first = sheet_save(campaign=campaign, definition=BRANCHES, actor=None)
    second = sheet_save(campaign=campaign, definition=simple(name="新的"), actor=None)
    assert (second.pk, second.version, second.name, second.items.count()) == (first.pk, 1, "新的", 1)
    assert AuditEntry.objects.of(second).count() == 2


def test_a_used_sheet_stays_and_the_next_version_takes_over(world: World, measured: Measured) -> None:
    measured.set("test.m0", world.orgs["east_one"], 1, 2)
    period = ready(world, BRANCHES)
    run(period, world.orgs["root"])
    old = ScoreSheet.objects.get(key="branches")
    items = list(old.items.values())
    new = sheet_save(campaign=period.campaign, definition=simple(), actor=None)
    old.refresh_from_db()
    assert (list(ScoreSheet.objects.newest()), new.version) == ([new], 2)
    assert list(old.items.values()) == items

    before = PeriodScore.objects.current().get(organization=world.orgs["east_one"])
    assert (before.sheet, before.total) == (old, 41_67)  # 15 + 0 + 10 of 60 marks, folded
    run(period, world.orgs["root"])
    after = PeriodScore.objects.current().get(organization=world.orgs["east_one"])
    assert (after.sheet, after.total, list(after.unpacked())) == (new, 50_00, ["only"])
    before.refresh_from_db()
    assert before.sheet == old


def test_a_run_that_has_begun_has_used_its_sheets(world: World, measured: Measured) -> None:
    period = ready(world)
    run(period, world.orgs["east"])
    assert not ScoreSheet.objects.filter(used_at=None).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        simple(full=99),
        simple(items=(*BRANCHES.items, BRANCHES.items[0])),
        simple(items=(BRANCHES.items[0], dataclasses.replace(BRANCHES.items[0], full=70))),
        simple(grades=(Grade(60_00, "合格"),)),
        simple(grades=(Grade(60_00, "合格"), Grade(60_00, "也合格"), Grade(0, "不合格"))),
        simple(items=(dataclasses.replace(simple().items[0], metric="test.unknown"),)),
        simple(types=()),
        dataclasses.replace(MEMBERS, types=(OrganizationType.BRANCH,)),
        dataclasses.replace(MEMBERS, items=(dataclasses.replace(MEMBERS.items[0], metric="children.average"),)),
        dataclasses.replace(COMMITTEES, types=(OrganizationType.BRANCH,)),
    ],
    ids=str,
)
def test_a_sheet_that_does_not_add_up_is_refused(campaign: Campaign, wrong: SheetDefinition) -> None:
    sheet_save(campaign=campaign, definition=BRANCHES, actor=None)
    with pytest.raises(DomainError):
        sheet_save(campaign=campaign, definition=wrong, actor=None)
    assert ScoreSheet.objects.count() == 1


@pytest.mark.parametrize(
    ("actor", "allowed"), [("office@root", True), ("staff@root", False), ("secretary@east_one", False)]
)
def test_who_may_write_sheets(world: World, campaign: Campaign, actor: str, allowed: bool) -> None:
    user = world.user(*actor.split("@"))
    if allowed:
        assert sheet_save(campaign=campaign, definition=BRANCHES, actor=user).version == 1
    else:
        with pytest.raises(NotAllowed):
            sheet_save(campaign=campaign, definition=BRANCHES, actor=user)


def test_the_database_keeps_one_draft_and_scores_nobody_by_it(campaign: Campaign) -> None:
    sheet = sheet_save(campaign=campaign, definition=BRANCHES, actor=None)
    draft = {"campaign": campaign, "key": sheet.key, "name": "x", "audience": Audience.ORGANIZATION, "state": "draft"}
    begun = ScoreSheet.objects.create(version=2, **draft)
    with pytest.raises(IntegrityError), transaction.atomic():
        ScoreSheet.objects.create(version=3, **draft)
    with pytest.raises(IntegrityError), transaction.atomic():
        ScoreSheet.objects.filter(pk=begun.pk).update(used_at=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        ScoreSheetItem.objects.filter(sheet=sheet).update(method="guess")


def test_the_built_in_sheets_add_up_and_their_metrics_exist(world: World) -> None:
    campaign = world.campaign()
    ensure_builtin_sheets(campaign=campaign)
    ensure_builtin_sheets(campaign=campaign)
    assert sorted(campaign.score_sheets.values_list("key", flat=True)) == sorted(sheet.key for sheet in SHEETS)
    assert {item.metric for sheet in SHEETS for item in sheet.items} <= {metric.key for metric in metrics}


def test_a_campaign_without_sheets_gets_the_built_in_ones_with_its_first_run(world: World) -> None:
    campaign = world.campaign()
    job = run(campaign.periods.get(code="2026H1"), world.orgs["root"])
    assert job.state == "succeeded", job.message
    assert len(shown(campaign.periods.get(code="2026H1"))) == 7 + 24
    assert campaign.score_sheets.exclude(used_at=None).count() == 3


def test_a_sheet_with_a_metric_that_is_gone_stops_the_run_in_words(world: World, measured: Measured) -> None:
    period = ready(world, BRANCHES)
    ScoreSheetItem.objects.filter(metric="test.m3").update(metric="gone.metric")
    job = run(period, world.orgs["root"])
    assert (job.state, "gone.metric" in job.message) == ("failed", True)
    assert shown(period) == {}
