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
from itertools import islice, repeat
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
            # Which sequence it is is looked up once, and not for every key.
            cursor.execute(
                "WITH named AS MATERIALIZED (SELECT pg_get_serial_sequence(%s, %s)::regclass AS sequence) "
                "SELECT nextval(sequence) FROM named, generate_series(1, %s)",
                [table, column, count],
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


class Objects:
    """Writes the JSON object of each row of columns (key → values), for a JSON column of `bulk_load`.

    `write` returns a value of a column as JSON, "" for one to be left out; it is called once for each different value.
    """

    def __init__(self, write: Callable[[str, Any], str]) -> None:
        self._write = write
        self._columns: dict[str, _Written] = {}

    def of(self, columns: Mapping[str, Iterable[Any]]) -> Iterator[str]:
        """Return the objects of some rows, in order; they are written when they are taken."""
        parts = [map(self._column(name).__getitem__, values) for name, values in columns.items()]
        return ("{" + ", ".join(filter(None, row)) + "}" for row in zip(*parts, strict=True))

    def _column(self, name: str) -> "_Written":
        if name not in self._columns:
            self._columns[name] = _Written(name, self._write)
        return self._columns[name]


class _Written(dict[Any, str]):
    """Value of a column → what stands in the object for it."""

    def __init__(self, name: str, write: Callable[[str, Any], str]) -> None:
        self._name, self._key, self._write = name, f"{as_json(name)}: ", write

    def __missing__(self, value: Any) -> str:
        text = self._write(self._name, value)
        member = self[value] = self._key + text if text else ""
        return member


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


def references_check() -> None:
    """Let PostgreSQL check now what it would check at the end of the transaction: that what was stored points to something.

    Raises django.db.IntegrityError. It takes long for many rows, and leaves Python free meanwhile.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor == "postgresql":
        connection.check_constraints()


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
_MEMORY = "SET LOCAL work_mem = '64MB'"
"""Triggers that see all rows of a statement (`campaign.common.marking`) have them kept in memory and not in a file."""


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
            if connection.in_atomic_block:
                cursor.cursor.execute(_MEMORY)
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
        texts = list(zip(*map(_texts, zip(*rows, strict=True)), strict=True))
        lines = self._end.join([*map("\t".join, texts), ""])
        # Looked for in all rows at once: what must be escaped is rare.
        counted = (lines.count("\n"), lines.count("\t")) == (len(rows), len(rows) * (self._width - 1))
        if counted and "\\" not in lines and "\r" not in lines:
            return lines
        return "".join(["\t".join([text.translate(_ESCAPES) for text in row]) + self._end for row in texts])


def _texts(column: Sequence[Any]) -> Iterable[str]:
    """Return a column as COPY takes it; most hold nothing but texts."""
    kinds = set(map(type, column))
    if kinds <= _WORDS:
        return column
    if len(kinds) == 1:
        return map(_writer(*kinds), column)
    return [value if value.__class__ is str else _text(value) for value in column]


def _text(value: Any) -> str:
    return _writer(value.__class__)(value)


def _writer(given: type) -> Callable[[Any], str]:
    write = _TEXTS.get(given)
    if write is None:
        write = _TEXTS[given] = next((write for kind, write in _KINDS if issubclass(given, kind)), _refuse)
    return write


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
    _many(connection, statement, rows, same)


def _many(
    connection: BaseDatabaseWrapper, statement: str, rows: Iterable[Sequence[Any]], same: Sequence[Any] = ()
) -> None:
    moment = lru_cache(connection.ops.adapt_datetimefield_value)
    rest, taken = [_parameter(value, moment) for value in same], iter(rows)
    with connection.cursor() as cursor:
        while some := list(islice(taken, ROWS)):
            columns = [_parameters(column, moment) for column in zip(*some, strict=True)]
            cursor.executemany(statement, list(zip(*columns, *map(repeat, rest), strict=False)))


def _parameters(column: Sequence[Any], moment: Callable[[dt.datetime], Any]) -> Iterable[Any]:
    """Return a column as SQLite takes it; most hold nothing that it would not."""
    if set(map(type, column)) <= _AS_IT_IS:
        return column
    return [value if value.__class__ in _AS_IT_IS else _parameter(value, moment) for value in column]


def _parameter(value: Any, moment: Callable[[dt.datetime], Any]) -> Any:
    if isinstance(value, dt.datetime):
        return moment(value)
    if isinstance(value, dt.date):
        return _day_text(value)
    if isinstance(value, dict | list):
        return as_json(value)
    if isinstance(value, UUID):
        return value.hex
    return str(value) if isinstance(value, str) else value


# -- both ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=65_536)
def _day_text(value: dt.date) -> str:
    return value.isoformat()


@lru_cache(maxsize=64)
def _moment_text(value: dt.datetime) -> str:
    return value.isoformat()


_AS_IT_IS = frozenset({str, int, bool, type(None)})
_WORDS = frozenset({str})
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
