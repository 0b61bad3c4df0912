"""The triggers that mark what the summary of pledges has to count again (`SummaryMark`).

Members change in services of a lower floor, and pledges set-based in many places: the database sees them all. `install` is
called after every migrate, since SQLite drops triggers when it rebuilds a table. PostgreSQL marks once a statement, SQLite
once a row; a trigger reads no table but the one it hangs on, and only appends.
"""

from dataclasses import dataclass

from django.db import connection

MARKS = "pledges_summarymark"


@dataclass(frozen=True)
class Watched:
    """A table; which of its columns go into which columns of a mark; the columns whose change counts."""

    table: str
    marks: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]


WATCHED = (
    Watched(
        "pledges_pledge",
        (("organization_id", "organization"), ("member_id", "member")),
        ("state", "organization_id", "member_id", "campaign_id", "year"),
    ),
    Watched("pledges_pledgeitem", (("pledge_id", "pledge"),), ("pledge_id", "due_on", "result")),
    Watched("orgs_member", (("organization_id", "organization"),), ("organization_id", "status", "is_exempt")),
    Watched("orgs_organization", (("id", "organization"),), ("path", "is_active")),
)


def install() -> bool:
    """Put the triggers on every watched table; safe to call again. False where
    migrations have not come that far."""
    if MARKS not in connection.introspection.table_names():
        return False
    with connection.cursor() as cursor:
        for watched in WATCHED:
            for statement in _postgres(watched) if connection.vendor == "postgresql" else _sqlite(watched):
                cursor.execute(statement)
    return True


def _sqlite(watched: Watched) -> list[str]:
    to = ", ".join(f'"{mark}"' for _column, mark in watched.marks)
    changed = f"UPDATE OF {', '.join(watched.columns)}"
    events = (
        ("insert", "INSERT", "NEW"),
        ("update_new", changed, "NEW"),
        ("update_old", changed, "OLD"),
        ("delete", "DELETE", "OLD"),
    )
    statements = []
    for name, event, row in events:
        trigger = f'"{watched.table}_mark_{name}"'
        values = ", ".join(f"{row}.{column}" for column, _mark in watched.marks)
        body = f'INSERT INTO "{MARKS}" ({to}) VALUES ({values})'  # noqa: S608 — names from above alone
        statements.append(f"DROP TRIGGER IF EXISTS {trigger}")
        statements.append(f'CREATE TRIGGER {trigger} AFTER {event} ON "{watched.table}" BEGIN {body}; END')
    return statements


def _postgres(watched: Watched) -> list[str]:
    statements = []
    for event, transition, rows in (
        ("INSERT", "NEW TABLE AS new_rows", _columns(watched, "n") + " FROM new_rows n"),
        ("UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows", _changed(watched)),
        ("DELETE", "OLD TABLE AS old_rows", _columns(watched, "o") + " FROM old_rows o"),
    ):
        trigger = f"{watched.table}_mark_{event.lower()}"
        to = ", ".join(f'"{mark}"' for _column, mark in watched.marks)
        body = f'INSERT INTO "{MARKS}" ({to}) {rows}; RETURN NULL;'
        statements.append(
            f"CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
        )
        statements.append(f'DROP TRIGGER IF EXISTS "{trigger}" ON "{watched.table}"')
        statements.append(
            f'CREATE TRIGGER "{trigger}" AFTER {event} ON "{watched.table}" REFERENCING {transition} '
            f"FOR EACH STATEMENT EXECUTE FUNCTION {trigger}()"
        )
    return statements


def _columns(watched: Watched, row: str) -> str:
    return "SELECT DISTINCT " + ", ".join(f"{row}.{column}" for column, _mark in watched.marks)


def _changed(watched: Watched) -> str:
    """Of an update only the rows in which something that counts has changed, as they were and as they are."""
    changed = " OR ".join(f"o.{column} IS DISTINCT FROM n.{column}" for column in watched.columns)
    pairs = f"FROM old_rows o JOIN new_rows n USING (id) WHERE {changed}"
    return f"{_columns(watched, 'o')} {pairs} UNION {_columns(watched, 'n')} {pairs}"
