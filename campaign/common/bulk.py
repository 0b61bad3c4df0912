"""Loading many rows at once: COPY on PostgreSQL, one prepared INSERT on SQLite.

`bulk_create` builds a model instance and a parameter for every value; for a hundred thousand rows that costs several
times what the database takes. Here rows are tuples of plain values. Constraints hold as always; `save()`, defaults and
signals play no part, so every column that has no default in the database must be given.
"""

import datetime as dt
import gc
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

Key = TypeVar("Key")
ROWS = 500
"""How many rows are put together before they are sent."""
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@contextmanager
def without_collector() -> Iterator[None]:
    """Make and keep very many objects without Python looking through all of them for cycles, again and again.

    For a hundred thousand rows that takes longer than all the rest; what has no cycles is freed as always.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def keys_take(model: type[models.Model], count: int) -> list[int]:
    """Return `count` unused primary keys; call it inside the transaction that loads the rows.

    On PostgreSQL they come from the sequence; on SQLite nobody else can write until the transaction ends.
    """
    if not count:
        return []
    connection, table = _connection(model), model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            column = model._meta.pk.column
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [table, column, count]
            )
            return [key for (key,) in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        found = cursor.fetchone()
        last = found[0] if found else 0
        return list(range(last + 1, last + 1 + count))


def bulk_load(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    same: Mapping[str, Any] | None = None,
) -> None:
    """Insert `rows` into the table of `model`; `columns` are names of its fields (`organization_id` for a relation), `same`
    are those whose value is the same in every row.

    Values are str, int, bool, date, aware datetime, UUID, bytes, None, or dict and list for JSON; dates and JSON may be
    written as text already. Rows are taken one by one while the database stores those before. Raises
    django.db.IntegrityError as any insert does.
    """
    given = same or {}
    names = [field.column for field in _fields(model, [*columns, *given])]
    connection = _connection(model)
    load = _copy if connection.vendor == "postgresql" else _insert
    load(connection, model._meta.db_table, names, rows, tuple(given.values()))


def objects_written(columns: Mapping[str, Sequence[Any]], write: Callable[[str, Any], str]) -> Iterator[str]:
    """Yield the JSON object of each row of `columns` (key → values), for a JSON column of `bulk_load`.

    `write` returns a value of a column as JSON, "" for one to be left out; it is called once for each different value.
    """
    for start in range(0, len(next(iter(columns.values()), ())), ROWS):
        parts = [_members(name, values[start : start + ROWS], write) for name, values in columns.items()]
        yield from ["{" + ", ".join(filter(None, row)) + "}" for row in zip(*parts, strict=True)]


def _members(name: str, values: Sequence[Any], write: Callable[[str, Any], str]) -> list[str]:
    written = {value: write(name, value) for value in set(values)}
    key = as_json(name)
    members = {value: f"{key}: {text}" if text else "" for value, text in written.items()}
    return [members[value] for value in values]


def bulk_change(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Update many rows: each of `rows` is the primary key, then the new values of `columns`. Values as in `bulk_load`."""
    connection = _connection(model)
    fields = _fields(model, columns)
    key = model._meta.pk.column or ""
    if connection.vendor == "postgresql":
        _change_from_copy(connection, model._meta.db_table, key, fields, rows)
        return
    quote = connection.ops.quote_name
    values = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    statement = f"UPDATE {quote(model._meta.db_table)} SET {values} WHERE {quote(key)} = %s"  # noqa: S608 names of models
    _many(connection, statement, ((*row[1:], row[0]) for row in rows))


def _change_from_copy(
    connection: BaseDatabaseWrapper, table: str, key: str, fields: Sequence[Any], rows: Iterable[Sequence[Any]]
) -> None:
    quote, given = connection.ops.quote_name, "bulk_change_given"
    types = ", ".join([f"{quote(key)} bigint", *(f"{quote(one.column)} {one.db_type(connection)}" for one in fields)])
    values = ", ".join(f"{quote(one.column)} = {given}.{quote(one.column)}" for one in fields)
    same = f"{quote(table)}.{quote(key)} = {given}.{quote(key)}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {given} ({types}) ON COMMIT DROP")
        _copy(connection, given, [key, *(one.column for one in fields)], rows)
        cursor.execute(f"UPDATE {quote(table)} SET {values} FROM {given} WHERE {same}")  # noqa: S608 names of models
        cursor.execute(f"DROP TABLE {given}")


def bulk_delete(model: type[models.Model], column: str, keys: Sequence[int]) -> None:
    """Delete the rows whose `column` is one of `keys` by one statement; what points to them must be gone before.

    Raises django.db.IntegrityError (on PostgreSQL when the transaction ends) where something still does.
    """
    connection, (field,) = _connection(model), _fields(model, [column])
    quote = connection.ops.quote_name
    for some in portions(keys):
        marks = ", ".join(["%s"] * len(some))
        with connection.cursor() as cursor:
            statement = f"DELETE FROM {quote(model._meta.db_table)} WHERE {quote(field.column)} IN ({marks})"  # noqa: S608
            cursor.execute(statement, list(some))


