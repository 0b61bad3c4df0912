"""Loading many rows: what goes in comes out, on both databases, and constraints hold."""

import datetime as dt
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypinyin import Style, lazy_pinyin

from campaign.audit.models import AuditEntry
from campaign.common import clock, text
from campaign.common.bulk import bulk_change, bulk_delete, bulk_load, keys_take
from campaign.common.crypto import decrypt, encrypt, encrypt_each, seal, unseal
from orgs.models import ImportBatch, ImportRow, ImportTrace, Member
from tests.world import World

pytestmark = pytest.mark.django_db
TEXTS = st.text(st.characters(exclude_characters="\0\x02", exclude_categories=("Cs",)), max_size=40)
COLUMNS = (
    "at",
    "actor_id",
    "actor_name",
    "address",
    "action",
    "target_type",
    "target_id",
    "target_name",
    "reason",
    "changes",
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    names=st.lists(TEXTS, min_size=1, max_size=5),
    value=st.one_of(st.none(), st.booleans(), st.integers(0, 10**9), TEXTS),
)
def test_any_text_comes_back_as_it_was(db: Any, names: list[str], value: Any) -> None:
    changes = {"field": [value, names], "\t\\n": None}
    values = [field for field in AuditEntry._meta.concrete_fields if field.attname not in (*COLUMNS, "id")]
    columns = (*COLUMNS, *(field.attname for field in values))
    rest = [field.get_default() for field in values]
    moment = clock.now()
    with transaction.atomic():
        rows = [(moment, None, "", "", "bulk", "", "", "", name, changes, *rest) for name in names]
        bulk_load(AuditEntry, columns, rows)
        found = list(AuditEntry.objects.filter(action="bulk").order_by("pk").values_list("reason", "changes", "at"))
        transaction.set_rollback(True)
    assert found == [(name, changes, moment) for name in names]


def test_keys_changes_and_deletion(world: World) -> None:
    member = world.members["east_one"][0]
    keys = keys_take(Member, 3)
    assert len(set(keys)) == 3
    assert not Member.objects.filter(pk__in=keys).exists()
    day = dt.date(2001, 7, 1)
    bulk_change(Member, ["joined_on", "remarks", "is_frontline"], [(member.pk, day, "一\t二\\n", True)])
    member.refresh_from_db()
    assert (member.joined_on, member.remarks, member.is_frontline) == (day, "一\t二\\n", True)
    batch = ImportBatch.objects.create(
        kind="members", organization=world.orgs["east"], requested_by=world.users["staff@east"]
    )
    columns = ("batch_id", "place", "action", "row", "name", "record_id", "values")
    bulk_load(ImportRow, columns, [(batch.pk, place, "new", None, "王", None, {"a": [1]}) for place in (1, 2)])
    assert [row.values for row in batch.rows.all()] == [{"a": [1]}, {"a": [1]}]
    bulk_load(ImportTrace, ("batch_id", "content"), [(batch.pk, b"\0\\\xff")])
    assert bytes(batch.traces.get().content) == b"\0\\\xff"
    bulk_delete(ImportRow, "batch", [])
    bulk_delete(ImportRow, "id", list(batch.rows.values_list("pk", flat=True)))
    assert not batch.rows.exists()


def test_constraints_hold_and_errors_come_through(world: World) -> None:
    batch = ImportBatch.objects.create(
        kind="members", organization=world.orgs["east"], requested_by=world.users["staff@east"]
    )
    columns = ("batch_id", "place", "action", "row", "name", "record_id", "values")
    good = (batch.pk, 1, "new", None, "王", None, {})
    with pytest.raises(IntegrityError), transaction.atomic():
        bulk_load(ImportRow, columns, [good, good])

    def failing() -> Any:
        yield good
        raise KeyError("mine")

    with pytest.raises(KeyError), transaction.atomic():
        bulk_load(ImportRow, columns, failing())
    assert not batch.rows.exists()


@pytest.mark.one_database
def test_a_changed_token_is_noticed() -> None:
    token = encrypt("130203198003120015")
    assert decrypt(token) == "130203198003120015"
    assert token != encrypt("130203198003120015")
    first, second, empty = encrypt_each(["130203198003120015", "130203198003120015", ""])
    assert (decrypt(first), decrypt(second), empty) == ("130203198003120015", "130203198003120015", "")
    assert first != second
    assert unseal(seal(b"")) == b""
    spoiled = bytearray(seal(b"secret"))
    spoiled[-1] ^= 1
    with pytest.raises(InvalidTag):
        unseal(bytes(spoiled))


@pytest.mark.one_database
@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text("王单仇曾区解查盖尉迟朴任乐重庆长安朝阳东方不败李", min_size=1, max_size=6), st.text(max_size=6))
)
def test_names_are_read_as_the_library_reads_them(name: str) -> None:
    assert text.pinyin(name) == " ".join(lazy_pinyin(name)).lower()[:200]
    assert text.initials(name) == "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)).lower()[:64]
