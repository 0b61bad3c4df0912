"""Tables in which nothing is changed or deleted: Python refuses it, and so does the database itself.

`protect(model)` is called for each such table after every migrate, since SQLite drops triggers when it rebuilds a table.
"""

from typing import Any, NoReturn, TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)
POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION campaign_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""


class AppendOnlyError(RuntimeError):
    """The program tried to change or delete what is written once: a mistake in the program, never a person's."""


def _refuse(what: str) -> NoReturn:
    raise AppendOnlyError(f"{what}: rows of this table are written once and never changed or deleted")


class AppendOnlyQuerySet(models.QuerySet[M]):
    """Reads and inserts; everything else is refused before it reaches the database."""

    def update(self, **_values: Any) -> NoReturn:
        _refuse("update()")

    def delete(self) -> NoReturn:
        _refuse("delete()")

    def _raw_delete(self, using: str | None) -> NoReturn:
        _refuse("delete()")

    def bulk_update(self, *_args: Any, **_options: Any) -> NoReturn:
        _refuse("bulk_update()")

    def bulk_create(self, objs: Any, *args: Any, **options: Any) -> list[M]:
        if options.get("update_conflicts"):
            _refuse("bulk_create(update_conflicts=True)")
        return super().bulk_create(objs, *args, **options)


class AppendOnly(models.Model):
    """A row that is inserted once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            _refuse("save()")
        super().save(*args, **{**options, "force_insert": True})

    def delete(self, *_args: Any, **_options: Any) -> NoReturn:
        _refuse("delete()")


def protect(model: type[models.Model]) -> None:
    """Install the refusing triggers on the table of `model`; safe to call again."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES_FUNCTION)
        for name, statement in _triggers(model).items():
            cursor.execute(_drop(model, name))
            cursor.execute(statement)


def unprotect(model: type[models.Model]) -> None:
    """Drop the triggers again: only to empty a database of tests or of the demo as a whole."""
    with connection.cursor() as cursor:
        for name in _triggers(model):
            cursor.execute(_drop(model, name))


def missing_triggers(model: type[models.Model]) -> list[str]:
    """Return the triggers that the table of `model` should have and has not, or that are switched off."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = to_regclass(%s) AND tgenabled IN ('O', 'A')",
                [f'"{table}"'],
            )
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
        present = {name for (name,) in cursor.fetchall()}
    return sorted(set(_triggers(model)) - present)


def _drop(model: type[models.Model], name: str) -> str:
    on = f' ON "{model._meta.db_table}"' if connection.vendor == "postgresql" else ""
    return f'DROP TRIGGER IF EXISTS "{name}"{on}'


def _triggers(model: type[models.Model]) -> dict[str, str]:
    """Return the triggers by name, with the statements that make them."""
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        return {
            f"{table}_refuse_{each.lower()}": (
                f'CREATE TRIGGER "{table}_refuse_{each.lower()}" BEFORE {verb} ON "{table}" '
                f"FOR EACH {each} EXECUTE FUNCTION campaign_refuse_change()"
            )
            for verb, each in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT"))
        }
    refusal = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    # REPLACE INTO takes a row away without asking the trigger of DELETE: an insert over an existing row is refused itself.
    taken = " OR ".join(
        f'"{field.column}" = NEW."{field.column}"' for field in model._meta.concrete_fields if field.unique
    )
    over = f'WHEN EXISTS (SELECT 1 FROM "{table}" WHERE {taken})'  # noqa: S608  names of our own columns
    return {
        f"{table}_refuse_{verb.lower()}": (
            f'CREATE TRIGGER "{table}_refuse_{verb.lower()}" BEFORE {verb} ON "{table}" {condition} {refusal}'
        )
        for verb, condition in (("UPDATE", ""), ("DELETE", ""), ("INSERT", over))
    }
