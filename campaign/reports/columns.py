"""Custom columns of a list report: which ones, in which order."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from campaign.common.excel.sheet import Filled, Keyed, Row, Subtotal, key_of


def picked(filled: Filled, headings: Sequence[str]) -> Filled:
    """Return a sheet with the columns of these headings, in this order; unknown ones are passed over, and where none is
    left all stay. Rows keep their keys."""
    sheet, rows = filled
    places = {column.heading: place for place, column in enumerate(sheet.columns)}
    wanted = [places[heading] for heading in dict.fromkeys(headings) if heading in places]
    if not wanted:
        return filled
    totals = [sheet.totals[place] for place in wanted] if sheet.totals else None
    columns = tuple(sheet.columns[place] for place in wanted)
    return replace(sheet, columns=columns, totals=totals, freeze=min(sheet.freeze, len(wanted) - 1)), _picked(
        rows, wanted
    )


def _picked(rows: Iterable[Row | Subtotal], wanted: Sequence[int]) -> Iterator[Row | Subtotal]:
    for row in rows:
        if isinstance(row, Subtotal):
            yield row._replace(values=[row.values[place] for place in wanted])
        else:
            yield Keyed(key_of(row), [row[place] for place in wanted])
