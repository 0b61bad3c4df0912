"""The log is written once, refuses change, and its chain finds what was tampered with."""

import pytest
from django.db import DatabaseError, connection, transaction

from campaign.audit.models import AuditEntry, AuditLink
from campaign.audit.selectors import audit_verify, audit_visible_to
from campaign.audit.services import audit_chain, audit_record, audit_record_many
from tests.world import World

pytestmark = pytest.mark.django_db


def write(world: World, count: int = 3) -> None:
    for place in range(count):
        audit_record(
            action="test_change", actor=world.user("staff", "east"), target=world.orgs["east"],
            changes={"name": ["old", f"new {place}"]},
        )  # fmt: skip


def test_personal_values_are_never_stored_in_the_clear(world: World) -> None:
    audit_record(action="member_update", actor=None, target=world.orgs["east"], changes={"phone": ["", "13800000000"]})
    assert AuditEntry.objects.get().changes == {"phone": ["", "•"]}


def test_many_entries_take_a_constant_number_of_statements(world: World, django_assert_max_num_queries: object) -> None:
    actor = world.user("staff", "east")
    targets = [world.orgs["east"]] * 50
    with django_assert_max_num_queries(1):  # type: ignore[operator]
        audit_record_many(action="test_change", actor=actor, targets=targets)
    assert AuditEntry.objects.count() == 50


@pytest.mark.parametrize("model", [AuditEntry, AuditLink])
@pytest.mark.parametrize("verb", ["UPDATE {} SET {}={}", "DELETE FROM {}"])
def test_the_database_itself_refuses_change(world: World, model: type[AuditEntry | AuditLink], verb: str) -> None:
    write(world)
    audit_chain()
    column = "action" if model is AuditEntry else "digest"
    statement = verb.format(model._meta.db_table, column, column)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert model.objects.count() == 3


@pytest.mark.postgres
def test_truncate_is_refused_too(world: World) -> None:
    write(world)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE audit_auditentry CASCADE")


def test_the_chain_holds_and_goes_on(world: World) -> None:
    write(world)
    assert audit_verify().unchained == 3
    assert audit_chain() == 3
    write(world)
    assert audit_chain() == 3
    assert audit_chain() == 0
    result = audit_verify()
    assert (result.links, result.broken_at, result.unchained) == (6, None, 0)


def test_only_the_audit_administrator_reads_it(world: World) -> None:
    write(world)
    assert audit_visible_to(world.user("audit_admin", "root")).count() == 3
    for name, at in (("office", "root"), ("system_admin", "root"), ("security_admin", "root"), ("member", "east_one")):
        assert audit_visible_to(world.user(name, at)).count() == 0
