"""The migrations make what the models say; all other tests run on tables made straight from the models."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

MIGRATED = "migrated"
DJANGOS_OWN = ("django_migrations", "auth_group_permissions")
"""Has no model, and is made with a smaller key than the models say: nothing of ours."""
OF_POSTGRES = (
    """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    """,
    """
    SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    """,
    """
    SELECT table_name, column_name, concat_ws(' ', data_type, character_maximum_length, is_nullable, is_identity,
    column_default, collation_name) FROM information_schema.columns WHERE table_schema = 'public'
    """,
)
OF_SQLITE = "SELECT tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type IN ('table', 'index')"
OUTER_COMMA = re.compile(r", (?=\"|CONSTRAINT|UNIQUE|CHECK|FOREIGN|PRIMARY)")


Definitions = set[tuple[str, str, str]]


@pytest.fixture(scope="module")
def migrated(django_db_setup: None, django_db_blocker: Any) -> Iterator[Definitions]:
    """What stands in a second database, made by all migrations one after the other."""
    options = copy.deepcopy(connections.databases[DEFAULT_DB_ALIAS])
    options["TEST"] |= {"MIGRATE": True, "NAME": f"{options['NAME']}_{MIGRATED}"}
    connections.databases[MIGRATED] = options
    with django_db_blocker.unblock():
        made = connections[MIGRATED]
        made.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        yield definitions(made)
        made.creation.destroy_test_db(options["NAME"], verbosity=0)
    del connections.databases[MIGRATED]


def definitions(of: BaseDatabaseWrapper) -> Definitions:
    """Return columns, constraints and indexes: table, name, text. Triggers are put back after every migrate, see the apps."""
    with of.cursor() as cursor:
        if of.vendor == "postgresql":
            return {row for statement in OF_POSTGRES for row in _rows(cursor, statement)}
        return {
            (table, name, part)
            for table, name, text in _rows(cursor, OF_SQLITE)
            for part in (_parts(text) if table == name else [text])
        }


def _rows(cursor: Any, statement: str) -> list[Any]:
    cursor.execute(statement)
    return [row for row in cursor.fetchall() if row[0] not in DJANGOS_OWN]


def _parts(text: str) -> list[str]:
    """Part a CREATE TABLE into columns and constraints: their order tells only when each was added."""
    return OUTER_COMMA.split(text.partition("(")[2].removesuffix(")").strip())


@pytest.mark.django_db
def test_the_migrations_make_the_tables_of_the_models(migrated: Definitions) -> None:
    wanted = definitions(connection)
    assert len(wanted) > 3 * len(apps.get_models())
    assert wanted ^ migrated == set()
