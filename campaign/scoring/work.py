# ruff: noqa: S608 — statements are put together from the names of our own tables and from whole numbers alone
"""The working tables of a run: temporary, seen by this connection alone, gone when it ends.

A run fills them step by step with grouped statements (`engine`), and only then are rows that readers may see one day written
in short transactions. No row passes through Python. On SQLite these tables lie in a file of their own, so that nobody waits for
a run while it reads and computes.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, pairwise
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection

SCORE = (
    "code text, member bigint, organization bigint, place text, peers text, sheet bigint, base bigint, entered bigint, "
    "bonus bigint, deductions bigint, total bigint, grade text, vetoed integer, lines text, replaces bigint, same integer"
)
TABLES = {
    # Organizations of the run: `above` is 0 at the top.
    "work_place": "id {key}, code text, path text, above bigint, type text, active integer, depth integer",
    "work_member": "id {key}, code text, organization bigint",
    # Figures from the members of an organization itself, by number of the metric.
    "work_own": "organization bigint, metric integer, numerator bigint, denominator bigint",
    # Figures of an organization alone that count for those above it.
    "work_self": "organization bigint, metric integer, numerator bigint, denominator bigint",
    # The figure of an organization with everything below it, and what it passes on to the one above.
    "work_sum": "organization bigint, metric integer, own_numerator bigint, own_denominator bigint, numerator bigint, "
    "denominator bigint",
    "work_up": "organization bigint, above bigint, metric integer, numerator bigint, denominator bigint",
    "work_entry": "sheet bigint, member bigint, organization bigint, entered bigint, deductions bigint, ceiling integer, "
    "vetoed integer",
    # The scores of members, and of organizations with their level in the tree.
    "work_score_member": f"level integer, {SCORE}",
    "work_score_place": f"level integer, {SCORE}",
}
SCORED = "(SELECT * FROM work_score_member UNION ALL SELECT * FROM work_score_place)"
"""The scores of everybody in the run."""
KEYS = {"postgresql": "bigint", "sqlite": "integer PRIMARY KEY"}


SET = ("jit", "work_mem", "default_statistics_target", "max_parallel_workers_per_gather", "parallel_setup_cost",
       "parallel_tuple_cost")  # fmt: skip
PARALLEL = ("SET parallel_setup_cost = 0", "SET parallel_tuple_cost = 0.001")


_number = count(1)
FETCHED = 5_000
NUMBERS = {"subject", "numerator", "denominator"}


class Work:
    """Working tables on the present connection. Statements call them `work_…`; each set has names of its own, so that what a
    dead run left does no harm. Unless a computation is `alone`, the other processors belong to other jobs."""

    def __init__(self, *, alone: bool = True) -> None:
        self.postgres = connection.vendor == "postgresql"
        self._prefix = f"work{next(_number)}_"
        self._made: list[str] = []
        if self.postgres:
            # Long plans over many rows: to compile each expression costs more than it saves, and joins want room.
            # Of what is needed for them, a small sample says enough.
            _configure("SET jit = off", "SET work_mem = '128MB'", "SET default_statistics_target = 10")
            # Asked alone, every processor may help; among several jobs each has its own.
            _configure(*(PARALLEL if alone else ("SET max_parallel_workers_per_gather = 0",)))
        for name, columns in TABLES.items():
            self.make(name, columns)

    def make(self, name: str, columns: str) -> None:
        self.run(f"DROP TABLE IF EXISTS {name}")
        self.run(f"CREATE TEMPORARY TABLE {name} ({columns.format(key=KEYS[connection.vendor])})")
        self._made.append(name)

    def take(self, name: str, columns: Sequence[str], statement: str, parameters: Sequence[Any] = ()) -> None:
        """Make a table of what `statement` finds. Unlike an insert, PostgreSQL lets several processes look for it. Numbers are as
        wide as they can be."""
        self.run(f"DROP TABLE IF EXISTS {name}")
        self._made.append(name)
        self._take(f"TEMPORARY TABLE {name}", columns, statement, parameters)
        self.filled(name)

    def share(self, name: str, columns: Sequence[str], statement: str, parameters: Sequence[Any] = ()) -> None:
        """The same as a table that other connections see, too; PostgreSQL alone. Who makes it drops it."""
        self._take(f"UNLOGGED TABLE {name}", columns, statement, parameters)
        self.filled(name)

    def _take(self, made: str, columns: Sequence[str], statement: str, parameters: Sequence[Any]) -> None:
        listed = ", ".join(columns)
        wide = ", ".join(f"CAST({column} AS bigint) AS {column}" if column in NUMBERS else column for column in columns)
        self.run(f"CREATE {made} AS WITH taken ({listed}) AS ({statement}) SELECT {wide} FROM taken", parameters)

    def drop(self) -> None:
        """Give back the room that the tables take; a connection may live for long."""
        for name in self._made:
            self.run(f"DROP TABLE IF EXISTS {name}")
        self._made.clear()
        if self.postgres:
            _configure(*(f"RESET {name}" for name in SET))

    def filled(self, name: str) -> None:
        """Let PostgreSQL know how many rows there are, for the joins to come; nobody else tells it of a temporary table."""
        if self.postgres:
            self.run(f"ANALYZE {name}")

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Run a statement; returns how many rows it wrote."""
        with connection.cursor() as cursor:
            cursor.execute(statement.replace("work_", self._prefix), list(parameters))
            return int(cursor.rowcount)

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement.replace("work_", self._prefix), list(parameters))
            return list(cursor.fetchall())

    def each(self, statement: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """Yield row by row; they are not kept all at once."""
        with connection.chunked_cursor() as cursor:
            cursor.execute(statement.replace("work_", self._prefix), list(parameters))
            while rows := cursor.fetchmany(FETCHED):
                yield from rows

    def pieces(self, name: str, size: int) -> Iterator[tuple[str, int]]:
        """Yield conditions that cut a table into pieces of `size` rows, in the order in which they were written, each with how
        many rows there are up to its end. They go by where rows lie: an index would cost more than all else that is written."""
        ((whole,),) = self.rows(f"SELECT COUNT(*) FROM {name}")
        starts: list[Any] = []
        if whole > size:
            numbered = f"SELECT {self.row} AS place, row_number() OVER () - 1 AS number FROM {name}"
            starts = self.rows(f"SELECT place FROM ({numbered}) x WHERE number %% {size} = 0 ORDER BY number")[1:]
        edges = [f"{self.row} >= '{place}'" if self.postgres else f"{self.row} >= {place}" for (place,) in starts]
        for number, (low, high) in enumerate(pairwise(["", *edges, ""]), 1):
            yield " AND ".join(["1 = 1", *filter(None, (low, high.replace(">=", "<")))]), min(number * size, whole)

    @property
    def row(self) -> str:
        """The name of where a row lies."""
        return "ctid" if self.postgres else "rowid"

    @property
    def fence(self) -> str:
        """Ends a subquery whose columns are to be computed once, however often they are used outside of it."""
        return "OFFSET 0" if self.postgres else "LIMIT -1"

    @property
    def collation(self) -> str:
        """Orders texts by their bytes: the same on every database, whatever its language."""
        return 'COLLATE "C"' if self.postgres else "COLLATE BINARY"


def _configure(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def sql_of(query: Any) -> tuple[str, tuple[Any, ...]]:
    """Return a queryset as a statement with its parameters. One that can have no rows keeps its columns and their types,
    which PostgreSQL compares by."""
    statement, parameters = query.query.get_compiler(DEFAULT_DB_ALIAS, elide_empty=False).as_sql()
    return statement, tuple(parameters)


def numbers(values: Iterable[int]) -> str:
    """Write ids as a list for IN; an empty one holds no id."""
    return ", ".join(str(int(value)) for value in values) or "0"
