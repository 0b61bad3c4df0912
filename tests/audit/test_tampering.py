"""Nobody can change or delete an entry; who changes the database file with the triggers taken away is found."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import DatabaseError, connection, transaction

from campaign.audit.checks import check_protection
from campaign.audit.heads import HeadsBroken, heads_forget, heads_path, heads_read, latest_path, latest_read
from campaign.audit.models import PROTECTED, AuditEntry, AuditLink
from campaign.audit.selectors import audit_verify
from campaign.audit.services import audit_chain, audit_heads_export, audit_record
from campaign.audit.tasks import chain as minute
from campaign.audit.tasks import heads as daily
from campaign.common.append_only import AppendOnlyError, missing_triggers, protect, unprotect
from tests.orgs.deputies import acting, handed
from tests.world import World

pytestmark = pytest.mark.django_db
ENTRY, LINK = "audit_auditentry", "audit_auditlink"


@pytest.fixture(autouse=True)
def _own_heads(settings: Any, tmp_path: Path) -> None:
    settings.AUDIT_HEADS_FILE = str(tmp_path / "elsewhere" / "heads.jsonl")


@pytest.fixture
def log(world: World) -> list[AuditEntry]:
    """Six chained entries, the third of them by a deputy; their head is exported."""
    staff = world.user("staff", "east")
    for number in range(5):
        audit_record(
            action="test_change", actor=staff, target=world.orgs["east"], changes={"name": ["旧", f"新{number}"]}
        )
        if number == 1:
            deputy = acting(world, handed(world, "staff@east", "secretary@east_one"))
            audit_record(action="test_change", actor=deputy, target=world.orgs["east"], reason="代办")
    audit_heads_export()
    assert audit_verify().holds
    return list(AuditEntry.objects.order_by("pk"))


def sql(*statements: str) -> None:
    """Do what somebody does who has the database file: without triggers, and without the rules between tables."""
    for model in PROTECTED:
        unprotect(model)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        for statement in statements:
            cursor.execute(statement)
    for model in PROTECTED:
        protect(model)


def found() -> int | None:
    """Return the link at which the command finds the break; None when it finds none."""
    result = audit_verify()
    if result.holds:
        call_command("verify_audit")
        return None
    with pytest.raises(CommandError):
        call_command("verify_audit")
    return result.broken_at


COLUMNS = {
    "at": "'2020-01-01 00:00:00+00:00'", "actor_id": "NULL", "actor_name": "'别人'", "on_behalf_of_id": "NULL",
    "on_behalf_name": "''", "address": "'10.0.0.1'", "action": "'login'", "target_type": "'x'", "target_id": "'0'",
    "target_name": "'x'", "reason": "'x'", "changes": "'{\"x\": [1, 2]}'",
}  # fmt: skip


def test_every_column_is_tried() -> None:
    assert {field.column for field in AuditEntry._meta.concrete_fields} == {"id", *COLUMNS}


@pytest.mark.parametrize("column", sorted(COLUMNS))
def test_a_changed_column_is_found(log: list[AuditEntry], column: str) -> None:
    """Of the entry that a deputy wrote: on whose behalf is part of it."""
    third = next(entry for entry in log if entry.on_behalf_name and entry.action == "test_change")
    sql(f"UPDATE {ENTRY} SET {column} = {COLUMNS[column]} WHERE id = {third.pk}")
    assert found() == log.index(third) + 1


def test_saying_afterwards_that_it_was_for_somebody_else_is_found(log: list[AuditEntry]) -> None:
    sql(f"UPDATE {ENTRY} SET on_behalf_name = '别人' WHERE id = {log[0].pk}")
    assert found() == 1


def remove_entry(pk: int) -> tuple[str, ...]:
    return (f"DELETE FROM {LINK} WHERE entry_id = {pk}", f"DELETE FROM {ENTRY} WHERE id = {pk}")


def test_a_removed_row_is_found(log: list[AuditEntry]) -> None:
    sql(*remove_entry(log[2].pk))
    assert found() == 3


def test_a_removed_row_is_found_when_the_positions_are_closed_up(log: list[AuditEntry]) -> None:
    later = (f"UPDATE {LINK} SET position = position - 1 WHERE position = {place}" for place in range(4, len(log) + 1))
    sql(*remove_entry(log[2].pk), *later)
    assert found() == 3


def test_a_cut_tail_is_found_by_the_exported_heads_alone(log: list[AuditEntry]) -> None:
    for entry in reversed(log[-2:]):
        sql(*remove_entry(entry.pk))
    assert found() == len(log) - 1
    heads_path().unlink()
    assert found() is None  # without the export nobody could know: it lies outside the database for that
    audit_record(action="test_change", actor=None)
    audit_heads_export()
    assert found() is None


def test_a_cut_tail_is_found_when_the_log_went_on(log: list[AuditEntry]) -> None:
    for entry in reversed(log[-2:]):
        sql(*remove_entry(entry.pk))
    for _number in range(4):
        audit_record(action="test_change", actor=None)
    audit_chain()
    assert AuditLink.objects.count() > len(log)
    assert found() == len(log)


def test_links_cut_off_with_their_entries_left_are_made_again_as_they_were(log: list[AuditEntry]) -> None:
    sql(f"DELETE FROM {LINK} WHERE position > 3")
    assert found() == 4
    audit_chain()
    assert found() is None


def test_swapped_rows_are_found(log: list[AuditEntry]) -> None:
    one, two = log[1].pk, log[3].pk
    sql(
        f"UPDATE {LINK} SET position = 900 WHERE entry_id = {one}",
        f"UPDATE {LINK} SET position = 2 WHERE entry_id = {two}",
        f"UPDATE {LINK} SET position = 4 WHERE entry_id = {one}",
    )
    assert found() == 2


def test_swapped_entries_are_found(log: list[AuditEntry]) -> None:
    one, two = log[1].pk, log[3].pk
    sql(
        f"DELETE FROM {LINK} WHERE entry_id IN ({one}, {two})",
        f"UPDATE {ENTRY} SET id = 90000 WHERE id = {one}",
        f"UPDATE {ENTRY} SET id = {one} WHERE id = {two}",
        f"UPDATE {ENTRY} SET id = {two} WHERE id = 90000",
    )
    assert found() == 2


def test_a_row_put_in_between_is_found(log: list[AuditEntry]) -> None:
    columns = ", ".join(sorted(COLUMNS))
    sql(
        f"INSERT INTO {ENTRY} (id, {columns}) SELECT 90000, {columns} FROM {ENTRY} WHERE id = {log[0].pk}",
        *(f"UPDATE {LINK} SET position = position + 1 WHERE position = {place}" for place in range(len(log), 2, -1)),
        f"INSERT INTO {LINK} (position, entry_id, digest) SELECT 3, 90000, digest FROM {LINK} WHERE position = 2",
    )
    assert found() == 3


def test_a_row_taken_out_and_put_in_again_elsewhere_is_found(log: list[AuditEntry]) -> None:
    columns = ", ".join(sorted(COLUMNS))
    sql(
        f"INSERT INTO {ENTRY} (id, {columns}) SELECT 90000, {columns} FROM {ENTRY} WHERE id = {log[2].pk}",
        *remove_entry(log[2].pk),
        f"INSERT INTO {LINK} (position, entry_id, digest) VALUES (3, 90000, '{'0' * 64}')",
    )
    assert found() == 3


def test_a_chain_made_anew_with_another_key_is_found(log: list[AuditEntry], settings: Any) -> None:
    key = settings.AUDIT_KEY
    settings.AUDIT_KEY = "the forger's own"
    sql(f"DELETE FROM {LINK}", f"UPDATE {ENTRY} SET reason = '没有这回事' WHERE id = {log[0].pk}")
    audit_chain()
    settings.AUDIT_KEY = key
    assert found() == 1


@pytest.mark.postgres
def test_an_entry_emptied_out_under_the_chain_is_found(log: list[AuditEntry]) -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE", f"TRUNCATE {LINK}, {ENTRY}")
    assert found() == 1


# -- the heads -----------------------------------------------------------------------------------------------------


def test_heads_are_written_outside_the_database_every_day(log: list[AuditEntry]) -> None:
    first = heads_read()
    assert [head.links for head in first] == [len(log)]
    assert heads_path().stat().st_mode & 0o077 == 0
    audit_record(action="test_change", actor=None)
    daily()
    assert [head.links for head in heads_read()] == [len(log), len(log) + 1]
    assert audit_verify().heads == 2


def test_a_tail_cut_off_within_the_day_is_found_by_the_latest_head(log: list[AuditEntry]) -> None:
    """Written whenever the chain grew, which is every minute in which something was done."""
    for _number in range(3):
        audit_record(action="test_change", actor=None)
    minute()
    assert [head.links for head in heads_read()] == [len(log)]
    latest = latest_read()
    assert latest is not None
    assert (latest.links, latest_path().stat().st_mode & 0o077) == (len(log) + 3, 0)
    assert found() is None
    for entry in AuditEntry.objects.order_by("-pk")[:2]:
        sql(*remove_entry(entry.pk))
    assert found() == len(log) + 2


def test_the_log_that_went_on_does_not_cover_a_cut_tail(log: list[AuditEntry]) -> None:
    audit_record(action="test_change", actor=None)
    minute()
    sql(*remove_entry(AuditEntry.objects.latest("pk").pk))
    for _number in range(5):
        audit_record(action="test_change", actor=None)
        minute()
    assert AuditLink.objects.count() == len(log) + 5
    latest = latest_read()
    assert latest is not None
    assert latest.links == len(log) + 1  # what tells of the cut is kept
    assert found() == len(log) + 1


def test_a_changed_latest_head_is_found(log: list[AuditEntry]) -> None:
    audit_record(action="test_change", actor=None)
    minute()
    latest_path().write_text(latest_path().read_text().replace('"links":', '"links":1'))
    with pytest.raises(CommandError):
        call_command("verify_audit")
    audit_record(action="test_change", actor=None)
    minute()
    with pytest.raises(CommandError):  # nor is it mended by going on
        call_command("verify_audit")


def test_after_a_backup_was_put_back_the_heads_begin_anew(log: list[AuditEntry]) -> None:
    audit_record(action="test_change", actor=None)
    minute()
    for entry in AuditEntry.objects.order_by("-pk")[:3]:
        sql(*remove_entry(entry.pk))
    with pytest.raises(CommandError):
        call_command("verify_audit")
    call_command("audit_heads", after_restore=True)
    assert found() is None
    assert len(heads_read()) == 1
    assert len(list(heads_path().parent.iterdir())) == 3  # the new one, and the two that were laid aside


def test_the_command_writes_and_the_other_one_reads_a_copy(
    log: list[AuditEntry], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.jsonl"
    call_command("audit_heads", file=copy)
    assert f"links {len(log)}" in capsys.readouterr().out
    sql(*remove_entry(log[-1].pk))
    heads_path().unlink()
    call_command("verify_audit")
    with pytest.raises(CommandError):
        call_command("verify_audit", file=copy)
    with pytest.raises(CommandError):
        call_command("verify_audit", head=json.loads(copy.read_text())["digest"], count=len(log))


@pytest.mark.parametrize("old_new", [('"links":', '"links":1'), ("{", ""), ("seal", "mark")])
def test_a_changed_file_of_heads_is_found(log: list[AuditEntry], old_new: tuple[str, str]) -> None:
    audit_record(action="test_change", actor=None)
    audit_heads_export()
    lines = heads_path().read_text().splitlines()
    heads_path().write_text("\n".join([lines[0].replace(*old_new), *lines[1:]]) + "\n")
    with pytest.raises(HeadsBroken):
        heads_read()
    with pytest.raises(CommandError):
        call_command("verify_audit")
    with pytest.raises(CommandError):
        call_command("audit_heads")


def test_a_line_taken_out_of_the_file_of_heads_is_found(log: list[AuditEntry]) -> None:
    for _number in range(2):
        audit_record(action="test_change", actor=None)
        audit_heads_export()
    lines = heads_path().read_text().splitlines()
    heads_path().write_text("\n".join([lines[0], *lines[2:]]) + "\n")
    with pytest.raises(HeadsBroken):
        heads_read()


def test_heads_of_an_emptied_demo_are_laid_aside(log: list[AuditEntry]) -> None:
    heads_forget()
    assert heads_read() == []
    assert len(list(heads_path().parent.iterdir())) == 1


# -- refusal -------------------------------------------------------------------------------------------------------


def attempts(entry: AuditEntry) -> list[Callable[[], Any]]:
    every, links = AuditEntry.objects.all(), AuditLink.objects.all()
    return [
        entry.save, entry.delete, every.delete, links.delete, AuditEntry.objects.all().order_by("pk").delete,
        lambda: every.update(reason=""), lambda: links.update(digest=""), lambda: every.bulk_update([entry], ["reason"]),
        lambda: AuditEntry.objects.update_or_create(pk=entry.pk, defaults={"reason": ""}),
        lambda: AuditEntry.objects.bulk_create(
            [entry], update_conflicts=True, unique_fields=["id"], update_fields=["reason"]
        ),
        lambda: AuditEntry.objects.filter(pk=entry.pk)._raw_delete("default"),
    ]  # fmt: skip


def test_the_program_cannot_change_or_delete_an_entry(log: list[AuditEntry]) -> None:
    for attempt in attempts(log[0]):
        with pytest.raises(AppendOnlyError):
            attempt()
    assert audit_verify().holds


def test_who_wrote_entries_cannot_be_deleted_with_them(log: list[AuditEntry], world: World) -> None:
    from django.db.models import ProtectedError

    with pytest.raises(ProtectedError):
        world.users["staff@east"].delete()


def statements(entry: AuditEntry) -> list[str]:
    other = "INSERT INTO {0} ({1}) SELECT {1} FROM {0} WHERE {2}"
    columns = ", ".join(["id", *sorted(COLUMNS)])
    either = [
        f"UPDATE {ENTRY} SET reason = ''", f"UPDATE {LINK} SET digest = ''", f"DELETE FROM {ENTRY}",
        f"DELETE FROM {LINK} WHERE position = 1",
    ]  # fmt: skip
    if connection.vendor == "postgresql":
        upsert = f"{other.format(ENTRY, columns, f'id = {entry.pk}')} ON CONFLICT (id) DO UPDATE SET reason = ''"
        return [*either, upsert, f"TRUNCATE {LINK}", f"TRUNCATE {ENTRY} CASCADE", "TRUNCATE orgs_user CASCADE"]
    replaced = [
        f"INSERT OR REPLACE INTO {ENTRY} ({columns}) SELECT {columns} FROM {ENTRY} WHERE id = {entry.pk}",
        f"REPLACE INTO {LINK} (position, entry_id, digest) VALUES (1, {entry.pk}, '')",
        f"REPLACE INTO {LINK} (position, entry_id, digest) VALUES (900, {entry.pk}, '')",
    ]
    return [*either, *replaced]


def test_the_database_refuses_every_statement(log: list[AuditEntry]) -> None:
    for statement in statements(log[0]):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert audit_verify().holds


def test_triggers_that_are_gone_are_noticed_and_put_back(log: list[AuditEntry]) -> None:
    unprotect(AuditEntry)
    assert missing_triggers(AuditEntry)
    (warning,) = check_protection(databases=["default"])
    assert ENTRY in warning.msg
    assert check_protection() == []
    assert not audit_verify().holds
    with pytest.raises(CommandError):
        call_command("verify_audit")
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")  # the last thing that `migrate` does
    assert check_protection(databases=["default"]) == []
    assert found() is None