def portions(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """Yield `keys` in parts of as many as one statement takes: 900 on SQLite, 20 000 on PostgreSQL."""
    size = 20_000 if connections[DEFAULT_DB_ALIAS].vendor == "postgresql" else 900
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def _fields(model: type[models.Model], names: Iterable[str]) -> list[Any]:
    return [model._meta.get_field(name) for name in names]


def _connection(model: type[models.Model]) -> BaseDatabaseWrapper:
    return connections[router.db_for_write(model)]


# -- PostgreSQL ------------------------------------------------------------------------------------------------------

_NULL = "\x02"


def _copy(
    connection: BaseDatabaseWrapper,
    table: str,
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    same: Sequence[Any] = (),
) -> None:
    quote = connection.ops.quote_name
    statement = f"COPY {quote(table)} ({', '.join(map(quote, names))}) FROM STDIN (NULL E'\\x02')"
    lines = _Lines(rows, len(names), same)
    try:
        with connection.cursor() as cursor, connection.wrap_database_errors:
            cursor.cursor.copy_expert(statement, lines, size=1 << 16)
    except DatabaseError:
        # What went wrong while a row was made, not that the loading stopped for it.
        if lines.error is not None:
            raise lines.error from None
        raise


class _Lines(io.RawIOBase):
    """The rows in the text format of COPY, made while they are read."""

    def __init__(self, rows: Iterable[Sequence[Any]], width: int, same: Sequence[Any]) -> None:
        self._rows, self._width = iter(rows), width
        self._end = "".join(["\t" + _text(value).translate(_ESCAPES) for value in same]) + "\n"
        self._ready = memoryview(b"")
        self.error: Exception | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes; the last ones are empty."""
        if not self._ready:
            try:
                self._ready = memoryview(self._lines(list(islice(self._rows, ROWS))).encode())
            except Exception as error:
                self.error = error
                raise
        piece, self._ready = self._ready[:size], self._ready[size:]
        return bytes(piece)

    def _lines(self, rows: Sequence[Sequence[Any]]) -> str:
        texts = [[value if value.__class__ is str else _text(value) for value in row] for row in rows]
        lines = "".join(["\t".join(row) + self._end for row in texts])
        # Looked for in all rows at once: what must be escaped is rare.
        counted = (lines.count("\n"), lines.count("\t")) == (len(rows), len(rows) * (self._width - 1))
        if counted and "\\" not in lines and "\r" not in lines:
            return lines
        return "".join(["\t".join([text.translate(_ESCAPES) for text in row]) + self._end for row in texts])


def _text(value: Any) -> str:
    write = _TEXTS.get(value.__class__)
    if write is None:
        write = _TEXTS[value.__class__] = next((write for kind, write in _KINDS if isinstance(value, kind)), _refuse)
    return write(value)


def _refuse(value: Any) -> str:
    raise TypeError(f"{type(value).__name__} cannot be loaded")


# -- SQLite ----------------------------------------------------------------------------------------------------------


def _insert(
    connection: BaseDatabaseWrapper,
    table: str,
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    same: Sequence[Any] = (),
) -> None:
    quote = connection.ops.quote_name
    marks = ", ".join(["%s"] * len(names))
    statement = f"INSERT INTO {quote(table)} ({', '.join(map(quote, names))}) VALUES ({marks})"  # noqa: S608 names of models
    _many(connection, statement, ((*row, *same) for row in rows) if same else rows)


def _many(connection: BaseDatabaseWrapper, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    prepared = _prepared(rows, connection.ops.adapt_datetimefield_value)
    with connection.cursor() as cursor:
        while part := list(islice(prepared, ROWS)):
            cursor.executemany(statement, part)


def _prepared(rows: Iterable[Sequence[Any]], moment: Callable[[dt.datetime], Any]) -> Iterator[list[Any]]:
    moments: dict[dt.datetime, Any] = {}
    for row in rows:
        cells = list(row)
        for place, value in enumerate(cells):
            if value.__class__ in _AS_IT_IS:
                continue
            if isinstance(value, dt.datetime):
                if value not in moments:
                    moments[value] = moment(value)
                cells[place] = moments[value]
            elif isinstance(value, dt.date):
                cells[place] = _day_text(value)
            elif isinstance(value, dict | list):
                cells[place] = as_json(value)
            elif isinstance(value, UUID):
                cells[place] = value.hex
            elif isinstance(value, str) and type(value) is not str:
                cells[place] = str(value)
        yield cells


# -- both ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=65_536)
def _day_text(value: dt.date) -> str:
    return value.isoformat()


@lru_cache(maxsize=64)
def _moment_text(value: dt.datetime) -> str:
    return value.isoformat()


_AS_IT_IS = frozenset({str, int, bool, type(None)})
as_json = json.JSONEncoder(ensure_ascii=False).encode
"""A value as JSON, in the letters it is written in."""
_KINDS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (str, str),
    (bool, lambda value: "t" if value else "f"),
    (int, str),
    (dt.datetime, _moment_text),
    (dt.date, _day_text),
    (UUID, str),
    (bytes, lambda value: f"\\x{value.hex()}"),
    (dict, as_json),
    (list, as_json),
    (type(None), lambda _value: _NULL),
)
_TEXTS: dict[type, Callable[[Any], str]] = {}
