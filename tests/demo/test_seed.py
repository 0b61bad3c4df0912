"""The demo: told to the stage that is asked for, the same for the same seed, and gone again with one command."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.utils import translation

from awards.models import Honour
from campaign.audit.labels import changes_in_words
from campaign.audit.models import AuditEntry
from campaign.audit.services import audit_chain
from campaign.common.append_only import AppendOnlyError
from campaign.common.errors import DomainError
from campaign.demo import group
from campaign.demo.importing import RENEWED
from campaign.demo.logins import demo_logins
from campaign.demo.people import SIZES, Size
from campaign.demo.seed import demo_remove, demo_seed
from campaign.demo.signing_in import NEW
from campaign.models import Campaign, CampaignState
from campaign.scoring.models import PeriodScore, ScoreRun
from orgs.models import ImportBatch, ImportState, Member, Organization
from orgs.services.code_sheets import members_without_account
from orgs.services.undoing import import_dependants
from pledges.models import Pledge
from reviews.models import EvaluationRound, LeaderReview, RoundState

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Campaign]:
    """Tell the story of a group small enough for a test."""
    monkeypatch.setitem(SIZES, "s", Size(companies=2, branches=4, members=8))

    def told(stage: str, seed: int = 1) -> Campaign:
        return demo_seed(size="s", stage=stage, seed=seed, today=TODAY, say=lambda _text: None)

    return told


@pytest.mark.parametrize(
    ("stage", "models"),
    [
        ("pledges", {Pledge}),
        ("reviews", {Pledge, LeaderReview}),
        ("evaluation", {Pledge, LeaderReview, EvaluationRound, PeriodScore}),
        ("awards", {Pledge, LeaderReview, EvaluationRound, PeriodScore, Honour}),
        ("closed", {Pledge, LeaderReview, EvaluationRound, PeriodScore, Honour}),
    ],
)
def test_it_is_told_up_to_the_stage(tell: Callable[..., Campaign], stage: str, models: set[Any]) -> None:
    campaign = tell(stage)
    everything = {Pledge, LeaderReview, EvaluationRound, PeriodScore, Honour}
    assert {model for model in everything if model.objects.exists()} == models
    campaign.refresh_from_db()
    assert (campaign.state == CampaignState.CLOSED) == (stage == "closed")
    assert len(demo_logins()) == 9
    assert not _told_by_the_names_of_columns()


def _told_by_the_names_of_columns() -> set[str]:
    """Return the lines of the log whose field bears no name for readers."""
    entries = AuditEntry.objects.all()
    with translation.override("zh-hans"):
        lines = {line for entry in entries for line in changes_in_words(entry)}
    return {line for line in lines if re.match(r"[a-z_ ]+[:\uff1a]", line)}


def test_in_a_large_group_only_some_branches_have_written_one_by_one(
    tell: Callable[..., Campaign], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "LARGE", 1)
    campaign = tell("evaluation")
    written = Pledge.objects.filter(campaign=campaign).exclude(member=None)
    assert 0 < written.values("organization").distinct().count() < Organization.objects.count() - 3


def test_new_members_wait_for_accounts(tell: Callable[..., Campaign]) -> None:
    tell("pledges")
    root = Organization.objects.get(depth=1)
    assert members_without_account(root).filter(kind="probationary").count() == NEW


def test_a_list_was_imported_and_can_still_be_undone(tell: Callable[..., Campaign]) -> None:
    tell("pledges")
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.figures["changed"], batch.figures["new"]) == (ImportState.APPLIED, RENEWED, 0)
    changed = Member.objects.get(pk=batch.rows.values_list("record_id", flat=True)[0])
    entry = AuditEntry.objects.of(changed).get(action="member_update")
    assert entry.changes["technical_title"] == ["", changed.technical_title]
    assert import_dependants(batch) == []


def test_the_same_seed_tells_the_same_story_and_another_one_does_not(
    tell: Callable[..., Campaign], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SIZES, "s", Size(companies=1, branches=3, members=6))

    def story() -> list[Any]:
        return [
            list(Member.objects.order_by("personnel_no").values_list("name", "birth_date", "joined_on", "phone")),
            list(Pledge.objects.order_by("pk").values_list("subject_name", "state", "submitted_at")),
            list(LeaderReview.objects.order_by("pk").values_list("held_on", "problems")),
        ]

    told = []
    for seed in (1, 1, 2):
        tell("reviews", seed)
        told.append(story())
        demo_remove()
        assert not Organization.objects.exists()
    assert told[0] == told[1]
    assert told[0] != told[2]


def test_it_ends_well_whoever_votes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few have voted in the round that is open; whether it is valid must not hang on the seed."""
    monkeypatch.setitem(SIZES, "s", Size(companies=1, branches=5, members=8))
    for seed in (1, 2):
        demo_seed(size="s", stage="closed", seed=seed, today=TODAY, say=lambda _text: None)
        # One is still being prepared, and was never opened.
        opened = EvaluationRound.objects.exclude(state=RoundState.DRAFT)
        assert set(opened.values_list("state", flat=True)) == {RoundState.PUBLISHED}
        demo_remove()


def test_a_demo_that_fails_leaves_nothing(tell: Callable[..., Campaign], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "JOB_MAX_ATTEMPTS", 0)  # no score run gets done
    with pytest.raises(DomainError):
        tell("evaluation")
    assert not Organization.objects.exists()
    assert not AuditEntry.objects.exists()


def test_it_fills_nothing_that_is_not_empty_and_removes_nothing_that_it_did_not_fill() -> None:
    Organization.objects.add_root(create_kwargs={"code": "R", "name": "中共真实集团委员会", "type": "committee"})
    with pytest.raises(DomainError):
        demo_seed(size="s", stage="pledges", seed=1, today=TODAY, say=lambda _text: None)
    with pytest.raises(CommandError):
        call_command("remove_demo", yes=True)
    assert Organization.objects.count() == 1
    assert demo_logins() == []


def test_the_log_is_protected_again_after_the_demo_is_gone(tell: Callable[..., Campaign]) -> None:
    tell("pledges")
    demo_remove()
    AuditEntry.objects.create(action="test")
    audit_chain()
    from django.db import connection

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM audit_auditentry")
    with pytest.raises(AppendOnlyError):
        AuditEntry.objects.all().delete()
    assert not ScoreRun.objects.exists()
