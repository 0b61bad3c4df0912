"""Freezing: two people, and then the database itself refuses every change."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from campaign.common import clock
from campaign.common.errors import DomainError, NotAllowed, StateConflict
from campaign.jobs.services import job_run
from campaign.models import Period, PeriodState
from campaign.scoring import sealing
from campaign.scoring.apps import clear_the_way, watch_tables
from campaign.scoring.choices import RunKind, RunState
from campaign.scoring.models import (
    FreezeState,
    PeriodScore,
    ScoreDrift,
    ScoreFreeze,
    ScoreMark,
    ScoreRank,
    ScoreRun,
    ScoreSeal,
    ScoreTally,
)
from campaign.scoring.services import (
    correction_request,
    freeze_confirm,
    freeze_request,
    freeze_withdraw,
    score_run_request,
    scores_refresh,
)
from campaign.scoring.services.staging import digest
from campaign.scoring.standing import ranks_of
from orgs.models import RoleAssignment, User
from tests.orgs.deputies import acting, handed
from tests.scoring.conftest import As, Measured
from tests.scoring.sheets import BRANCHES, COMMITTEES, MEMBERS, ready, run, shown
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _after_the_end(_last_day: None) -> Iterator[None]:
    with clock.at(clock.start_of(dt.date(2026, 7, 5))):
        yield


@pytest.fixture
def second(world: World) -> User:
    user = User.objects.create(username="office-two", name="第二人", organization=world.orgs["root"])
    RoleAssignment.objects.create(
        user=user, role="office", organization=world.orgs["root"], starts_on=dt.date(2020, 1, 1)
    )
    return User.objects.get(pk=user.pk)


@pytest.fixture
def period(world: World, measured: Measured) -> Period:
    for place, key in enumerate(("east_one", "east_two", "west_one", "west_two")):
        measured.set("test.m0", world.orgs[key], place, 4)
    for members in world.members.values():
        for place, member in enumerate(members):
            measured.set("test.m0", member, place, 5)
    found = ready(world, BRANCHES, COMMITTEES, MEMBERS)
    run(found, world.orgs["root"])
    return found


@pytest.fixture
def frozen(world: World, period: Period, second: User) -> Period:
    freeze_confirm(freeze=freeze_request(actor=world.user("office", "root"), period=period), actor=second)
    period.refresh_from_db()
    return period


def test_one_person_asks_and_another_confirms(world: World, period: Period, second: User) -> None:
    office = world.user("office", "root")
    freeze = freeze_request(actor=office, period=period, reason="上半年考核结束")
    with pytest.raises(DomainError, match="第二"):
        freeze_confirm(freeze=freeze, actor=office)
    with pytest.raises(NotAllowed):
        freeze_confirm(freeze=freeze, actor=world.user("staff", "root"))
    with pytest.raises(DomainError):
        freeze_request(actor=second, period=period)
    with pytest.raises(DomainError):
        score_run_request(actor=office, period=period, organization=world.orgs["root"])
    seal = freeze_confirm(freeze=freeze, actor=second)
    period.refresh_from_db()
    assert period.state == PeriodState.FROZEN
    assert seal.digest == digest(period, world.orgs["root"].path) == ScoreRun.objects.get().digest
    with pytest.raises(StateConflict):
        freeze_withdraw(freeze=freeze, actor=second)
    with pytest.raises(DomainError, match="封账"):
        score_run_request(actor=office, period=period, organization=world.orgs["root"])


def test_what_a_deputy_asked_for_is_not_confirmed_by_whom_it_was_for(
    world: World, period: Period, second: User, as_: As
) -> None:
    deputy = acting(world, handed(world, "office@root", "leader@root"))
    freeze = freeze_request(actor=deputy, period=period)
    for refused in (deputy, world.user("office", "root")):
        with pytest.raises(DomainError, match="第二"):
            freeze_confirm(freeze=freeze, actor=refused)
    confirm = reverse("freeze_confirm", args=[freeze.pk])
    assert confirm not in as_("office@root").get(freeze.get_absolute_url()).content.decode()
    freeze_confirm(freeze=freeze, actor=second)


def test_who_may_not_ask_and_when(world: World, period: Period) -> None:
    office = world.user("office", "root")
    with pytest.raises(NotAllowed):
        freeze_request(actor=world.user("staff", "root"), period=period)
    with pytest.raises(DomainError):  # not over yet
        freeze_request(actor=office, period=period.campaign.periods.get(code="2026H2"))
    run(period, world.orgs["east"])
    with pytest.raises(DomainError):  # the last run was not of everything
        freeze_request(actor=office, period=period)
    run(period, world.orgs["root"])
    freeze = freeze_request(actor=office, period=period)
    freeze_withdraw(freeze=freeze, actor=office)
    assert ScoreFreeze.objects.get().state == FreezeState.WITHDRAWN
    assert run(period, world.orgs["root"]).state == "succeeded"


def test_ranks_are_stored(world: World, period: Period, second: User) -> None:
    before = ranks_of(list(PeriodScore.objects.current().of_organizations()))
    freeze_confirm(freeze=freeze_request(actor=world.user("office", "root"), period=period), actor=second)
    stored = {row.score_id: (row.rank, row.ranked) for row in ScoreRank.objects.all()}
    assert stored == before
    assert len(stored) == 7


def attempts(period: Period) -> list[str]:
    """Everything that would change what is frozen, by raw SQL."""
    score = PeriodScore.objects.current().filter(period=period).earliest("pk")
    sheet = score.sheet_id
    kept = [field.column for field in PeriodScore._meta.concrete_fields if field.column not in ("id", "member_id")]
    columns = ", ".join(f'"{column}"' for column in kept)
    this = f"WHERE id = {score.pk}"
    found = [
        f"UPDATE scoring_periodscore SET total = 1 WHERE id = {score.pk}",
        f"UPDATE scoring_periodscore SET period_id = {period.pk + 1} WHERE id = {score.pk}",
        f"DELETE FROM scoring_periodscore WHERE id = {score.pk}",
        f"INSERT INTO scoring_periodscore ({columns}, member_id) SELECT {columns}, 999999 FROM scoring_periodscore {this}",
        "UPDATE scoring_scorerun SET state = 'failed'",
        "UPDATE scoring_scorerun SET digest = 'x'",
        "DELETE FROM scoring_scorerun",
        "UPDATE scoring_scorerank SET rank = 1",
        "DELETE FROM scoring_scorerank",
        f"INSERT INTO scoring_scorerank (period_id, version, score_id, rank, ranked) VALUES ({period.pk}, 1, {score.pk}, 1, 1)",
        f"UPDATE campaign_period SET state = 'open' WHERE id = {period.pk}",
        f"UPDATE campaign_period SET ends_on = '2027-01-01' WHERE id = {period.pk}",
        f"DELETE FROM campaign_period WHERE id = {period.pk}",
        "UPDATE scoring_scoreseal SET version = 9",
        "DELETE FROM scoring_scoreseal",
        f"UPDATE scoring_scoresheet SET bonus_cap = 1 WHERE id = {sheet}",
        f"UPDATE scoring_scoresheet SET used_at = NULL WHERE id = {sheet}",
        f"UPDATE scoring_scoresheetitem SET full_marks = 1 WHERE sheet_id = {sheet}",
        f"DELETE FROM scoring_scoresheetitem WHERE sheet_id = {sheet}",
        f"UPDATE scoring_gradeband SET at_least = at_least + 1 WHERE sheet_id = {sheet}",
        f"DELETE FROM scoring_gradeband WHERE sheet_id = {sheet}",
    ]
    if connection.vendor == "postgresql":
        found += [f"TRUNCATE {guarded.table} CASCADE" for guarded in sealing.GUARDED]
    else:
        everything = ", ".join(f'"{field.column}"' for field in PeriodScore._meta.concrete_fields)
        other = everything.replace('"period_id"', f"{period.pk + 1}")
        found.append(
            f"REPLACE INTO scoring_periodscore ({everything}) SELECT {other} FROM scoring_periodscore WHERE id = {score.pk}"
        )
    return found


def execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def assert_frozen(period: Period) -> None:
    connection.check_constraints()  # what is still to be checked would keep PostgreSQL from truncating by itself
    assert sealing.missing() == []
    before = digest(period, period.campaign.organization.path)
    for statement in attempts(period):
        with pytest.raises(DatabaseError, match="frozen"):
            execute(statement)
    assert digest(period, period.campaign.organization.path) == before


def test_the_database_refuses_every_change(frozen: Period) -> None:
    assert_frozen(frozen)


def test_other_periods_go_on(world: World, frozen: Period) -> None:
    other = frozen.campaign.periods.get(code="2026H2")
    assert run(other, world.orgs["root"]).state == "succeeded"
    assert len(shown(other)) == len(shown(frozen))


def test_frozen_outlives_a_migration_that_rebuilds_the_table(frozen: Period) -> None:
    """A column is added and taken away again: on SQLite that makes the table anew, without its triggers."""
    from django.db import models

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for name in ("update", "delete", "insert"):
                cursor.execute(f"DROP TRIGGER scoring_periodscore_frozen_{name}")
        assert len(sealing.missing()) == 3
    else:
        connection.check_constraints()
        field = models.IntegerField(null=True)
        field.set_attributes_from_name("extra")
        with connection.schema_editor() as editor:
            editor.add_field(PeriodScore, field)
            editor.remove_field(PeriodScore, field)
    config = apps.get_app_config("scoring")
    from django.db.models.signals import post_migrate

    post_migrate.send(config, app_config=config, verbosity=0, interactive=False, using="default", plan=[], apps=apps)
    assert_frozen(frozen)


def corrected(world: World, period: Period, actor: Any, reason: str = "复核发现漏计") -> ScoreRun:
    job = correction_request(actor=actor, period=period, reason=reason)
    job_run(job_id=str(job.pk))
    job.refresh_from_db()
    assert job.state == "succeeded", job.message
    return ScoreRun.objects.get(job=job)


def test_a_correction_has_its_own_version_reason_and_second_person(
    world: World, frozen: Period, second: User, measured: Measured
) -> None:
    office, old = world.user("office", "root"), shown(frozen)
    measured.set("test.m0", world.orgs["east_one"], 4, 4)
    with pytest.raises(DomainError):
        correction_request(actor=office, period=frozen, reason=" ")
    with pytest.raises(NotAllowed):
        correction_request(actor=world.user("staff", "root"), period=frozen, reason="x")
    made = corrected(world, frozen, office)
    assert (made.kind, made.version, made.state, made.reason) == (
        RunKind.CORRECTION,
        2,
        RunState.WAITING,
        "复核发现漏计",
    )
    assert shown(frozen) == old
    freeze = ScoreFreeze.objects.get(state=FreezeState.REQUESTED)
    with pytest.raises(DomainError):
        freeze_confirm(freeze=freeze, actor=office)
    seal = freeze_confirm(freeze=freeze, actor=second)
    assert {code for code, value in shown(frozen).items() if old[code] != value} == {"EAST_ONE", "EAST", "ROOT"}
    assert (seal.version, seal.digest) == (2, digest(frozen, world.orgs["root"].path))
    assert ScoreSeal.objects.count() == 2
    assert ScoreRank.objects.filter(version=2).count() == 7
    assert_frozen(frozen)


def test_a_correction_that_is_refused_leaves_nothing(
    world: World, frozen: Period, second: User, measured: Measured
) -> None:
    office, old = world.user("office", "root"), shown(frozen)
    measured.set("test.m0", world.orgs["east_one"], 4, 4)
    made = corrected(world, frozen, office)
    freeze_withdraw(freeze=ScoreFreeze.objects.get(state=FreezeState.REQUESTED), actor=second)
    made.refresh_from_db()
    assert made.state == RunState.FAILED
    measured.set("test.m0", world.orgs["east_one"], 0, 4)
    measured.set("test.m0", world.orgs["east_two"], 4, 4)
    again = corrected(world, frozen, office)
    assert not made.scores.exists()
    assert not ScoreTally.objects.filter(run=made).exists()
    assert again.version == 2
    assert shown(frozen) == old
    assert_frozen(frozen)


def test_a_correction_without_a_difference_asks_nobody(world: World, frozen: Period) -> None:
    made = corrected(world, frozen, world.user("office", "root"))
    assert made.state == RunState.UNCHANGED
    assert not ScoreFreeze.objects.filter(state=FreezeState.REQUESTED).exists()


def test_what_is_changed_since_is_noticed_and_changes_nothing(
    world: World, frozen: Period, second: User, measured: Measured, as_: As
) -> None:
    old = shown(frozen)
    ScoreMark.objects.all().delete()
    measured.set("test.m0", world.orgs["east_one"], 4, 4)
    ScoreMark.objects.create(kind="organization", record=world.orgs["east_one"].pk)
    assert scores_refresh() == 0
    assert shown(frozen) == old
    noticed = ScoreDrift.objects.filter(period=frozen, member=None).values_list("organization__code", flat=True)
    assert set(noticed) == {"EAST_ONE", "EAST", "ROOT"}
    for code, changed in (("EAST_ONE", True), ("WEST_ONE", False)):
        score = PeriodScore.objects.current().get(period=frozen, organization__code=code, member=None)
        assert ("封账后数据有变动" in as_("office@root").get(score.get_absolute_url()).content.decode()) is changed
    freeze = ScoreFreeze.objects.get(state=FreezeState.CONFIRMED)
    page = as_("office@root").get(freeze.get_absolute_url()).content.decode()
    assert world.orgs["east_one"].display_name in page
    assert world.orgs["west_one"].display_name not in page
    corrected(world, frozen, world.user("office", "root"))
    freeze_confirm(freeze=ScoreFreeze.objects.get(state=FreezeState.REQUESTED), actor=second)
    assert not ScoreDrift.objects.exists()


def test_the_command_asks_and_another_confirms_in_the_browser(world: World, period: Period, capsys: Any) -> None:
    call_command("request_freeze", campaign="C1", period="2026H1", actor="office-root", reason="期末")
    assert "2026年上半年" in capsys.readouterr().out
    assert ScoreFreeze.objects.get().requested_by == world.users["office@root"]
    assert Period.objects.get(pk=period.pk).state == PeriodState.OPEN


def test_what_went_around_the_triggers_is_found_by_the_digest(frozen: Period, capsys: Any) -> None:
    call_command("verify_scores")
    sealing.uninstall()
    PeriodScore.objects.filter(period=frozen, organization__code="EAST_ONE").update(total=1)
    with pytest.raises(SystemExit):
        call_command("verify_scores")
    assert "2026年上半年" in capsys.readouterr().out
    with pytest.raises(SystemExit):  # the triggers are missing, too
        call_command("verify_scores")


@pytest.mark.django_db
def test_migrating_rebuilds_guarded_tables_and_leaves_them_guarded() -> None:
    """SQLite rebuilds a table under another name: no trigger may ask one that is not there meanwhile."""
    assert sealing.missing() == []
    clear_the_way(None, plan=[])
    assert sealing.missing() == [], "nothing is migrated: nothing is taken away"
    clear_the_way(None, plan=[("scoring", False)])
    assert bool(sealing.missing()) == (connection.vendor == "sqlite")
    watch_tables(None)
    assert sealing.missing() == []
