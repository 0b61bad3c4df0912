"""The statements of a vote. In SQL: they are what many people wait for at once, and what they lock, and in which order,
must be seen here."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import lru_cache
from typing import Any

from django.db import DataError, connection, transaction

Parameters = dict[str, Any]
Places = Mapping[int, Sequence[int]]
"""For each subject (its id) the places in its counts that grow by one, one per item (`Sheet.places`)."""

# Whether the paper is marked is asked of the very row that is changed: of two attempts at once the second waits for the
# first and then finds it marked.
MARK = """
UPDATE ballots_paper SET marked = TRUE
WHERE id = %(paper)s AND (voter_id = %(voter)s OR digest = %(digest)s) AND NOT marked
AND EXISTS (SELECT 1 FROM ballots_ballot b WHERE b.id = ballots_paper.ballot_id
            AND b.state = 'open' AND b.opens_at <= %(moment)s AND b.closes_at > %(moment)s)
"""
# PostgreSQL does both in one statement, which is a transaction of its own: the tallies that all voters share are locked for
# as long as the server takes, and never while it waits for us. They are locked in the order of their ids before any is
# changed: otherwise it would lock them as its plan happens to meet them, and two voters could block each other. Where a
# tally is missing, the division by zero undoes the mark.
POSTGRESQL = """
WITH marked AS ({mark} RETURNING 1),
     mine AS (SELECT t.id, {places} FROM marked
              CROSS JOIN unnest(%(subjects)s::bigint[], {arrays}) AS added (subject_id, {places})
              JOIN ballots_tally t ON t.subject_id = added.subject_id
              WHERE t.rater_class_id = %(rater_class)s AND t.slot = %(slot)s ORDER BY t.id FOR UPDATE OF t),
     counted AS (UPDATE ballots_tally t SET {growing} FROM mine WHERE t.id = mine.id RETURNING 1)
SELECT n, 1 / CASE WHEN n = 0 OR (SELECT count(*) FROM counted) = cardinality(%(subjects)s) THEN 1 ELSE 0 END
FROM (SELECT count(*) AS n FROM marked) AS papers
"""
# One writer at a time: the transaction began by taking the database's write lock.
SQLITE = """
UPDATE ballots_tally
SET counts = (SELECT json_group_array(summed) FROM (
                 SELECT c.value + EXISTS (
                     SELECT 1 FROM json_each(%(places)s, '$."' || ballots_tally.subject_id || '"') p WHERE p.value = c.key
                 ) AS summed FROM json_each(ballots_tally.counts) c ORDER BY c.key))
WHERE rater_class_id = %(rater_class)s AND slot = %(slot)s
  AND subject_id IN (SELECT CAST(key AS INTEGER) FROM json_each(%(places)s))
"""


class TallyMissing(Exception):
    """A tally that the vote adds to is not there; the paper was not marked."""


@lru_cache(maxsize=64)
def _postgresql(items: int) -> str:
    names = [f"p{item}" for item in range(items)]
    return POSTGRESQL.format(
        mark=MARK.strip(),
        places=", ".join(names),
        arrays=", ".join(f"%({name})s::int[]" for name in names),
        growing=", ".join(f"counts[mine.{name}] = t.counts[mine.{name}] + 1" for name in names),
    )


def vote_count(
    *,
    paper: int,
    voter: int | None,
    digest: str | None,
    moment: dt.datetime,
    rater_class: int,
    slot: int,
    places: Places,
) -> bool:
    """Mark a paper, held by `voter` or by the slip with this `digest`, and add to the tallies of its class; both or neither.

    Tells whether it was counted: not if the paper was marked already, or its ballot is not open at `moment`. Raises
    TallyMissing.
    """
    given: Parameters = {
        "paper": paper,
        "voter": voter,
        "digest": digest,
        "moment": connection.ops.adapt_datetimefield_value(moment),
        "rater_class": rater_class,
        "slot": slot,
    }
    return _count_postgresql(given, places) if connection.vendor == "postgresql" else _count_sqlite(given, places)


def _count_postgresql(given: Parameters, places: Places) -> bool:
    columns = list(zip(*places.values(), strict=True))
    arrays = {f"p{item}": [place + 1 for place in column] for item, column in enumerate(columns)}
    outer = transaction.atomic() if connection.in_atomic_block else nullcontext()
    with connection.cursor() as cursor:
        try:
            with outer:
                cursor.execute(_postgresql(len(columns)), {**given, "subjects": list(places), **arrays})
        except DataError as missing:
            raise TallyMissing from missing
        return bool(cursor.fetchone()[0])


def _count_sqlite(given: Parameters, places: Places) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(MARK, given)
        if cursor.rowcount != 1:
            return False
        cursor.execute(SQLITE, {**given, "places": json.dumps(places)})
        if cursor.rowcount != len(places):
            raise TallyMissing
    return True
