# ruff: noqa: S608 — statements are put together from the names of our own tables alone
"""Frozen means frozen for the application itself: triggers refuse to insert, change, delete or truncate.

What is frozen is said by `ScoreSeal`; score sheets are from their first use on. `install` is called after every migrate, since
SQLite drops triggers when it rebuilds a table; `missing` says which are not there. Whoever goes around the triggers is found by
the digest (`manage.py verify_scores`).
"""

from dataclasses import dataclass

from django.db import connection

SEALS, RUNS, SHEETS = "scoring_scoreseal", "scoring_scorerun", "scoring_scoresheet"
SEALED = f"EXISTS (SELECT 1 FROM {SEALS} s WHERE s.period_id = {{row}}.{{period}} AND s.version >= {{version}})"
USED = f"EXISTS (SELECT 1 FROM {SHEETS} h WHERE h.id = {{row}}.sheet_id AND h.used_at IS NOT NULL)"
OF_RUN = (
    f"COALESCE((SELECT r.version FROM {RUNS} r WHERE r.id = {{row}}.run_id AND r.period_id = {{row}}.period_id), 0)"
)


@dataclass(frozen=True)
class Guarded:
    """A table; the condition that `{row}` is frozen; the columns that then keep their values (none named: all); whether rows may
    not come in either, and whether they come in so many at once that they are looked at together."""

    table: str
    frozen: str
    columns: tuple[str, ...] = ()
    inserts: bool = True
    in_bulk: bool = False


def _sealed(period: str = "period_id", version: str = "{row}.version") -> str:
    return SEALED.replace("{period}", period).replace("{version}", version)


GUARDED = (
    Guarded("scoring_periodscore", _sealed(version=OF_RUN), in_bulk=True),
    Guarded(
        RUNS,
        _sealed(),
        # Its job may be gone one day.
        ("period_id", "organization_id", "place", "kind", "version", "reason", "as_of", "state", "digest", "counts",
         "causes", "requested_by_id", "finished_at"),
    ),
    Guarded("scoring_scorerank", _sealed()),
    Guarded("scoring_periodplace", _sealed(version="0")),
    Guarded(
        "campaign_period",
        _sealed("id", "0"),
        ("id", "campaign_id", "code", "kind", "starts_on", "ends_on", "state"),
        inserts=False,
    ),
    Guarded(SEALS, "1 = 1", inserts=False),
    Guarded(
        SHEETS,
        "{row}.used_at IS NOT NULL",
        ("id", "campaign_id", "key", "version", "name", "audience", "tier", "bonus_cap", "category", "honour_marks", "state",
         "applies_from", "used_at"),
        inserts=False,
    ),
    *(
        Guarded(table, USED)
        for table in ("scoring_scoresheetitem", "scoring_scoresheettype", "scoring_gradeband")
    ),
)  # fmt: skip


def install() -> None:
    """Put the triggers on every guarded table; safe to call again."""
    present = set(connection.introspection.table_names())
    if not {guarded.table for guarded in GUARDED} <= present:
        return
    with connection.cursor() as cursor:
        for guarded in GUARDED:
            for name, statements in _triggers(guarded).items():
                cursor.execute(_drop(guarded, name))
                for statement in statements:
                    cursor.execute(statement)


def uninstall() -> None:
    """Take the triggers away: only to empty a database of tests or of the demo as a whole."""
    with connection.cursor() as cursor:
        for guarded in GUARDED:
            for name in _triggers(guarded):
                cursor.execute(_drop(guarded, name))


def missing() -> list[str]:
    """Return the triggers that should be there and are not, or are switched off."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled IN ('O', 'A')")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        present = {name for (name,) in cursor.fetchall()}
    return sorted({name for guarded in GUARDED for name in _triggers(guarded)} - present)


def _drop(guarded: Guarded, name: str) -> str:
    on = f' ON "{guarded.table}"' if connection.vendor == "postgresql" else ""
    return f'DROP TRIGGER IF EXISTS "{name}"{on}'


def _triggers(guarded: Guarded) -> dict[str, list[str]]:
    """Return the triggers by name, each with the statements that make it."""
    return _postgres(guarded) if connection.vendor == "postgresql" else _sqlite(guarded)


def _sqlite(guarded: Guarded) -> dict[str, list[str]]:
    refusal = f"BEGIN SELECT RAISE(ABORT, '{guarded.table}: frozen'); END"
    old, new = guarded.frozen.format(row="OLD"), guarded.frozen.format(row="NEW")
    # REPLACE INTO takes a row away without asking the trigger of DELETE: an insert over a frozen row is refused itself.
    over = f"EXISTS (SELECT 1 FROM {guarded.table} x WHERE x.id = NEW.id AND {guarded.frozen.format(row='x')})"
    columns = f" OF {', '.join(guarded.columns)}" if guarded.columns else ""
    moved = f"{old} OR {new}" if guarded.inserts else old
    conditions = {
        "insert": ("INSERT", f"{new} OR {over}" if guarded.inserts else over),
        "update": (f"UPDATE{columns}", moved),
        "delete": ("DELETE", old),
    }
    return {
        f"{guarded.table}_frozen_{name}": [
            f'CREATE TRIGGER "{guarded.table}_frozen_{name}" BEFORE {event} ON "{guarded.table}" WHEN {condition} {refusal}'
        ]
        for name, (event, condition) in conditions.items()
    }


def _postgres(guarded: Guarded) -> dict[str, list[str]]:
    table = guarded.table
    old, new = guarded.frozen.format(row="OLD"), guarded.frozen.format(row="NEW")
    columns = f" OF {', '.join(guarded.columns)}" if guarded.columns else ""
    moved = f"{old} OR {new}" if guarded.inserts else old
    found = {
        **_function(table, "update", f"BEFORE UPDATE{columns}", "ROW", moved, "NEW"),
        **_function(table, "delete", "BEFORE DELETE", "ROW", old, "OLD"),
        **_function(table, "truncate", "BEFORE TRUNCATE", "STATEMENT", f"EXISTS (SELECT 1 FROM {SEALS})", "NULL"),
    }
    if guarded.in_bulk:
        row = "(SELECT DISTINCT period_id, run_id FROM new_rows)"
        condition = f"EXISTS (SELECT 1 FROM {row} n WHERE {guarded.frozen.format(row='n')})"
        found |= _function(
            table, "insert", "AFTER INSERT", "STATEMENT", condition, "NULL", "REFERENCING NEW TABLE AS new_rows"
        )
    elif guarded.inserts:
        found |= _function(table, "insert", "BEFORE INSERT", "ROW", new, "NEW")
    return found


def _function(
    table: str, name: str, event: str, each: str, condition: str, result: str, referencing: str = ""
) -> dict[str, list[str]]:
    trigger = f"{table}_frozen_{name}"
    body = f"IF {condition} THEN RAISE EXCEPTION '{table}: frozen'; END IF; RETURN {result};"
    return {
        trigger: [
            f"CREATE OR REPLACE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
            f'CREATE TRIGGER "{trigger}" {event} ON "{table}" {referencing} FOR EACH {each} EXECUTE FUNCTION {trigger}()',
        ]
    }
