"""Comparisons that Django has not, or not so.

Numbers that no column can hold: comparing with one finds nothing, whether it came in an address, a form or a filter.

Django does so for `=` and `<` on plain numbers. These do it for lists (a choice of several records) and for relations;
without them a key of thirty digits breaks the page on both databases.

`begins` is `startswith` that an index leads to on SQLite too: LIKE there takes small and capital letters for the same, which no
index does.
"""

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import CharField, ForeignKey, IntegerField
from django.db.models.fields.related_lookups import RelatedExact, RelatedIn
from django.db.models.lookups import In, Lookup, StartsWith

LARGEST = 2**63 - 1
"""The largest number that SQLite and PostgreSQL keep; the smallest is its negative less one."""


def fits(value: Any) -> bool:
    """Tell whether a database can take `value`, so far as it is a number."""
    return not isinstance(value, int) or -LARGEST - 1 <= value <= LARGEST


class _FittingValues:
    rhs: Any

    def get_prep_lookup(self) -> Any:
        values = super().get_prep_lookup()  # type: ignore[misc]
        return [value for value in values if fits(value)] if isinstance(values, list | tuple | set) else values


@IntegerField.register_lookup
class IntegerIn(_FittingValues, In):
    pass


@ForeignKey.register_lookup
class ForeignKeyIn(_FittingValues, RelatedIn):
    pass


@ForeignKey.register_lookup
class ForeignKeyExact(RelatedExact):
    def as_sql(self, compiler: Any, connection: Any) -> Any:
        if not fits(self.rhs):
            raise EmptyResultSet
        return super().as_sql(compiler, connection)


LAST = chr(0x10FFFF)
"""Stands behind everything that somebody types."""


@CharField.register_lookup
class Begins(Lookup):
    """The text begins with just these characters, small and capital ones told apart."""

    lookup_name = "begins"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return StartsWith(self.lhs, self.rhs).as_sql(compiler, connection)

    def as_sqlite(self, compiler: Any, connection: Any) -> Any:
        column, params = self.process_lhs(compiler, connection)
        text = str(self.rhs)
        return f"({column} >= %s AND {column} < %s)", [*params, text, *params, text + LAST]
