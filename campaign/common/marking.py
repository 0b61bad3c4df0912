"""Triggers that note, in a table of marks, which records were changed: whoever changes them, by whatever statement.

Figures that are kept are brought up to date from such marks. A trigger reads no table but the one it hangs on, and only
appends, so that no writer waits for another; PostgreSQL marks once a statement, SQLite once a row. `install` is called after
every migrate, since SQLite drops triggers when it rebuilds a table.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True)
class Watched:
    """A table; the marks that a changed row leaves, each as (column of the mark, expression over the row `{row}`); and the
    columns whose change counts. `key` is the primary key."""

    table: str
    marks: tuple[tuple[tuple[str, str], ...], ...]
    columns: tuple[str, ...]
    key: str = "id"


@dataclass(frozen=True)
class Many:
    """What one statement that enters or deletes more than `rows` rows leaves on PostgreSQL instead of a mark for each: `mark`, as
    (column of the mark, value in SQL)."""

    rows: int
    mark: tuple[tuple[str, str], ...]


def install(marks: str, name: str, watched: Iterable[Watched], many: Many | None = None) -> bool:
    """Put the triggers `…_<name>_…` on every watched table, writing into the table `marks`; safe to call again. False where
    migrations have not come that far."""
    present = set(connection.introspection.table_names())
    if marks not in present:
        return False
    with connection.cursor() as cursor:
        for one in watched:
            if one.table in present:
                on_postgres = connection.vendor == "postgresql"
                for statement in _postgres(marks, name, one, many) if on_postgres else _sqlite(marks, name, one):
                    cursor.execute(statement)
    return True


def _inserts(marks: str, watched: Watched, row: str, source: str = "") -> list[str]:
    """The inserts for the rows called `row`, taken from `source` (a FROM clause), none for what has no number."""
    found = []
    for mark in watched.marks:
        to = ", ".join(f'"{column}"' for column, _expression in mark)
        values = [expression.format(row=row) for _column, expression in mark]
        known = " OR ".join(f"{value} IS NOT NULL" for value in values if value.startswith(f"{row}."))
        found.append(f'INSERT INTO "{marks}" ({to}) SELECT DISTINCT {", ".join(values)} {source.format(known=known)}')
    return found


def _sqlite(marks: str, name: str, watched: Watched) -> list[str]:
    changed = f"UPDATE OF {', '.join(watched.columns)}"
    events = (
        ("insert", "INSERT", "NEW"),
        ("update_new", changed, "NEW"),
        ("update_old", changed, "OLD"),
        ("delete", "DELETE", "OLD"),
    )
    statements = []
    for suffix, event, row in events:
        trigger = f'"{watched.table}_{name}_{suffix}"'
        body = "; ".join(_inserts(marks, watched, row, "WHERE {known}"))
        statements.append(f"DROP TRIGGER IF EXISTS {trigger}")
        statements.append(f'CREATE TRIGGER {trigger} AFTER {event} ON "{watched.table}" BEGIN {body}; END')
    return statements


_BY_HASH = "SET enable_nestloop = off"
"""How old and new rows are joined is planned once a connection, by the first statement: for one row, each would be compared
with each, which takes minutes when a subtree of 25 000 organizations moves later."""


def _postgres(marks: str, name: str, watched: Watched, many: Many | None) -> list[str]:
    differs = " OR ".join(f"o.{column} IS DISTINCT FROM n.{column}" for column in watched.columns)
    pairs = f"FROM old_rows o JOIN new_rows n USING ({watched.key}) WHERE ({differs}) AND ({{known}})"
    statements = []
    for event, transition, sources in (
        ("INSERT", "NEW TABLE AS new_rows", (("n", "FROM new_rows n WHERE {known}"),)),
        ("UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows", (("o", pairs), ("n", pairs))),
        ("DELETE", "OLD TABLE AS old_rows", (("o", "FROM old_rows o WHERE {known}"),)),
    ):
        trigger = f"{watched.table}_{name}_{event.lower()}"
        body = "; ".join(insert for row, source in sources for insert in _inserts(marks, watched, row, source))
        if many is not None and event != "UPDATE":
            body = _unless_many(marks, many, "new_rows" if event == "INSERT" else "old_rows", body)
        statements.append(
            f"CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql {_BY_HASH} "
            f"AS $$ BEGIN {body}; RETURN NULL; END $$"
        )
        statements.append(f'DROP TRIGGER IF EXISTS "{trigger}" ON "{watched.table}"')
        statements.append(
            f'CREATE TRIGGER "{trigger}" AFTER {event} ON "{watched.table}" REFERENCING {transition} '
            f"FOR EACH STATEMENT EXECUTE FUNCTION {trigger}()"
        )
    return statements


def _unless_many(marks: str, many: Many, rows: str, body: str) -> str:
    columns = ", ".join(f'"{column}"' for column, _value in many.mark)
    values = ", ".join(value for _column, value in many.mark)
    instead = f'INSERT INTO "{marks}" ({columns}) VALUES ({values})'  # noqa: S608 names of tables
    return f"IF (SELECT count(*) FROM {rows}) > {many.rows} THEN {instead}; ELSE {body}; END IF"  # noqa: S608 names of tables
