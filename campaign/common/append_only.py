"""Tables in which the database itself refuses UPDATE, DELETE and (PostgreSQL) TRUNCATE.

`protect(table)` is called for each such table after every migrate, since SQLite drops triggers when it rebuilds a table.
"""

from django.db import connection

POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION campaign_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""


def protect(table: str) -> None:
    """Install the refusing triggers on `table`; safe to call again."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES_FUNCTION)
            for verb, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
                name = f"{table}_refuse_{each.lower()}"
                cursor.execute(f'DROP TRIGGER IF EXISTS "{name}" ON "{table}"')
                cursor.execute(
                    f'CREATE TRIGGER "{name}" BEFORE {verb} ON "{table}" '
                    f"FOR EACH {each} EXECUTE FUNCTION campaign_refuse_change()"
                )
        else:
            for verb in ("UPDATE", "DELETE"):
                name = f"{table}_refuse_{verb.lower()}"
                cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
                cursor.execute(
                    f'CREATE TRIGGER "{name}" BEFORE {verb} ON "{table}" '
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )


def unprotect(table: str) -> None:
    """Drop the triggers again: only for the tests' own clean-up of their database."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for each in ("row", "statement"):
                cursor.execute(f'DROP TRIGGER IF EXISTS "{table}_refuse_{each}" ON "{table}"')
        else:
            for verb in ("update", "delete"):
                cursor.execute(f'DROP TRIGGER IF EXISTS "{table}_refuse_{verb}"')
